import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIVE_KINDS, type LiveKind } from '#shared/contract/live-schemas.ts'
import type { DeliveryAttempted } from '#shared/facts/ledger.ts'
import { createLiveClient } from './live-client.ts'
import { acceptedEntry, entriesOfFact, isWanted, type LiveFilter } from './live-rows.ts'

const APPLICATION = '01900000-0000-7000-8000-000000000002'

function attempt(more: Partial<DeliveryAttempted> = {}): DeliveryAttempted {
  return {
    v: 1,
    type: 'attempt',
    attemptId: 'at',
    deliveryId: 'd',
    eventId: 'e',
    eventSeq: 1,
    eventType: 'a.b.c',
    applicationId: APPLICATION,
    subscriptionId: 's',
    controlSeq: 1,
    attemptNumber: 2,
    createdAtMs: 0,
    dueAtMs: null,
    startedAtMs: 0,
    finishedAtMs: 10,
    durationMs: 10,
    outcome: 'failed',
    errorName: 'E_HTTP',
    errorMessage: 'answered with 500',
    response: { statusCode: 500, headers: {}, bodyBase64: 'c2VjcmV0', isBodyCut: false },
    decision: { type: 'retry', atMs: 20, attemptId: 'next' },
    ...more,
  }
}

const filter = (more: Partial<LiveFilter> = {}): LiveFilter => ({
  applicationId: APPLICATION,
  eventType: null,
  subscriptionId: null,
  kinds: new Set<LiveKind>(LIVE_KINDS),
  ...more,
})

test('an attempt is told without what the receiver has answered; one that ends its delivery is told twice', () => {
  const [row, ...more] = entriesOfFact(attempt())
  assert.deepEqual(
    [row!.kind, row!.row.status_code, row!.row.error, more.length],
    ['attempted', 500, 'answered with 500', 0],
  )
  assert.doesNotMatch(JSON.stringify(row), /c2VjcmV0/)
  const dead = entriesOfFact(attempt({ decision: { type: 'dead-letter', reason: 'retries-spent' } }))
  assert.deepEqual(
    dead.map(({ kind, row }) => [kind, row.cause]),
    [
      ['attempted', undefined],
      ['dead', 'retries_spent'],
    ],
  )
})

test('an accepted event is read from its subject and message id', () => {
  const { applicationId, row } = acceptedEntry(`event.${APPLICATION}.bill%2Eing.invoice.paid`, `${APPLICATION}:e1`, 0)
  assert.deepEqual([applicationId, row.event_id, row.event_type], [APPLICATION, 'e1', 'bill.ing.invoice.paid'])
})

test('nobody sees what is not of their application, or not asked for', () => {
  const entry = entriesOfFact(attempt())[0]!
  assert.ok(isWanted(entry, filter()))
  for (const other of [
    { applicationId: 'another' },
    { eventType: 'a.b.d' },
    { subscriptionId: 'another' },
    { kinds: new Set<LiveKind>(['dead']) },
  ])
    assert.ok(!isWanted(entry, filter(other)), JSON.stringify(other))
})

test('a client that does not read loses rows and is told how many; nothing piles up', () => {
  const written: string[] = []
  const sink = { writableLength: 0, write: (text: string) => written.push(text) > 0, end: () => sink as never }
  const client = createLiveClient(sink as never, filter())
  client.write(entriesOfFact(attempt()))
  assert.match(written.at(-1)!, /^event: attempted\ndata: \{.*\}\n\n$/)
  sink.writableLength = 2_000_000
  for (let i = 0; i < 7; i++) client.write(entriesOfFact(attempt()))
  client.beat()
  assert.equal(written.length, 1)
  sink.writableLength = 900_000
  client.write(entriesOfFact(attempt()))
  assert.equal(written.length, 1, 'it has to catch up by half first')
  sink.writableLength = 0
  client.beat()
  assert.deepEqual(written.slice(1), ['event: skipped\ndata: {"count":8}\n\n', ': still here\n\n'])
})
