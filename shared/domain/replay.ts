import type { EventSelection } from '../facts/job.ts'
import type { DeliveryCreated } from '../facts/ledger.ts'
import { matchesPattern } from './event-type-pattern.ts'
import { hasLabels, type MatchableEvent, matchEvent } from './match.ts'
import type { Registry } from './registry.ts'

export interface ReplayContext {
  registry: Registry
  replayId: string
  /** Absent: a single event is replayed, without a job. */
  jobId?: string
  nowMs: number
  /** Null: all that match now. */
  subscriptionIds?: readonly string[] | null
}

/** An event matched anew, against the subscriptions of now: deliveries of their own, beside the earlier ones. */
export function replayDeliveries(
  event: MatchableEvent,
  eventSeq: number,
  { registry, replayId, jobId, nowMs, subscriptionIds = null }: ReplayContext,
): DeliveryCreated[] {
  const deliveries = matchEvent(event, eventSeq, registry, { replayId, createdAtMs: nowMs })
  const wanted =
    subscriptionIds === null ? deliveries : deliveries.filter((each) => subscriptionIds.includes(each.subscriptionId))
  return jobId === undefined ? wanted : wanted.map((each) => ({ ...each, jobId }))
}

/** Whether a replay is about the event. What still waits for its time will be delivered anyway. */
export function isSelected({ event }: MatchableEvent, selection: EventSelection, nowMs: number): boolean {
  const { receivedAtMs, deliverAtMs, eventType, labels } = event
  return (
    receivedAtMs >= (selection.receivedFromMs ?? 0) &&
    receivedAtMs <= (selection.receivedToMs ?? Number.POSITIVE_INFINITY) &&
    (deliverAtMs === undefined || deliverAtMs <= nowMs) &&
    (selection.eventTypes.length === 0 || selection.eventTypes.some((name) => matchesPattern(eventType, name))) &&
    hasLabels(labels, selection.labels)
  )
}
