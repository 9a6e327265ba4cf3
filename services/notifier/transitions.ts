import type { Occurrence, OperationalEventType } from '#shared/domain/operational-event.ts'
import type { ReceiverState, SubscriptionState } from '#shared/facts/control.ts'

export type WatchedState = SubscriptionState | ReceiverState

/** What changed from a subscription's last state (undefined: none is known) to its next one, at a CONTROL sequence. */
export function subscriptionOccurrences(
  before: SubscriptionState | undefined,
  after: SubscriptionState,
  seq: number,
): Occurrence[] {
  if (after.deletedAtMs !== null) return []
  const occurrences: Occurrence[] = []
  const tell = (type: OperationalEventType, more: Record<string, unknown>) =>
    occurrences.push({
      key: `${after.subscriptionId}:${seq}`,
      type,
      atMs: after.changedAtMs,
      organizationId: after.organizationId,
      applicationId: after.applicationId,
      subscriptionId: after.subscriptionId,
      details: { description: after.description, target_origin: originOf(after), ...more },
    })
  const wasEnabled = before?.isEnabled ?? (after.isEnabled || after.disabledBecause !== null)
  if (wasEnabled && !after.isEnabled)
    tell('jethook.subscription.disabled', {
      reason: after.disabledBecause?.reason ?? 'requested',
      since: timeOf(after.disabledBecause?.sinceMs ?? after.changedAtMs),
    })
  if (!wasEnabled && after.isEnabled) tell('jethook.subscription.enabled', {})
  const pausedBefore = before?.pausedAtMs ?? null
  if (pausedBefore === null && after.pausedAtMs !== null)
    tell('jethook.subscription.paused', { since: timeOf(after.pausedAtMs) })
  if (pausedBefore !== null && after.pausedAtMs === null)
    tell('jethook.subscription.resumed', { since: timeOf(pausedBefore) })
  return occurrences
}

/** The same for what is known of its receiver. */
export function receiverOccurrences(
  before: ReceiverState | undefined,
  after: ReceiverState,
  seq: number,
): Occurrence[] {
  const { subscriptionId, applicationId, organizationId, breaker, changedAtMs } = after
  const stateBefore = before?.breaker ?? { state: 'closed' }
  if (stateBefore.state === breaker.state) return []
  const about = { key: `${subscriptionId}:${seq}`, atMs: changedAtMs, organizationId, applicationId, subscriptionId }
  if (breaker.state === 'open') {
    const details = { reason: breaker.reason, since: timeOf(breaker.sinceMs) }
    return [{ ...about, type: 'jethook.breaker.opened', details }]
  }
  const details = stateBefore.state === 'open' && 'sinceMs' in stateBefore ? { since: timeOf(stateBefore.sinceMs) } : {}
  return [{ ...about, type: 'jethook.breaker.closed', details }]
}

/** States of the first release hold the whole address. */
export function originOf({ target }: SubscriptionState): string {
  return URL.canParse(target.url) ? new URL(target.url).origin : ''
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
