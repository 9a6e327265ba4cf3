import { setTimeout as delay } from 'node:timers/promises'
import { cancelledMessage, isCancelled } from '#shared/domain/cancellation.ts'
import { laneOf } from '#shared/domain/ids.ts'
import { filterDocumentOf } from '#shared/domain/match.ts'
import { orderKeyOf } from '#shared/domain/order-key.ts'
import type { Registry } from '#shared/domain/registry.ts'
import { decodeEvent } from '#shared/facts/event.ts'
import { decodeLedgerFact, type EventsReleased } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS, WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import type { PostponedDue, RetryDue } from '#shared/facts/waiting.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import { type Health, unwell, WELL } from '#shared/runtime/health.ts'
import { laneSources } from '#shared/runtime/lane-sources.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Metrics } from '#shared/runtime/metrics.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { readLastOf, readStored, readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { ReconcilerConfig } from './config.ts'
import type { Overdue, OverdueAttempt, OverdueEvent } from './overdue.ts'

export interface ReconcilerDependencies {
  nats: Nats
  overdue: Overdue
  registry: Registry
  ledger: Appender
  waiting: Appender
  config: ReconcilerConfig
  clock: Clock
  logger: Logger
  /** Absent: nobody asks. */
  health?: Health
  /** Left out: nothing is counted. */
  metrics?: Metrics
}

export interface Reconciler extends Service {
  /** How many deliveries and events it had to bring back since it was started. */
  broughtBack(): number
}

/** What one look deals with at the most; the rest is left to the next. */
const LOOK_MAX = 500
/** Of so many ordered subscriptions that have something parked, so many of the oldest are looked at. */
const ORDERED_MAX = 50
const OLDEST_MAX = 20
/** One or two are what a restart of a server costs. */
const UNWELL_FROM_FAILURES = 3
const PROJECTED_LIMIT_MS = 2_000
const PROJECTED_POLL_MS = 50

/** What was overdue at a look and stood under no schedule, and where the streams ended after that. */
interface Look {
  attempts: readonly OverdueAttempt[]
  events: readonly OverdueEvent[]
  ledgerSeq: number
  waitingSeq: number
}

/**
 * Finds what should be moving and is held by nobody, and hands it in again under the same ids. A look only notes; the next
 * one, an interval later, acts on what is still there and can't be in any stream, consumer or schedule.
 */
export function createReconciler(deps: ReconcilerDependencies): Reconciler {
  const { nats, overdue, registry, ledger, waiting, config, clock, logger } = deps
  const stopping = new AbortController()
  let running: Promise<void> | null = null
  let before: Look | null = null
  let broughtBack = 0
  let failuresInARow = 0
  deps.metrics?.counter(
    {
      name: 'jethook_reconciler_brought_back_total',
      help: 'Deliveries and postponed events that nobody held and that were handed in again',
    },
    () => broughtBack,
  )
  deps.health?.register('reconciler', () =>
    failuresInARow < UNWELL_FROM_FAILURES ? WELL : unwell(`the last ${failuresInARow} looks could not be made`),
  )

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await delay(config.intervalMs, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      try {
        before = await look(before)
        failuresInARow = 0
      } catch (error) {
        before = null
        failuresInARow++
        logger.warn({ err: error }, 'the look for lost deliveries is left to the next time')
      }
    }
  }

  /** The order of the questions is what makes the answers add up: each one is asked after what it must not miss. */
  async function look(last: Look | null): Promise<Look | null> {
    const past = last === null ? null : await whatIsPast(last)
    const ledger = await readStreamState(nats, STREAM_NAMES.ledger)
    // Rows that lag behind the facts can't tell what is still open.
    if (!(await isProjected(ledger.lastSeq))) return null
    const overdueMs = clock.nowMs() - config.graceMs
    // Asked after what is past: what has left a consumer's hands to be parked has its subscription's mark by then.
    const parkingIds = await subscriptionsThatPark()
    const [attempts, events] = await Promise.all([
      overdueAttempts(overdueMs, parkingIds),
      overdue.events(overdueMs, LOOK_MAX),
    ])
    const lost = { attempts: new Set<string>(), events: new Set<string>() }
    if (past !== null) {
      for (const attempt of attempts.filter(({ attemptId }) => past.attemptIds.has(attemptId))) {
        if (isCancelled(attempt, registry.subscriptions.get(attempt.subscriptionId))) await sayCancelled(attempt)
        // Whoever had it in hand may have put it off since: its receiver rests.
        else if (!(await isRetryScheduled(attempt))) await bringBackAttempt(attempt)
        lost.attempts.add(attempt.attemptId)
      }
      for (const event of events.filter(({ eventId }) => past.eventIds.has(eventId))) {
        await bringBackEvent(event)
        lost.events.add(event.eventId)
      }
    }
    return note(
      attempts.filter(({ attemptId }) => !lost.attempts.has(attemptId)),
      events.filter(({ eventId }) => !lost.events.has(eventId)),
    )
  }

  /**
   * What is parked waits for its receiver, and there may be very much of it. Of an ordered subscription it also waits for the
   * one in front, which is not parked and may be lost: it is a retry, or among the oldest. However many wait behind a dead letter
   * that blocks, each of another key's retries comes before them.
   */
  async function overdueAttempts(beforeMs: number, parkingIds: readonly string[]): Promise<OverdueAttempt[]> {
    const isOrdered = (id: string) => (registry.subscriptions.get(id)?.state.ordering ?? null) !== null
    const attempts = await overdue.attempts(beforeMs, LOOK_MAX, { except: parkingIds })
    for (const id of parkingIds.filter(isOrdered).slice(0, ORDERED_MAX))
      for (const attempt of await overdue.attempts(beforeMs, OLDEST_MAX, { of: id }))
        if (!(await isParked(attempt))) attempts.push(attempt)
    return attempts
  }

  async function isParked(attempt: OverdueAttempt): Promise<boolean> {
    const name = { ...attempt, orderKey: '*' }
    const filter = WAITING_SUBJECTS.parked(laneOfAttempt(attempt), name)
    const { state } = await nats.ask(() => nats.jsm.streams.info(STREAM_NAMES.waiting, { subjects_filter: filter }))
    return Object.keys(state.subjects ?? {}).length > 0
  }

  async function note(attempts: readonly OverdueAttempt[], events: readonly OverdueEvent[]): Promise<Look> {
    const unscheduledAttempts: OverdueAttempt[] = []
    for (const attempt of attempts) if (!(await isRetryScheduled(attempt))) unscheduledAttempts.push(attempt)
    const unscheduledEvents: OverdueEvent[] = []
    for (const event of events)
      if (!(await isScheduled(WAITING_SUBJECTS.postponed(event.applicationId, event.eventId))))
        unscheduledEvents.push(event)
    // What has fired by now stands in front of these.
    const [ledger, waitingState] = await Promise.all([
      readStreamState(nats, STREAM_NAMES.ledger),
      readStreamState(nats, STREAM_NAMES.waiting),
    ])
    return {
      attempts: unscheduledAttempts,
      events: unscheduledEvents,
      ledgerSeq: ledger.lastSeq,
      waitingSeq: waitingState.lastSeq,
    }
  }

  /** What was noted at the last look and is in no consumer's hands any more: either it is recorded now, or it is lost. */
  async function whatIsPast(last: Look): Promise<{ attemptIds: Set<string>; eventIds: Set<string> }> {
    const attemptIds = new Set<string>()
    for (const [lane, ofLane] of Map.groupBy(last.attempts, laneOfAttempt))
      if (await isLanePast(lane, last)) for (const { attemptId } of ofLane) attemptIds.add(attemptId)
    const areReleasesPast = last.events.length > 0 && (await areReleasesThrough(last.waitingSeq))
    return { attemptIds, eventIds: new Set(areReleasesPast ? last.events.map(({ eventId }) => eventId) : []) }
  }

  /** Their deliveries wait on disk for a receiver that can't take them now; whoever owns the lane sees to them. */
  async function subscriptionsThatPark(): Promise<string[]> {
    const filter = 'parked.*.*'
    const { state } = await nats.ask(() => nats.jsm.streams.info(STREAM_NAMES.waiting, { subjects_filter: filter }))
    return Object.keys(state.subjects ?? {}).map((subject) => subject.split('.')[2]!)
  }

  async function isProjected(ledgerSeq: number): Promise<boolean> {
    const untilMs = performance.now() + PROJECTED_LIMIT_MS
    while ((await overdue.ledgerCheckpoint()) < ledgerSeq) {
      if (performance.now() > untilMs) return false
      await delay(PROJECTED_POLL_MS, undefined, { signal: stopping.signal })
    }
    return true
  }

  const laneOfAttempt = ({ subscriptionId }: OverdueAttempt) => laneOf(subscriptionId, config.laneCount)

  /** Who disabled or deleted the subscription has died before it could say so in LEDGER; deliverers let the attempt alone. */
  async function sayCancelled({ applicationId, subscriptionId }: OverdueAttempt): Promise<void> {
    const controlSeq = registry.subscriptions.get(subscriptionId)?.cancelledBeforeSeq
    if (controlSeq === undefined) return
    await ledger.append(cancelledMessage({ applicationId, subscriptionId }, { controlSeq, atMs: clock.nowMs() }))
  }

  async function bringBackAttempt(attempt: OverdueAttempt): Promise<void> {
    const orderKey = await orderKeyOfAttempt(attempt)
    const due: RetryDue = { v: 1, type: 'retry', ...attempt, ...(orderKey === null ? {} : { orderKey }) }
    await handIn(WAITING_SUBJECTS.due(laneOfAttempt(attempt)), due, attempt.attemptId)
  }

  /** What it is in order with; null: nothing. */
  async function orderKeyOfAttempt({ subscriptionId, eventSeq }: OverdueAttempt): Promise<string | null> {
    const ordering = registry.subscriptions.get(subscriptionId)?.state.ordering ?? null
    if (ordering === null) return null
    const stored = await readStored(nats, STREAM_NAMES.events, eventSeq)
    return stored === null ? null : orderKeyOf(ordering, filterDocumentOf(decodeEvent(stored.data)))
  }

  /** Whether the lane's consumers have acknowledged everything that was there at the last look. */
  async function isLanePast(lane: number, last: Look): Promise<boolean> {
    const { ledger, waiting: due } = laneSources(lane)
    const past = await Promise.all([
      isConsumerPast(ledger.stream, ledger.consumerName, last.ledgerSeq),
      isConsumerPast(due.stream, due.consumerName, last.waitingSeq),
    ])
    return past.every(Boolean)
  }

  async function isConsumerPast(stream: string, name: string, seq: number): Promise<boolean> {
    const info = await nats.jsm.consumers.info(stream, name)
    const isIdle = info.num_pending === 0 && info.num_ack_pending === 0
    return isIdle || info.ack_floor.stream_seq >= seq
  }

  /** Whether the due messages of postponed events are dealt with up to `waitingSeq`. */
  async function areReleasesThrough(waitingSeq: number): Promise<boolean> {
    const [stored, lastDue] = await Promise.all([
      readLastOf(nats, STREAM_NAMES.ledger, LEDGER_SUBJECTS.postponed),
      readLastOf(nats, STREAM_NAMES.waiting, WAITING_SUBJECTS.postponedDue),
    ])
    const fact = stored === null ? null : decodeLedgerFact(stored.string())
    // A withdrawal doesn't say how far releasing is; an event that is handed in twice is released once.
    if (fact?.type === 'withdrawn') return true
    const through = fact?.type === 'released' ? (fact as EventsReleased).throughWaitingSeq : 0
    return lastDue === null || through >= Math.min(lastDue.seq, waitingSeq)
  }

  async function bringBackEvent({ eventId, eventSeq, applicationId, deliverAtMs }: OverdueEvent): Promise<void> {
    const due: PostponedDue = { v: 1, type: 'postponed', eventId, eventSeq, applicationId, dueAtMs: deliverAtMs }
    await handIn(WAITING_SUBJECTS.postponedDue, due, eventId)
  }

  function isRetryScheduled(attempt: OverdueAttempt): Promise<boolean> {
    const { subscriptionId, deliveryId } = attempt
    return isScheduled(WAITING_SUBJECTS.retry(laneOfAttempt(attempt), subscriptionId, deliveryId))
  }

  async function isScheduled(subject: string): Promise<boolean> {
    return (await readLastOf(nats, STREAM_NAMES.waiting, subject)) !== null
  }

  async function handIn(subject: string, message: RetryDue | PostponedDue, id: string): Promise<void> {
    await waiting.append({ subject, body: JSON.stringify(message), msgId: `reconciled:${id}` })
    broughtBack++
    logger.warn({ id, subject, due_at: new Date(message.dueAtMs).toISOString() }, 'nobody held this: brought back')
  }

  return {
    name: 'reconciler',
    async start() {
      running ??= run()
    },
    async stop() {
      stopping.abort()
      await running
    },
    broughtBack: () => broughtBack,
  }
}
