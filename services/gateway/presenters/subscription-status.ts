import type { SubscriptionStatus } from '#shared/contract/delivery-options.ts'
import type { HandshakeState, ReceiverState, SubscriptionState } from '#shared/facts/control.ts'
import type { DeliveryRecord } from '../queries/open-deliveries.ts'
import { timeText } from './time.ts'

export interface SubscriptionSituation {
  state: SubscriptionState
  /** What is noted of its receiver; undefined: nothing. */
  receiver: ReceiverState | undefined
  handshake: HandshakeState | undefined
  backlog: { parked: number; scheduled: number }
  deadHeads: readonly DeliveryRecord[]
  nowMs: number
}

const timeOrNull = (ms: number | null | undefined) => (ms === null || ms === undefined ? null : timeText(ms))

export function presentSubscriptionStatus(situation: SubscriptionSituation): SubscriptionStatus {
  const { state, backlog, deadHeads, nowMs } = situation
  const version = state.targetVersion ?? 0
  // What is known of an earlier address says nothing about this one.
  const receiver = (situation.receiver?.targetVersion ?? 0) === version ? situation.receiver : undefined
  const breaker = receiver?.breaker ?? { state: 'closed' as const }
  const heldUntilMs = receiver?.holdUntilMs ?? 0
  return {
    subscription_id: state.subscriptionId,
    paused_at: timeOrNull(state.pausedAtMs),
    breaker:
      breaker.state === 'open'
        ? { state: 'open', since: timeText(breaker.sinceMs), reason: breaker.reason }
        : { state: 'closed', since: null, reason: null },
    held_until: heldUntilMs > nowMs ? timeText(heldUntilMs) : null,
    failing_since: timeOrNull(receiver?.failingSinceMs),
    backlog,
    handshake: state.handshake ? presentHandshake(situation.handshake, version) : null,
    blocked_by: deadHeads.map(({ delivery_id, event_id }) => ({ delivery_id, event_id })),
  }
}

function presentHandshake(
  handshake: HandshakeState | undefined,
  version: number,
): NonNullable<SubscriptionStatus['handshake']> {
  if (handshake === undefined || handshake.targetVersion !== version)
    return { state: 'pending', rate_per_minute: null, reason: null, retry_at: null }
  const { result } = handshake
  return result.state === 'granted'
    ? { state: 'granted', rate_per_minute: result.ratePerMinute, reason: null, retry_at: null }
    : { state: 'refused', rate_per_minute: null, reason: result.reason, retry_at: timeText(result.retryAtMs) }
}
