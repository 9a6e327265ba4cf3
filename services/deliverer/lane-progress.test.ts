import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advanceLane, type LaneProgress } from './lane-progress.ts'

const START: LaneProgress = {
  checkpoint: { v: 1, type: 'lane', lane: 0, ledgerSeq: 100, waitingSeq: 10, attemptsAfterLedgerSeq: 90 },
  marks: [],
}
const at = (acked: number, delivered: number) => ({ ackedThroughSeq: acked, deliveredThroughSeq: delivered })
const WAITING = at(10, 10)

test('the floor follows what is acknowledged', () => {
  const { checkpoint } = advanceLane(START, { ledger: at(150, 150), waiting: at(12, 12), ledgerLastSeq: 200 })
  assert.deepEqual([checkpoint.ledgerSeq, checkpoint.waitingSeq, checkpoint.attemptsAfterLedgerSeq], [150, 12, 200])
})

test('the floor never goes back when the server has lost a consumer', () => {
  const { checkpoint } = advanceLane(START, { ledger: at(0, 0), waiting: at(0, 0), ledgerLastSeq: 200 })
  assert.equal(checkpoint.ledgerSeq, 100)
  assert.equal(checkpoint.waitingSeq, 10)
})

test("what is handed out and not acknowledged keeps the attempts' floor where it was before", () => {
  const held = advanceLane(START, { ledger: at(120, 150), waiting: WAITING, ledgerLastSeq: 200 })
  assert.equal(held.checkpoint.attemptsAfterLedgerSeq, 90)
  const stillHeld = advanceLane(held, { ledger: at(149, 300), waiting: WAITING, ledgerLastSeq: 400 })
  assert.equal(stillHeld.checkpoint.attemptsAfterLedgerSeq, 90)
  const released = advanceLane(stillHeld, { ledger: at(150, 500), waiting: WAITING, ledgerLastSeq: 600 })
  assert.equal(released.checkpoint.attemptsAfterLedgerSeq, 200)
})
