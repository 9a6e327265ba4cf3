import type { DeliveryCreated } from '../facts/ledger.ts'
import { redrivenDeliveryIdOf } from './ids.ts'
import { filterDocumentOf, type MatchableEvent } from './match.ts'
import { orderKeyOf } from './order-key.ts'
import type { Registry } from './registry.ts'

/** A delivery that has ended as a dead letter, as far as sending it again needs it. */
export interface DeadLetter {
  deliveryId: string
  eventId: string
  eventSeq: number
  subscriptionId: string
  replayId: string | null
}

/** Why a dead letter can't be sent again now. */
export type RedriveRefusal = 'subscription_deleted' | 'subscription_disabled' | 'event_expired'

export interface RedriveContext {
  registry: Registry
  /** Null: EVENTS no longer keeps it. */
  event: MatchableEvent | null
  jobId: string
  nowMs: number
}

/**
 * A new series of attempts for a dead letter: to the same subscription, whatever that wants now, with the target, secret and
 * policy of now. It is called off by what is disabled from now on, not by what was before.
 */
export function redriveDelivery(
  letter: DeadLetter,
  { registry, event, jobId, nowMs }: RedriveContext,
): DeliveryCreated | RedriveRefusal {
  const subscription = registry.subscriptions.get(letter.subscriptionId)?.state
  if (subscription === undefined || subscription.deletedAtMs !== null) return 'subscription_deleted'
  if (registry.applications.get(subscription.applicationId)?.state.deletedAtMs !== null) return 'subscription_deleted'
  if (!subscription.isEnabled) return 'subscription_disabled'
  if (event === null || event.event.eventId !== letter.eventId) return 'event_expired'
  return {
    v: 1,
    type: 'delivery',
    deliveryId: redrivenDeliveryIdOf(letter.deliveryId),
    eventId: letter.eventId,
    eventSeq: letter.eventSeq,
    eventType: event.event.eventType,
    applicationId: subscription.applicationId,
    subscriptionId: letter.subscriptionId,
    controlSeq: registry.seq,
    createdAtMs: nowMs,
    redriveOf: letter.deliveryId,
    jobId,
    ...(letter.replayId === null ? {} : { replayId: letter.replayId }),
    ...(subscription.ordering === null ? {} : { orderKey: orderKeyOf(subscription.ordering, filterDocumentOf(event)) }),
  }
}
