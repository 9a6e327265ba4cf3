import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeliveryAttempted } from '#shared/facts/ledger.ts'
import { closeMinutes, countDeadLetter, EMPTY_TALLY, readDeadLetter, type Tally } from './dead-letters.ts'

const attempt = (more: Partial<DeliveryAttempted> = {}): DeliveryAttempted => ({
  v: 1,
  type: 'attempt',
  attemptId: 'a',
  deliveryId: 'd',
  eventId: 'e',
  eventSeq: 1,
  eventType: 'a.b.c',
  applicationId: 'app',
  subscriptionId: 's',
  controlSeq: 1,
  attemptNumber: 1,
  createdAtMs: 0,
  dueAtMs: null,
  startedAtMs: 0,
  finishedAtMs: 0,
  durationMs: 0,
  outcome: 'failed',
  errorName: 'E_HTTP',
  errorMessage: null,
  response: null,
  decision: { type: 'dead-letter', reason: 'permanent' },
  ...more,
})
const bytesOf = (fact: DeliveryAttempted) => Buffer.from(JSON.stringify(fact))

test('dead letters are found, and nothing that only looks like one', () => {
  assert.equal(readDeadLetter(bytesOf(attempt()))?.attemptId, 'a')
  const decision = { type: 'succeeded' } as const
  assert.equal(readDeadLetter(bytesOf(attempt({ decision }))), null)
  assert.equal(readDeadLetter(bytesOf(attempt({ decision, errorMessage: '"decision":{"type":"dead-letter"' }))), null)
})

function count(tally: Tally, seqs: number[], storedAtMs: number) {
  const occurrences = []
  let next = tally
  for (const seq of seqs) {
    const letter = { fact: attempt({ attemptId: `a${seq}` }), organizationId: 'o', seq, storedAtMs }
    const step = countDeadLetter(next, letter, 2)
    next = step.tally
    occurrences.push(...step.occurrences)
  }
  return { tally: next, occurrences }
}

test('beyond the limit of a minute the rest is told by its number, once the minute is over', () => {
  const { tally, occurrences } = count(EMPTY_TALLY, [5, 6, 7, 8, 9], 60_000)
  assert.deepEqual(
    occurrences.map(({ key }) => key),
    ['a5', 'a6'],
  )
  assert.equal(tally.firstSeq, 5)
  const later = count(tally, [10], 125_000)
  assert.deepEqual(
    later.occurrences.map(({ key, details }) => [key, details['count']]),
    [
      ['s:minute:1', 3],
      ['a10', 1],
    ],
  )
  assert.equal(later.tally.firstSeq, 10)
})

test('a minute that is read again ends with the same event', () => {
  const first = closeMinutes(count(EMPTY_TALLY, [5, 6, 7], 60_000).tally, 2, 2)
  const again = closeMinutes(count(EMPTY_TALLY, [5, 6, 7], 60_000).tally, 9, 2)
  assert.equal(first.occurrences.length, 1)
  assert.deepEqual(first.occurrences, again.occurrences)
})
