import type { JsMsg } from '@nats-io/jetstream'
import type { MatchableEvent } from '#shared/domain/match.ts'
import { isSelected, replayDeliveries } from '#shared/domain/replay.ts'
import { decodeEvent } from '#shared/facts/event.ts'
import type { EventSelection } from '#shared/facts/job.ts'
import type { DeliveryCreated } from '#shared/facts/ledger.ts'
import { subjectToken } from '#shared/facts/subjects.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { PassedOver } from './passed-over.ts'
import { readStretch } from './read-stretch.ts'
import type { RunContext } from './run.ts'

/** An event of a selection and what is to be made of it. */
export interface SelectedEvent {
  eventSeq: number
  matchable: MatchableEvent
  /** In the order of subscription ids; empty: nobody wants it, it is not chosen, or is for a NATS client. */
  deliveries: DeliveryCreated[]
  isChosen: boolean
}

export interface SelectedEventsOptions {
  passedOver: PassedOver
  fromSeq(): number
  batchMax: number
  onBatch(events: readonly SelectedEvent[]): Promise<void>
}

/** Two gateways' clocks may differ by so much: events are in the order of their places, not of their times. */
const CLOCK_SLACK_MS = 60_000

/** Reads what EVENTS holds of a selection, in order, and matches it anew. @returns false when it was not wanted any more. */
export function readSelectedEvents(
  context: RunContext,
  selection: EventSelection,
  { passedOver, fromSeq, batchMax, onBatch }: SelectedEventsOptions,
): Promise<boolean> {
  const { nats, logger, job, isWanted } = context
  const { receivedFromMs, receivedToMs } = selection
  return readStretch({
    nats,
    logger,
    stream: STREAM_NAMES.events,
    filterSubjects: [`event.${subjectToken(job.applicationId)}.>`],
    fromSeq,
    startTime:
      receivedFromMs !== null && fromSeq() <= selection.fromSeq ? new Date(receivedFromMs - CLOCK_SLACK_MS) : null,
    throughSeq: selection.throughSeq,
    batchMax,
    isWanted,
    async onBatch(messages) {
      // With a start time there may be events before the first one that is asked for.
      const events = messages
        .filter(({ seq }) => seq >= fromSeq())
        .map((message) => select(message, context, selection, passedOver))
      if (events.length > 0) await onBatch(events)
      const last = events.at(-1)
      return (
        last !== undefined && receivedToMs !== null && last.matchable.event.receivedAtMs > receivedToMs + CLOCK_SLACK_MS
      )
    },
  })
}

function select(
  { seq: eventSeq, data }: JsMsg,
  { job, registry, clock }: RunContext,
  selection: EventSelection,
  passedOver: PassedOver,
): SelectedEvent {
  const matchable = decodeEvent(data)
  const nowMs = clock.nowMs()
  const isChosen = isSelected(matchable, selection, nowMs) && !passedOver.isWithdrawn(matchable.event)
  const deliveries =
    isChosen && selection.target !== 'nats'
      ? replayDeliveries(matchable, eventSeq, {
          registry,
          replayId: job.jobId,
          jobId: job.jobId,
          nowMs,
          subscriptionIds: selection.subscriptionIds,
        })
      : []
  return {
    eventSeq,
    matchable,
    isChosen,
    deliveries: deliveries
      .filter((delivery) => !(selection.isOnlyUndelivered && passedOver.isDelivered(delivery)))
      .toSorted((a, b) => (a.subscriptionId < b.subscriptionId ? -1 : 1)),
  }
}
