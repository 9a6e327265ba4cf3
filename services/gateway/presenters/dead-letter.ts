import type { DeadLetterAnswer, DeadLetterGroup } from '#shared/contract/dead-letter-schemas.ts'
import type { DeadLetterGroupRecord, DeadLetterRecord } from '../queries/dead-letters.ts'
import { timeText } from './time.ts'

const TREND_HOURS = 24

/** @param keptMs For how long EVENTS keeps an event: without it nothing can be sent again. */
export function presentDeadLetter(record: DeadLetterRecord, keptMs: number): DeadLetterAnswer {
  return {
    delivery_id: record.delivery_id,
    application_id: record.application_id,
    event: { event_id: record.event_id, event_type_name: record.event_type },
    subscription: { subscription_id: record.subscription_id, description: record.description },
    cause: record.cause as DeadLetterAnswer['cause'],
    status_code: record.status_code,
    error_name: record.error_name,
    error_message: record.error_message,
    attempt_count: record.attempt_count,
    last_attempt_id: record.last_attempt_id,
    response_id: record.response_id,
    dead_at: record.dead_at,
    expires_at: record.received_ms === null ? null : timeText(record.received_ms + keptMs),
    redrive_of: record.redrive_of,
    replay_id: record.replay_id,
    resolution: presentResolution(record),
  }
}

function presentResolution(record: DeadLetterRecord): DeadLetterAnswer['resolution'] {
  if (record.resolution === null) return null
  return {
    type: record.resolution,
    at: record.resolved_at!,
    by: { kind: record.resolved_by_kind!, id: record.resolved_by_id! },
    job_id: record.job_id!,
    reason: record.discard_reason,
    redriven_as: record.redriven_as,
  }
}

export function presentDeadLetterGroup(record: DeadLetterGroupRecord): DeadLetterGroup {
  return {
    subscription: { subscription_id: record.subscription_id, description: record.description },
    cause: record.cause as DeadLetterGroup['cause'],
    status_code: record.status_code,
    error_name: record.error_name,
    error: record.error,
    count: record.count,
    first_dead_at: record.first_dead_at,
    last_dead_at: record.last_dead_at,
    sample: {
      delivery_id: record.sample_delivery_id,
      event_id: record.sample_event_id,
      error_message: record.sample_error_message,
    },
    trend: Array.from({ length: TREND_HOURS }, (_, i) => record.trend[String(TREND_HOURS - 1 - i)] ?? 0),
  }
}
