import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeliveryAttempted, EventRejected } from '../facts/ledger.ts'
import { outcomeOfEvent, outcomeSubject, outcomesOfFact } from './outcome-event.ts'

const APP = '0198c0de-0000-7000-8000-000000000001'
const ID = '0198c0de-0000-7000-8000-0000000000aa'

const attempt = (decision: DeliveryAttempted['decision']): DeliveryAttempted => ({
  v: 1,
  type: 'attempt',
  attemptId: ID,
  deliveryId: ID,
  eventId: ID,
  eventSeq: 1,
  eventType: 'a.b.c',
  applicationId: APP,
  subscriptionId: ID,
  controlSeq: 1,
  attemptNumber: 3,
  createdAtMs: 0,
  dueAtMs: null,
  startedAtMs: 0,
  finishedAtMs: 1_000,
  durationMs: 5,
  outcome: 'failed',
  errorName: 'E_HTTP',
  errorMessage: 'a word of the receiver',
  response: { statusCode: 404, headers: { 'x-secret': 'h' }, bodyBase64: 'Ym9keQ==', isBodyCut: false },
  decision,
})

const rejected = (applicationId: string): EventRejected => ({
  v: 1,
  type: 'rejected',
  rejectionId: ID,
  inboxSeq: 1,
  applicationId,
  eventId: ID,
  eventType: 'a.b.c',
  problemId: 'Forbidden',
  status: 403,
  detail: 'no',
  publishedAtMs: 0,
  rejectedAtMs: 0,
})

test('an event in EVENTS is told by its subject and message id alone', () => {
  const [outcome] = outcomeOfEvent(`event.${APP}.com%2Ex.b.c`, `${APP}:${ID}`, 0)
  assert.equal(outcomeSubject(outcome!), `out.${APP}.accepted`)
  assert.deepEqual(outcome?.body, { event_id: ID, event_type_name: 'com.x.b.c', at: '1970-01-01T00:00:00.000Z' })
})

test('an end is told, a retry is not, and nothing that a receiver said', () => {
  assert.deepEqual(outcomesOfFact(attempt({ type: 'retry', atMs: 1, attemptId: ID })), [])
  assert.deepEqual(
    outcomesOfFact(attempt({ type: 'succeeded' })).map(({ kind }) => kind),
    ['delivered'],
  )
  const [dead] = outcomesOfFact(attempt({ type: 'dead-letter', reason: 'permanent' }))
  assert.deepEqual([dead?.kind, dead?.body['cause'], dead?.body['status_code']], ['dead', 'permanent', 404])
  assert.doesNotMatch(JSON.stringify(dead), /receiver|secret|Ym9keQ/)
})

test('calling off is told once for a subscription, or for each delivery that was chosen', () => {
  const cancelled = {
    v: 1,
    type: 'cancelled',
    subscriptionId: ID,
    applicationId: APP,
    controlSeq: 1,
    cancelledAtMs: 0,
  } as const
  assert.deepEqual(
    outcomesOfFact(cancelled).map(({ body }) => body['subscription_id']),
    [ID],
  )
  const chosen = {
    v: 1,
    type: 'chosen_cancelled',
    deliveryIds: [ID, APP],
    applicationId: APP,
    cancelledAtMs: 0,
    cancelledBy: { kind: 'system', id: '' },
  } as const
  assert.deepEqual(
    outcomesOfFact({ ...chosen, deliveryIds: [...chosen.deliveryIds] }).map(({ body }) => body['delivery_id']),
    [ID, APP],
  )
})

test('what was refused under something that is no application is told to nobody', () => {
  assert.equal(outcomesOfFact(rejected(APP)).length, 1)
  for (const name of ['*', '>', 'x', '', APP.toUpperCase()]) assert.deepEqual(outcomesOfFact(rejected(name)), [], name)
})
