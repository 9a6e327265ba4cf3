import type { EventAccepted } from '../facts/event.ts'
import type { DeliveryCreated } from '../facts/ledger.ts'
import { deliveryIdOf } from './ids.ts'
import { orderKeyOf } from './order-key.ts'
import { type FilterDocument, matchesFilter } from './payload-filter.ts'
import type { Registry } from './registry.ts'

/** Whether `labels` holds every entry of `wanted` (contract, behaviour.md §4: exact, case-sensitive, all of them). */
export function hasLabels(labels: Record<string, string>, wanted: Record<string, string>): boolean {
  for (const key in wanted) {
    if (!Object.hasOwn(labels, key) || labels[key] !== wanted[key]) return false
  }
  return true
}

/** An event with its payload, as filters see it. */
export interface MatchableEvent {
  event: EventAccepted
  payload: Uint8Array
}

/**
 * What a filter looks at. The payload is undefined when it is no JSON; it is parsed at the first look, so that events
 * without a filter cost nothing.
 */
export function filterDocumentOf({ event, payload }: MatchableEvent): FilterDocument {
  let parsed: { value: unknown } | null = null
  return {
    get payload() {
      parsed ??= { value: event.payloadContentType === 'application/json' ? parseOrNothing(payload) : undefined }
      return parsed.value
    },
    labels: event.labels,
    metadata: event.metadata,
    event_type: event.eventType,
  }
}

function parseOrNothing(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8'))
  } catch {
    return undefined
  }
}

export interface MatchOptions {
  /** Empty for the original deliveries, else the replay that asked for others. */
  replayId?: string
  createdAtMs?: number
}

/**
 * The deliveries that an event calls for: one for each enabled subscription of its application that wants its type,
 * whose labels it has and whose filter it satisfies. The same event and registry give the same facts.
 */
export function matchEvent(
  matchable: MatchableEvent,
  eventSeq: number,
  registry: Registry,
  { replayId = '', createdAtMs }: MatchOptions = {},
): DeliveryCreated[] {
  const { event } = matchable
  const deliveries: DeliveryCreated[] = []
  let document: FilterDocument | null = null
  const documentOf = () => {
    document ??= filterDocumentOf(matchable)
    return document
  }
  for (const { state, filter } of registry.subscriptionsOf(event.applicationId, event.eventType, event.labels)) {
    if (!hasLabels(event.labels, state.labels)) continue
    if (filter !== null && !matchesFilter(filter, documentOf())) continue
    deliveries.push({
      v: 1,
      type: 'delivery',
      deliveryId: deliveryIdOf(event.eventId, state.subscriptionId, replayId),
      eventId: event.eventId,
      eventSeq,
      eventType: event.eventType,
      applicationId: event.applicationId,
      subscriptionId: state.subscriptionId,
      controlSeq: registry.seq,
      createdAtMs: createdAtMs ?? event.receivedAtMs,
      ...(state.ordering === null ? {} : { orderKey: orderKeyOf(state.ordering, documentOf()) }),
      ...(replayId === '' ? {} : { replayId }),
    })
  }
  return deliveries
}
