import { setTimeout as delay } from 'node:timers/promises'
import type { JsMsg } from '@nats-io/jetstream'
import { deliveryMessage } from '#shared/domain/delivery-message.ts'
import { createLatest } from '#shared/domain/latest.ts'
import { type MatchableEvent, matchEvent } from '#shared/domain/match.ts'
import type { Registry } from '#shared/domain/registry.ts'
import { decodeEvent } from '#shared/facts/event.ts'
import {
  type DeliveryCreated,
  decodeLedgerFact,
  type EventsMatched,
  type EventsReleased,
} from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS, WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import { decodePostponedDue, type PostponedDue } from '#shared/facts/waiting.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import type { Health } from '#shared/runtime/health.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { createStreamReader } from '#shared/runtime/stream-reader.ts'
import { readLastOf, readStored, STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { Tracing } from '#shared/runtime/tracing.ts'
import type { MatcherConfig } from './config.ts'
import { catchUpWithControl } from './control.ts'
import type { MatchFigures } from './figures.ts'
import { bySubscription } from './group.ts'
import { createMatchTraces } from './match-traces.ts'

export interface ReleaserDependencies {
  /** Absent: nobody asks. */
  health?: Health
  figures: MatchFigures
  tracing: Tracing
  nats: Nats
  registry: Registry
  controlReader: ControlReader
  ledger: Appender
  config: MatcherConfig
  clock: Clock
  logger: Logger
}

export interface Releaser {
  start(): void
  stop(): Promise<void>
}

const BATCH_MAX = 200
const GROUP_MAX = 1_000
const FOLD_BATCH_MAX = 1_000
const FOLD_POLL_MS = 5
const FOLD_LIMIT_MS = 5_000
const ENDED_KEPT = 100_000
/** Due messages that are dealt with before they are purged. */
const PURGE_AFTER = 1_000

/**
 * Matches postponed events when their time has come, against the subscriptions of then. Works like the matcher: where it
 * stands is written with the deliveries, on the condition that nothing was added to `ledger.postponed` meanwhile. As
 * withdrawals stand under the same subject, an event is either withdrawn or released, never both. A schedule may have been
 * made twice, by a matcher that died before its fact: the second time that it fires nothing follows.
 */
export function createReleaser(deps: ReleaserDependencies): Releaser {
  const { nats, registry, ledger, config, clock, logger } = deps
  const withdrawn = new Set<string>()
  /** The latest ones that were withdrawn or released: a schedule may fire twice. */
  const ended = createLatest<string, true>(ENDED_KEPT)
  let foldedSeq = 0
  let lastReleased: EventsReleased | null = null
  let purgedThroughSeq = 0
  let matchedThroughSeq = 0

  const folder = createStreamReader({
    nats,
    logger,
    stream: STREAM_NAMES.ledger,
    filterSubjects: [LEDGER_SUBJECTS.postponed],
    fromSeq: () => foldedSeq + 1,
    batchMax: FOLD_BATCH_MAX,
    onBatch: async (messages) => messages.forEach(foldMessage),
  })

  const reader = createStreamReader({
    nats,
    logger,
    stream: STREAM_NAMES.waiting,
    filterSubjects: [WAITING_SUBJECTS.postponedDue],
    fromSeq: async () => {
      await catchUpWithPostponed()
      return (lastReleased?.throughWaitingSeq ?? 0) + 1
    },
    batchMax: BATCH_MAX,
    onBatch,
  })

  deps.health?.register('matcher of delayed events', reader.state)

  function foldMessage(message: JsMsg): void {
    const fact = decodeLedgerFact(message.string())
    if (fact.type === 'withdrawn') withdrawn.add(fact.eventId)
    if (fact.type === 'released') noteReleased(fact)
    foldedSeq = message.seq
  }

  function noteReleased(fact: EventsReleased): void {
    lastReleased = fact
    for (const eventId of fact.eventIds) ended.set(eventId, true)
  }

  /** @throws {Error} when the latest withdrawals can't be had in time: the batch is tried again. */
  async function catchUpWithPostponed(): Promise<void> {
    const last = await readLastOf(nats, STREAM_NAMES.ledger, LEDGER_SUBJECTS.postponed)
    const untilMs = performance.now() + FOLD_LIMIT_MS
    while (last !== null && foldedSeq < last.seq) {
      if (performance.now() > untilMs) throw new Error('the latest withdrawals could not be read')
      await delay(FOLD_POLL_MS)
    }
  }

  /**
   * A schedule may fire before the fact that says that its event waits, above all when the matcher died in between.
   * @throws {Error} when matching doesn't get past the event in time: the batch is tried again.
   */
  async function waitUntilMatched(eventSeq: number): Promise<void> {
    const untilMs = performance.now() + FOLD_LIMIT_MS
    while (matchedThroughSeq < eventSeq) {
      const last = await readLastOf(nats, STREAM_NAMES.ledger, LEDGER_SUBJECTS.matched)
      if (last !== null) matchedThroughSeq = (decodeLedgerFact(last.string()) as EventsMatched).toEventSeq
      if (matchedThroughSeq >= eventSeq) return
      if (performance.now() > untilMs) throw new Error('a postponed event is due, but not yet matched')
      await delay(FOLD_POLL_MS)
    }
  }

  async function onBatch(messages: JsMsg[]): Promise<void> {
    const dues = messages.map((message) => ({ due: decodePostponedDue(message.string()), seq: message.seq }))
    await waitUntilMatched(Math.max(...dues.map(({ due }) => due.eventSeq)))
    await catchUpWithControl(deps)
    await catchUpWithPostponed()
    for (const { due, seq } of dues) await release(due, seq)
    await purgeDone()
  }

  async function release(due: PostponedDue, waitingSeq: number): Promise<void> {
    // What is decided holds for what was read by now: somebody else's fact that comes meanwhile refuses the append.
    let decidedAtSeq = foldedSeq
    const isOver = withdrawn.has(due.eventId) || ended.has(due.eventId)
    const partOf = lastReleased?.partOf
    const event = isOver ? null : await eventOf(due)
    const controlSeq = registry.seq
    const deliveries = (event === null ? [] : matchEvent(event, due.eventSeq, registry, { createdAtMs: clock.nowMs() }))
      .toSorted(bySubscription)
      .filter((each) => partOf?.eventSeq !== due.eventSeq || each.subscriptionId > partOf.throughSubscriptionId)
    const traces = createMatchTraces(deps.tracing)
    if (event !== null) traces.begin(event.event)
    traces.matched(deliveries.length)
    const perGroup = GROUP_MAX - 1
    for (let i = 0; i === 0 || i < deliveries.length; i += perGroup) {
      const group = deliveries.slice(i, i + perGroup)
      const isLast = i + perGroup >= deliveries.length
      decidedAtSeq = await appendReleased(group, decidedAtSeq, {
        v: 1,
        type: 'released',
        throughWaitingSeq: isLast ? waitingSeq : waitingSeq - 1,
        eventIds: isLast && !isOver ? [due.eventId] : [],
        ...(isLast ? {} : { partOf: { eventSeq: due.eventSeq, throughSubscriptionId: group.at(-1)!.subscriptionId } }),
        controlSeq,
        releasedAtMs: clock.nowMs(),
      })
    }
    traces.end()
    withdrawn.delete(due.eventId)
    ended.set(due.eventId, true)
  }

  /** @returns null when it is older than EVENTS keeps: nothing is left to deliver. */
  async function eventOf({ eventSeq }: PostponedDue): Promise<MatchableEvent | null> {
    const stored = await readStored(nats, STREAM_NAMES.events, eventSeq)
    return stored === null ? null : decodeEvent(stored.data)
  }

  /** @returns where the fact stands. */
  async function appendReleased(
    deliveries: DeliveryCreated[],
    decidedAtSeq: number,
    fact: EventsReleased,
  ): Promise<number> {
    const closing = {
      subject: LEDGER_SUBJECTS.postponed,
      body: JSON.stringify(fact),
      expectLastSubjectSeq: decidedAtSeq,
    }
    const messages = deliveries.map((delivery) => deliveryMessage(delivery, config.laneCount))
    const { seq } = await ledger.appendGroup([...messages, closing])
    noteReleased(fact)
    foldedSeq = Math.max(foldedSeq, seq)
    deps.figures.released(deliveries.length)
    return seq
  }

  async function purgeDone(): Promise<void> {
    const throughSeq = lastReleased?.throughWaitingSeq ?? 0
    if (throughSeq - purgedThroughSeq < PURGE_AFTER) return
    await nats.jsm.streams.purge(STREAM_NAMES.waiting, { filter: WAITING_SUBJECTS.postponedDue, seq: throughSeq + 1 })
    purgedThroughSeq = throughSeq
  }

  return {
    start() {
      folder.start()
      reader.start()
    },
    async stop() {
      await Promise.all([reader.stop(), folder.stop()])
    },
  }
}
