import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillLight, lagLight, remedyOf } from './remedies.ts'
import { presentLanes } from './streams.ts'

test('what is well needs no remedy, and everything else has one', () => {
  assert.equal(remedyOf('postgres', 'ok'), null)
  for (const part of ['postgres', 'projection ledger', 'matcher of delayed events', 'something new'])
    assert.ok((remedyOf(part, 'bad') ?? '').length > 10, part)
})

test('a store without a limit is never full', () => {
  assert.deepEqual(
    [fillLight(79, 100), fillLight(80, 100), fillLight(90, 100), fillLight(10 ** 12, 0)],
    ['ok', 'warn', 'bad', 'ok'],
  )
})

test('a lag that can not be known is bad', () => {
  assert.deepEqual([lagLight(0), lagLight(50_000), lagLight(null)], ['ok', 'warn', 'bad'])
})

test('a lane that nobody serves is bad, and what waits is not known without its consumers', () => {
  const owner = { v: 1, type: 'lane_owner', lane: 0, ownerId: 'one', changedAtMs: 0 } as const
  const lanes = presentLanes(2, new Map([[0, { state: owner }]]), null)
  assert.deepEqual(
    lanes.map(({ status, waiting }) => [status, waiting]),
    [
      ['ok', null],
      ['bad', null],
    ],
  )
})
