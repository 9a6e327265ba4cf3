import type { SentRequest } from '#shared/contract/sent-request-schemas.ts'
import { isSentHeader } from '#shared/domain/target-headers.ts'
import type { SubscriptionSecrets, SubscriptionState } from '#shared/facts/control.ts'
import { JETHOOK_VERSION } from '#shared/runtime/version.ts'
import type { AttemptRecord } from '../queries/request-attempts.ts'

export interface SentRequestFacts {
  attempt: AttemptRecord
  payloadContentType: string
  state: SubscriptionState
  secrets: SubscriptionSecrets
}

/**
 * The request of an attempt, put together from what it follows from: nothing of it is kept. Signatures are not: they are made
 * of the moment, and whoever sees one could use it.
 */
export function presentSentRequest({ attempt, payloadContentType, state, secrets }: SentRequestFacts): SentRequest {
  const own = Object.entries(secrets.targetHeaders)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => isSentHeader(name))
  const headers = {
    accept: '*/*',
    'user-agent': `jethook/${JETHOOK_VERSION}`,
    ...Object.fromEntries(own),
    'content-type': payloadContentType,
    'x-event-id': attempt.event_id,
    'x-event-type': attempt.event_type,
    ...(attempt.replay_id === null ? {} : { 'x-jethook-replay': attempt.replay_id }),
    'accept-encoding': 'identity',
  }
  const startedAtMs = Date.parse(attempt.picked_at ?? attempt.created_at)
  return {
    event_id: attempt.event_id,
    method: state.target.method,
    url: secrets.targetUrl ?? state.target.url,
    headers,
    is_as_sent: attempt.picked_at !== null && state.updatedAtMs <= startedAtMs,
  }
}
