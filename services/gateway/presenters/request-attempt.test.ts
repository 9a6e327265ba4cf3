import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttemptRecord } from '../queries/request-attempts.ts'
import { attemptStatus } from './request-attempt.ts'

const RECORD: AttemptRecord = {
  attempt_id: 'a',
  delivery_id: 'd',
  event_id: 'e',
  event_type: 'a.b.c',
  application_id: 'app',
  subscription_id: 's',
  description: null,
  attempt_number: 2,
  created_at: '2026-01-01T00:00:00.000000Z',
  delay_until: '2026-01-01T00:00:03.000000Z',
  picked_at: null,
  succeeded_at: null,
  failed_at: null,
  outcome: null,
  status_code: null,
  error_message: null,
  duration_ms: null,
  response_id: null,
  next_attempt_at: null,
  replay_id: null,
  redrive_of: null,
}
const at = (seconds: number) => Date.parse('2026-01-01T00:00:00Z') + seconds * 1_000
const since = RECORD.created_at

test('an attempt waits until its time and is pending from then on', () => {
  assert.deepEqual(attemptStatus(RECORD, at(1)), { type: 'waiting', since, until: RECORD.delay_until })
  assert.deepEqual(attemptStatus(RECORD, at(3)), { type: 'pending', since })
  assert.deepEqual(attemptStatus({ ...RECORD, delay_until: null }, at(0)), { type: 'pending', since })
})

test('an attempt under way is in_progress since it was taken up', () => {
  const picked_at = '2026-01-01T00:00:04.000000Z'
  assert.deepEqual(attemptStatus({ ...RECORD, picked_at }, at(5)), { type: 'in_progress', since: picked_at })
})

test('the processing time of an ended attempt counts from when it could be made', () => {
  const ended = '2026-01-01T00:00:05.500000Z'
  const picked_at = '2026-01-01T00:00:05.000000Z'
  assert.deepEqual(attemptStatus({ ...RECORD, picked_at, succeeded_at: ended }, at(9)), {
    type: 'successful',
    at: ended,
    full_processing_ms: 2_500,
  })
  assert.deepEqual(attemptStatus({ ...RECORD, delay_until: null, failed_at: ended }, at(9)), {
    type: 'failed',
    at: ended,
    full_processing_ms: 5_500,
  })
})

test('an attempt that was cancelled while it waited took no time', () => {
  const status = attemptStatus({ ...RECORD, failed_at: '2026-01-01T00:00:01.000000Z', outcome: 'cancelled' }, at(9))
  assert.deepEqual(status, { type: 'failed', at: '2026-01-01T00:00:01.000000Z', full_processing_ms: 0 })
})
