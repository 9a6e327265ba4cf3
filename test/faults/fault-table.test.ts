import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HEADS, recoverySummary, rowLines, tableLine } from './fault-table.ts'
import type { FaultRow } from './run-fault.ts'

const report = {
  events: 10,
  deliveries: 20,
  attempts: 20,
  succeeded: 11,
  deadLettered: 12,
  cancelled: 13,
  open: 0,
  repeatedAttempts: 0,
  repeatedSuccesses: 3,
  firstSeqs: { events: 1, ledger: 1 },
  tenants: new Map(),
  lost: { prefix: 1, middle: 2, postfix: 3 },
  broken: { I2: 10, I3: 20, I4: 15, I6: 17, I7: 16 },
  violations: [{ invariant: 'I4' as const, subject: 'delivery d', detail: 'was not answered' }],
}
const row: FaultRow = {
  id: 'F0',
  name: 'nothing-happens',
  runs: 2,
  accepted: 10,
  report,
  differences: ['events: 1 in Postgres'],
  histories: new Map([['delivery d', ['LEDGER 1 made']]]),
  repeatedMax: 5,
  unjudged: ['I7'],
  recoveriesMs: [5, 7],
  recoveryMs: 7,
  pauseMs: 9,
  refused: 4,
}

test('a row has a cell under each title, and what is wrong stands below it', () => {
  const [line, ...below] = rowLines(row)
  const cells = line!
    .replaceAll(/(\d+) (of|ms)/g, '$1$2')
    .replace('of ', 'of')
    .replace('≤ ', '≤')
    .trim()
    .split(/ +/)
  assert.deepEqual(cells, [
    ...['F0', 'nothing-happens', '2', '10', '11', '12', '13', '36', '15', 'unjudged', '17', '3of5', '4', '9ms', '≤7ms'],
  ])
  assert.equal(tableLine(HEADS).length, line!.length)
  assert.deepEqual(
    below.map((text) => text.trim()),
    ['I4 delivery d was not answered', 'LEDGER 1 made', 'read model: events: 1 in Postgres'],
  )
})

test('recoveries are summed up by the nearest rank', () => {
  const recoveries = Array.from({ length: 200 }, (_, i) => 200 - i)
  assert.equal(recoverySummary(recoveries).trim(), '200 recoveries: p50 100 ms, p99 198 ms, longest 200 ms')
  assert.match(recoverySummary([]), /0 recoveries/)
})
