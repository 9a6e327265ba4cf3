import type { DeliveryCreated, EventsMatched, PostponedEvent } from '#shared/facts/ledger.ts'

/** Facts that go into LEDGER together: deliveries, and how far matching is done with them. */
export interface MatchedGroup {
  deliveries: DeliveryCreated[]
  matched: EventsMatched
}

/** An event and what it calls for. */
export interface MatchedEvent {
  eventSeq: number
  deliveries: DeliveryCreated[]
  /** It is to be matched later; then there are no deliveries yet. */
  postponed?: PostponedEvent
}

export interface GroupingContext {
  controlSeq: number
  nowMs: number
  /** Facts of one group at the most, the closing one included. */
  groupMax: number
}

/**
 * Cuts matched events into groups that fit into one atomic batch each. All deliveries of an event stand in one group;
 * only an event with more deliveries than a group holds is spread over several, in the order of subscription ids.
 */
export function groupMatches(
  events: readonly MatchedEvent[],
  { controlSeq, nowMs, groupMax }: GroupingContext,
): MatchedGroup[] {
  const groups: MatchedGroup[] = []
  const deliveriesMax = groupMax - 1
  let open: MatchedGroup | null = null

  const newGroup = (fromEventSeq: number, toEventSeq: number): MatchedGroup => {
    const group: MatchedGroup = {
      deliveries: [],
      matched: { v: 1, type: 'matched', fromEventSeq, toEventSeq, controlSeq, unmatched: [], matchedAtMs: nowMs },
    }
    groups.push(group)
    return group
  }

  for (const { eventSeq, deliveries, postponed } of events) {
    if (deliveries.length > deliveriesMax) {
      const inOrder = deliveries.toSorted(bySubscription)
      for (let i = 0; i < inOrder.length; i += deliveriesMax) {
        const isLast = i + deliveriesMax >= inOrder.length
        const part = newGroup(eventSeq, isLast ? eventSeq : eventSeq - 1)
        part.deliveries = inOrder.slice(i, i + deliveriesMax)
        if (!isLast) part.matched.partOf = { eventSeq, throughSubscriptionId: part.deliveries.at(-1)!.subscriptionId }
      }
      open = null
      continue
    }
    if (open === null || open.deliveries.length + deliveries.length > deliveriesMax) open = newGroup(eventSeq, eventSeq)
    open.matched.toEventSeq = eventSeq
    if (postponed) open.matched.postponed = [...(open.matched.postponed ?? []), postponed]
    else if (deliveries.length === 0) open.matched.unmatched.push(eventSeq)
    for (const delivery of deliveries) open.deliveries.push(delivery)
  }
  return groups
}

export function bySubscription(a: DeliveryCreated, b: DeliveryCreated): number {
  return a.subscriptionId < b.subscriptionId ? -1 : a.subscriptionId > b.subscriptionId ? 1 : 0
}

/** What is left of an event of which a part was matched before: the subscriptions after the part's last one. */
export function withoutMatchedPart(event: MatchedEvent, partOf: EventsMatched['partOf']): MatchedEvent {
  if (partOf?.eventSeq !== event.eventSeq) return event
  return { ...event, deliveries: event.deliveries.filter((d) => d.subscriptionId > partOf.throughSubscriptionId) }
}
