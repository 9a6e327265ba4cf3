import { deliveryMessage } from '#shared/domain/delivery-message.ts'
import type { EventSelection } from '#shared/facts/job.ts'
import { type DeliveryCreated, decodeLedgerFact, type ReplayAdvanced } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import { AppendConflictError } from '#shared/runtime/appender.ts'
import { readLastOf, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { type PassedOver, readPassedOver } from './passed-over.ts'
import { previewReplay } from './preview.ts'
import { StretchEnded } from './read-stretch.ts'
import { BATCH_MAX, type RunContext, sentMax, startTurns, type Turns } from './run.ts'
import { readSelectedEvents, type SelectedEvent } from './selected-events.ts'

/** Where a replay stands: its last fact in LEDGER, and what that says. */
interface Place {
  seq: number
  fact: ReplayAdvanced | null
}

/**
 * Counts first what there is to do, where nobody has yet, and then does it if that is wanted. Works like the matcher: where it
 * stands is written with the deliveries, on the condition that nobody else has moved it. Nothing is asked of Postgres.
 * @returns false when it was paused or cancelled before it was done.
 */
export async function runReplay(context: RunContext, selection: EventSelection): Promise<boolean> {
  const { job, progress } = context
  const passedOver = await readPassedOver(context, job, selection)
  if (passedOver === null) return false
  if (progress.now.preview === null) {
    const preview = await previewReplay(context, selection, passedOver)
    if (preview === null) return false
    progress.update({ preview })
    await progress.save()
  }
  if (job.wanted !== 'run') return false
  const turns = await startTurns(context, sentMax(job))
  try {
    return await replayInTurns(context, selection, { passedOver, turns })
  } finally {
    await turns.end()
  }
}

async function replayInTurns(
  context: RunContext,
  selection: EventSelection,
  { passedOver, turns }: { passedOver: PassedOver; turns: Turns },
): Promise<boolean> {
  const { job, progress } = context
  let place = await readPlace(context)
  /** Behind what was appended may be events that nobody wanted. */
  let throughSeq = Math.max(place.fact?.throughEventSeq ?? 0, progress.now.position.seq, selection.fromSeq - 1)
  progress.update({ done: place.fact?.deliveriesSoFar ?? 0, position: { seq: throughSeq } })

  async function append(matched: readonly DeliveryCreated[], upTo: UpTo): Promise<void> {
    const nowMs = context.clock.nowMs()
    // They may have waited for their turn since they were matched.
    const deliveries = matched.map((delivery) => ({ ...delivery, createdAtMs: nowMs }))
    const fact: ReplayAdvanced = {
      v: 1,
      type: 'replay_advanced',
      replayId: job.jobId,
      applicationId: job.applicationId,
      ...upTo,
      controlSeq: context.registry.seq,
      deliveryCount: deliveries.length,
      deliveriesSoFar: (place.fact?.deliveriesSoFar ?? 0) + deliveries.length,
      advancedAtMs: nowMs,
    }
    turns.send(deliveries)
    place = { seq: await appendAdvanced(context, deliveries, fact, place), fact }
    throughSeq = fact.throughEventSeq
    turns.spend(deliveries.length)
    progress.update({ done: fact.deliveriesSoFar, position: { seq: throughSeq } })
    await progress.saveIfDue()
  }

  return readSelectedEvents(context, selection, {
    passedOver,
    batchMax: Math.max(1, Math.min(READ_MAX, Math.ceil(job.ratePerSecond / 2))),
    fromSeq: () => throughSeq + 1,
    async onBatch(events) {
      for (let rest = withoutMade(events, place); rest.length > 0; ) {
        const count = rest.some(({ deliveries }) => deliveries.length > 0) ? await turns.next() : BATCH_MAX
        if (count === 0) return
        const { taken, left } = take(rest, count)
        rest = left
        if (taken.deliveries.length > 0) await append(taken.deliveries, taken.upTo)
        else throughSeq = taken.upTo.throughEventSeq
      }
      progress.update({ position: { seq: throughSeq } })
      await progress.saveIfDue()
    },
  })
}

/** Events that are read and matched in one go: nothing else is done in this process meanwhile. */
const READ_MAX = 100

type UpTo = Pick<ReplayAdvanced, 'throughEventSeq' | 'partOf'>

/** The next ones: as many deliveries as are allowed; those of one event may be spread over several batches. */
function take(
  events: readonly SelectedEvent[],
  count: number,
): { taken: { deliveries: DeliveryCreated[]; upTo: UpTo }; left: SelectedEvent[] } {
  const deliveries: DeliveryCreated[] = []
  for (const [i, event] of events.entries()) {
    const room = count - deliveries.length
    if (event.deliveries.length <= room) {
      deliveries.push(...event.deliveries)
      continue
    }
    const part = event.deliveries.slice(0, room)
    deliveries.push(...part)
    const last = deliveries.at(-1)
    const rest = { ...event, deliveries: event.deliveries.slice(room) }
    const throughEventSeq = event.eventSeq - 1
    const upTo =
      part.length > 0
        ? { throughEventSeq, partOf: { eventSeq: event.eventSeq, throughSubscriptionId: last!.subscriptionId } }
        : { throughEventSeq }
    return { taken: { deliveries, upTo }, left: [rest, ...events.slice(i + 1)] }
  }
  return { taken: { deliveries, upTo: { throughEventSeq: events.at(-1)!.eventSeq } }, left: [] }
}

function withoutMade(events: readonly SelectedEvent[], { fact }: Place): SelectedEvent[] {
  const partOf = fact?.partOf
  return events.map((event) =>
    partOf?.eventSeq === event.eventSeq
      ? { ...event, deliveries: event.deliveries.filter((d) => d.subscriptionId > partOf.throughSubscriptionId) }
      : event,
  )
}

async function readPlace({ nats, job }: RunContext): Promise<Place> {
  const last = await readLastOf(nats, STREAM_NAMES.ledger, LEDGER_SUBJECTS.replay(job.jobId))
  return last === null
    ? { seq: 0, fact: null }
    : { seq: last.seq, fact: decodeLedgerFact(last.string()) as ReplayAdvanced }
}

/** @throws {StretchEnded} when another runner has moved it. */
async function appendAdvanced(
  { ledger, config }: RunContext,
  deliveries: readonly DeliveryCreated[],
  fact: ReplayAdvanced,
  place: Place,
): Promise<number> {
  const messages = deliveries.map((delivery) => deliveryMessage(delivery, config.laneCount))
  const closing = {
    subject: LEDGER_SUBJECTS.replay(fact.replayId),
    body: JSON.stringify(fact),
    expectLastSubjectSeq: place.seq,
  }
  try {
    return (await ledger.appendGroup([...messages, closing])).seq
  } catch (error) {
    if (error instanceof AppendConflictError) throw new StretchEnded(`replay ${fact.replayId} has another runner`)
    throw error
  }
}
