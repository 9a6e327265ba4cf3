import type { AttemptStatus, RequestAttempt } from '#shared/contract/schemas.ts'
import type { AttemptRecord } from '../queries/request-attempts.ts'

/** The contract's `status`, computed at the time of reading (behaviour.md §5). */
export function attemptStatus(record: AttemptRecord, nowMs: number): AttemptStatus {
  const { created_at: since, delay_until: until } = record
  const ended = (type: 'failed' | 'successful', at: string): AttemptStatus => ({
    type,
    at,
    full_processing_ms: processingMs(record, at),
  })
  if (record.failed_at !== null) return ended('failed', record.failed_at)
  if (record.succeeded_at !== null) return ended('successful', record.succeeded_at)
  if (record.picked_at !== null) return { type: 'in_progress', since: record.picked_at }
  if (until !== null && Date.parse(until) > nowMs) return { type: 'waiting', since, until }
  return { type: 'pending', since }
}

/** From when the attempt could have been made to its end. */
function processingMs({ created_at, delay_until }: AttemptRecord, at: string): number {
  const beganMs = Math.max(Date.parse(created_at), delay_until === null ? 0 : Date.parse(delay_until))
  return Math.max(0, Date.parse(at) - beganMs)
}

export function presentAttempt(record: AttemptRecord, nowMs: number): RequestAttempt {
  return {
    request_attempt_id: record.attempt_id,
    event_id: record.event_id,
    event: { event_id: record.event_id, event_type_name: record.event_type },
    subscription: { subscription_id: record.subscription_id, description: record.description },
    created_at: record.created_at,
    picked_at: record.picked_at,
    failed_at: record.failed_at,
    succeeded_at: record.succeeded_at,
    delay_until: record.delay_until,
    response_id: record.response_id,
    retry_count: record.attempt_number - 1,
    http_response_status: record.status_code,
    status: attemptStatus(record, nowMs),
    attempt_number: record.attempt_number,
    status_code: record.status_code,
    error_message: record.error_message,
    duration_ms: record.duration_ms,
    outcome: record.outcome,
    delivery_id: record.delivery_id,
    next_attempt_at: record.next_attempt_at,
    replay_id: record.replay_id,
    redrive_of: record.redrive_of,
  }
}
