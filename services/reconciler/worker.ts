import { setTimeout as delay } from 'node:timers/promises'
import { laneOf } from '#shared/domain/ids.ts'
import { decodeLedgerFact, type EventsReleased } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS, WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import type { PostponedDue, RetryDue } from '#shared/facts/waiting.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import { laneSources } from '#shared/runtime/lane-sources.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { readLastOf, readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { ReconcilerConfig } from './config.ts'
import { ledgerCheckpoint, listOverdueAttempts, listOverdueEvents, type OverdueAttempt } from './overdue.ts'

export interface ReconcilerDependencies {
  nats: Nats
  orm: Orm
  waiting: Appender
  config: ReconcilerConfig
  clock: Clock
  logger: Logger
}

export interface Reconciler extends Service {
  /** How many deliveries and events it had to bring back since it was started. */
  broughtBack(): number
}

/** What one look deals with at the most; the rest is left to the next. */
const LOOK_MAX = 500

/** Where the streams ended at a look, and what was overdue then. */
interface Look {
  ledgerSeq: number
  waitingSeq: number
  attempts: ReadonlyMap<string, OverdueAttempt>
  eventIds: ReadonlySet<string>
}

/**
 * Finds what should be moving and is held by nobody, and hands it in again under the same ids. A look only notes; the next
 * one, an interval later, acts on what is still there and can't be in any stream, consumer or schedule.
 */
export function createReconciler(deps: ReconcilerDependencies): Reconciler {
  const { nats, orm, waiting, config, clock, logger } = deps
  const stopping = new AbortController()
  let running: Promise<void> | null = null
  let before: Look | null = null
  let broughtBack = 0

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await delay(config.intervalMs, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      try {
        before = await look(before)
      } catch (error) {
        before = null
        logger.warn({ err: error }, 'the look for lost deliveries is left to the next time')
      }
    }
  }

  async function look(last: Look | null): Promise<Look> {
    const [ledger, waitingState] = await Promise.all([
      readStreamState(nats, STREAM_NAMES.ledger),
      readStreamState(nats, STREAM_NAMES.waiting),
    ])
    const checkpoint = await ledgerCheckpoint(orm)
    const overdueMs = clock.nowMs() - config.graceMs
    const [attempts, events] = await Promise.all([
      listOverdueAttempts(orm, overdueMs, LOOK_MAX),
      listOverdueEvents(orm, overdueMs, LOOK_MAX),
    ])
    // Rows that lag behind the facts of the last look can't tell what is still open.
    if (last !== null && checkpoint >= last.ledgerSeq) {
      const still = attempts.filter(({ attemptId }) => last.attempts.has(attemptId))
      await bringBackAttempts(still, last)
      const stillPostponed = events.filter(({ eventId }) => last.eventIds.has(eventId))
      if (stillPostponed.length > 0) await bringBackEvents(stillPostponed, last)
    }
    return {
      ledgerSeq: ledger.lastSeq,
      waitingSeq: waitingState.lastSeq,
      attempts: new Map(attempts.map((attempt) => [attempt.attemptId, attempt])),
      eventIds: new Set(events.map(({ eventId }) => eventId)),
    }
  }

  async function bringBackAttempts(attempts: readonly OverdueAttempt[], last: Look): Promise<void> {
    const byLane = Map.groupBy(attempts, ({ subscriptionId }) => laneOf(subscriptionId, config.laneCount))
    for (const [lane, ofLane] of byLane) {
      if (!(await isLanePast(lane, last))) continue
      for (const attempt of ofLane) {
        const { subscriptionId, deliveryId } = attempt
        if (await isScheduled(WAITING_SUBJECTS.retry(lane, subscriptionId, deliveryId))) continue
        const due: RetryDue = { v: 1, type: 'retry', ...attempt }
        await handIn(WAITING_SUBJECTS.due(lane), due, attempt.attemptId)
      }
    }
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

  async function bringBackEvents(events: Awaited<ReturnType<typeof listOverdueEvents>>, last: Look): Promise<void> {
    const [stored, lastDue] = await Promise.all([
      readLastOf(nats, STREAM_NAMES.ledger, LEDGER_SUBJECTS.postponed),
      readLastOf(nats, STREAM_NAMES.waiting, WAITING_SUBJECTS.postponedDue),
    ])
    const fact = stored === null ? null : decodeLedgerFact(stored.string())
    const through = fact?.type === 'released' ? (fact as EventsReleased).throughWaitingSeq : 0
    const isPast = lastDue === null || through >= Math.min(lastDue.seq, last.waitingSeq)
    if (!isPast) return
    for (const { eventId, eventSeq, applicationId, deliverAtMs } of events) {
      if (await isScheduled(WAITING_SUBJECTS.postponed(applicationId, eventId))) continue
      const due: PostponedDue = { v: 1, type: 'postponed', eventId, eventSeq, applicationId, dueAtMs: deliverAtMs }
      await handIn(WAITING_SUBJECTS.postponedDue, due, eventId)
    }
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
