import { setTimeout as delay } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { RequestAttempt } from '#shared/contract/schemas.ts'
import type { ApiClient } from '../api-client.ts'
import type { LiveFilter, LiveListener, LiveRow } from './live-row.ts'

const PAUSE_MS = 1_000
const PAGE = 100
const SEEN_MAX = 10_000

/** Tells of attempts that have ended by asking for the newest ones again and again: for servers without a live stream. */
export async function pollAttempts(
  api: ApiClient,
  { filter, signal }: { filter: LiveFilter; signal: AbortSignal },
  { onRow }: LiveListener,
): Promise<void> {
  const seen = new LRUCache<string, true>({ max: SEEN_MAX })
  const ended = async () => {
    const query = {
      application_id: filter.application_id,
      subscription_id: filter.subscription_id,
      'event.event_type_names': filter.event_type,
    }
    const attempts = await api.list<RequestAttempt>('/request_attempts', query, PAGE)
    return attempts
      .filter(({ outcome, request_attempt_id }) => outcome !== null && !seen.has(request_attempt_id))
      .reverse()
  }
  for (const { request_attempt_id } of await ended()) seen.set(request_attempt_id, true)
  while (!signal.aborted) {
    await delay(PAUSE_MS, undefined, { signal })
    for (const attempt of await ended()) {
      seen.set(attempt.request_attempt_id, true)
      onRow({
        kind: 'attempted',
        at: attempt.succeeded_at ?? attempt.failed_at ?? attempt.created_at,
        event_id: attempt.event_id,
        event_type: attempt.event.event_type_name,
        delivery_id: attempt.delivery_id,
        subscription_id: attempt.subscription.subscription_id,
        attempt_number: attempt.attempt_number,
        outcome: attempt.outcome as NonNullable<LiveRow['outcome']>,
        status_code: attempt.status_code,
        ...(attempt.duration_ms === null ? {} : { duration_ms: attempt.duration_ms }),
        error: attempt.error_message,
      })
    }
  }
}
