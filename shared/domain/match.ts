import type { EventAccepted } from '../facts/event.ts'
import type { DeliveryCreated } from '../facts/ledger.ts'
import { deliveryIdOf } from './ids.ts'
import type { Registry } from './registry.ts'

/** Whether `labels` holds every entry of `wanted` (contract, behaviour.md §4: exact, case-sensitive, all of them). */
export function hasLabels(labels: Record<string, string>, wanted: Record<string, string>): boolean {
  for (const key in wanted) {
    if (!Object.hasOwn(labels, key) || labels[key] !== wanted[key]) return false
  }
  return true
}

/**
 * The deliveries that an event calls for: one for each enabled subscription of its application that names its type and
 * whose labels it has. The same event and registry give the same facts.
 */
export function matchEvent(event: EventAccepted, eventSeq: number, registry: Registry): DeliveryCreated[] {
  const deliveries: DeliveryCreated[] = []
  for (const { state } of registry.subscriptionsOf(event.applicationId, event.eventType)) {
    if (!hasLabels(event.labels, state.labels)) continue
    deliveries.push({
      v: 1,
      type: 'delivery',
      deliveryId: deliveryIdOf(event.eventId, state.subscriptionId, ''),
      eventId: event.eventId,
      eventSeq,
      eventType: event.eventType,
      applicationId: event.applicationId,
      subscriptionId: state.subscriptionId,
      controlSeq: registry.seq,
      createdAtMs: event.receivedAtMs,
    })
  }
  return deliveries
}
