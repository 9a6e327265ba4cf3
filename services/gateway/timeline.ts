import type { TimelineAnswer } from '#shared/contract/timeline-schemas.ts'
import type { MatchableEvent } from '#shared/domain/match.ts'
import type { RegisteredSubscription, Registry } from '#shared/domain/registry.ts'
import { type MatchedState, type WhyNot, whyNot } from '#shared/domain/why-not.ts'
import { presentAttempt } from './presenters/request-attempt.ts'
import type { AttemptRecord } from './queries/request-attempts.ts'
import type { DeliveryRecord } from './queries/timeline.ts'

/** All that is known of an event's way. */
export interface TimelineFacts {
  applicationId: string
  receivedAtMs: number
  status: TimelineAnswer['status']
  /** Null: EVENTS no longer keeps it. */
  matchable: MatchableEvent | null
  deliveries: readonly DeliveryRecord[]
  attempts: readonly AttemptRecord[]
  /** What subscriptions were when the event was matched. */
  statesThen: ReadonlyMap<string, MatchedState>
  nowMs: number
}

/** For each subscription of the application: what was made of the event, or why nothing was. */
export function timelineOf(facts: TimelineFacts, registry: Registry): TimelineAnswer['subscriptions'] {
  const deliveries = Map.groupBy(facts.deliveries, (delivery) => delivery.subscription_id)
  return registry
    .allSubscriptionsOf(facts.applicationId)
    .filter(({ state }) => deliveries.has(state.subscriptionId) || !isDeletedBefore(state.deletedAtMs, facts))
    .toSorted((a, b) => a.state.createdAtMs - b.state.createdAtMs)
    .map((subscription) => {
      const own = deliveries.get(subscription.state.subscriptionId) ?? []
      return {
        subscription_id: subscription.state.subscriptionId,
        description: subscription.state.description,
        is_matched: own.length > 0,
        why_not: own.some(isOriginal) ? null : whyNotOf(subscription, facts),
        deliveries: own.map((delivery) => presentDelivery(delivery, facts)),
      }
    })
}

/** What was gone before the event came is nobody's question. */
function isDeletedBefore(deletedAtMs: number | null, { receivedAtMs }: TimelineFacts): boolean {
  return deletedAtMs !== null && deletedAtMs < receivedAtMs
}

function isOriginal({ replay_id, redrive_of }: DeliveryRecord): boolean {
  return replay_id === null && redrive_of === null
}

function whyNotOf({ state }: RegisteredSubscription, facts: TimelineFacts): WhyNot {
  switch (facts.status) {
    case 'waiting':
      return { code: 'waiting', detail: 'The event waits for its time; it is matched then.' }
    case 'withdrawn':
      return { code: 'withdrawn', detail: 'The event was withdrawn before its time.' }
    case 'not_matched_yet':
      return { code: 'not_matched_yet', detail: 'The event is about to be matched.' }
  }
  const then = facts.statesThen.get(state.subscriptionId)
  if (then === undefined && state.createdAtMs > facts.receivedAtMs)
    return {
      code: 'created_later',
      detail: 'The subscription was created after the event had come: a replay sends it.',
    }
  if (facts.matchable === null) return { code: 'unknown', detail: 'The event is no longer kept, so nobody can tell.' }
  return (
    whyNot(then ?? state, facts.matchable) ??
    whyNot(state, facts.matchable) ?? {
      code: 'unknown',
      detail: 'It matches as it is now; it was changed at the moment when the event came. A replay sends it.',
    }
  )
}

function presentDelivery(
  delivery: DeliveryRecord,
  { attempts, nowMs }: TimelineFacts,
): TimelineAnswer['subscriptions'][number]['deliveries'][number] {
  const own = attempts.filter((attempt) => attempt.delivery_id === delivery.delivery_id)
  const open = own.find((attempt) => attempt.outcome === null)
  return {
    delivery_id: delivery.delivery_id,
    status: delivery.status === 'dead-lettered' ? 'dead_lettered' : delivery.status,
    created_at: delivery.created_at,
    finished_at: delivery.finished_at,
    next_attempt_at: open ? (open.delay_until ?? open.created_at) : null,
    replay_id: delivery.replay_id,
    redrive_of: delivery.redrive_of,
    job_id: delivery.job_id,
    attempts: own.map((attempt) => presentAttempt(attempt, nowMs)),
  }
}
