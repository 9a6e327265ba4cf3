import type { JsMsg } from '@nats-io/jetstream'
import type { Registry } from '#shared/domain/registry.ts'
import { WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { readLastOf, readStored, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { attemptBefore, type HeldItems } from './held-items.ts'
import type { Lane, StreamSource } from './lane.ts'
import type { RecordedAttempts } from './recorded-attempts.ts'
import type { Settling } from './settling.ts'
import { attemptOfDelivery, attemptOfWaiting, type DueAttempt, type WorkItem } from './work-item.ts'

export interface IntakeOptions {
  nats: Nats
  registry: Registry
  controlReader: ControlReader
  held: HeldItems
  recorded: () => RecordedAttempts
  settling: Settling
  clock: Clock
  logger: Logger
  isStopping(): boolean
  /** What comes now may have been given to another since it was sent. */
  isSuspect(): boolean
  laneOf(lane: number): Lane | undefined
  /** Nothing is to be sent for its delivery any more. */
  isCalledOff(attempt: DueAttempt): boolean
  /** An item of an ordered subscription, in the order of its coming. */
  onOrdered(item: WorkItem): void
  /** The attempt may be made, as far as its delivery's own history goes. */
  onDue(item: WorkItem): void
  /** It stands in LEDGER already. */
  onRecorded(item: WorkItem): void
}

/** What comes from the lanes, until it is certain that an attempt is to be made. */
export interface Intake {
  receive(message: JsMsg, from: { source: StreamSource; lane: number; isSeenBefore: boolean }): void
  /** What was read back of what is parked. */
  receiveParked(item: WorkItem): void
  /** The uncommon cases, which need an answer from elsewhere before the attempt may be made. */
  prepare(item: WorkItem): Promise<void>
  /** An attempt that nothing is to be asked about any more. */
  offer(item: WorkItem): void
  mustAsk(item: WorkItem): boolean
}

const CONTROL_WAIT_MS = 5_000
/** A schedule that fires this much before its time (another machine's clock) is taken as due. */
const EARLY_TOLERANCE_MS = 1_000
/** An earlier one is put off for so long at the most: it may be our clock that is wrong, and set right soon. */
const EARLY_NAK_MAX_MS = 10_000
const UNREADABLE_NAK_MS = 30_000
const ORDER_NAK_MS = 500
const PARKED_NAK_MS = 20

export function createIntake(options: IntakeOptions): Intake {
  const { nats, registry, controlReader, held, recorded, settling, clock, logger } = options

  function receive(message: JsMsg, { source, lane, isSeenBefore }: Parameters<Intake['receive']>[1]): void {
    let attempt: DueAttempt
    try {
      attempt = source === 'ledger' ? attemptOfDelivery(message) : attemptOfWaiting(message)
    } catch (error) {
      // Not ours to skip: it stays unacknowledged, is seen again, and the alarm goes on.
      logger.error({ err: error, source, seq: message.seq }, 'a message could not be read')
      message.nak(UNREADABLE_NAK_MS)
      return
    }
    const isRedelivered = isSeenBefore || options.isSuspect()
    take({ attempt: asDecided(attempt), message, lane, source, isRedelivered, heldSinceMs: performance.now() })
  }

  function receiveParked(item: WorkItem): void {
    item.attempt = asDecided(item.attempt)
    take(item)
  }

  function take(item: WorkItem): void {
    const { attempt, source, message } = item
    const inHand = held.of(attempt.attemptId)
    if (inHand !== null) {
      // The same message again is acknowledged with the one in hand; another one (a schedule that fired twice) waits for it.
      // What was read back has to be told by itself, as the one in hand may be of an earlier time that the lane was ours.
      const isSame = inHand.source === source && inHand.message.seq === message.seq
      if (source === 'parked') message.nak(PARKED_NAK_MS)
      else if (!isSame) message.nak(ORDER_NAK_MS)
      // After a reset only the latest delivery of a message can be acknowledged.
      else inHand.message = message
      return
    }
    held.add(item)
    if (attempt.orderKey !== undefined) options.onOrdered(item)
    else if (mustAsk(item)) void prepare(item)
    else offer(item)
  }

  function mustAsk({ isRedelivered, attempt }: WorkItem): boolean {
    return (
      isRedelivered ||
      !isBeforeRecorded(attempt) ||
      registry.seq < attempt.controlSeq ||
      (attempt.dueAtMs ?? 0) > clock.nowMs() + EARLY_TOLERANCE_MS
    )
  }

  async function prepare(item: WorkItem): Promise<void> {
    const { attempt } = item
    try {
      if (item.isRedelivered) await recorded().catchUp()
      switch (await placeInSeries(item)) {
        case 'superfluous':
          settling.finish(item)
          return
        case 'not yet':
          settling.handBack(item, ORDER_NAK_MS)
          return
        case 'next':
          break
      }
      item.attempt = asDecided(attempt)
      const earlyMs = (item.attempt.dueAtMs ?? 0) - clock.nowMs()
      if (earlyMs > EARLY_TOLERANCE_MS) {
        settling.handBack(item, Math.min(earlyMs, EARLY_NAK_MAX_MS))
        return
      }
      while (!options.isStopping() && !(await controlReader.waitFor(attempt.controlSeq, CONTROL_WAIT_MS))) {
        logger.warn({ wanted: attempt.controlSeq, seq: registry.seq }, 'a delivery waits for CONTROL')
      }
      offer(item)
    } catch (error) {
      settling.giveBack(item, error)
    }
  }

  /** A first attempt, or one after another of which it is known that a retry follows it. */
  function isBeforeRecorded(attempt: DueAttempt): boolean {
    const before = attemptBefore(attempt)
    return before === null || Boolean(recorded().retryOf(before))
  }

  /** A schedule may be of an earlier run of the attempt before it, or of another's: what is recorded holds. */
  function asDecided(attempt: DueAttempt): DueAttempt {
    const before = attemptBefore(attempt)
    const retry = before === null ? null : recorded().retryOf(before)
    return retry ? { ...attempt, dueAtMs: retry.dueAtMs, createdAtMs: retry.decidedAtMs } : attempt
  }

  /**
   * A retry is scheduled before the fact that calls for it. After a crash in between it comes due while the attempt before it
   * is still to be made again: it waits for that one, whose outcome may make it superfluous.
   */
  async function placeInSeries({ attempt, lane, isNext }: WorkItem): Promise<'next' | 'not yet' | 'superfluous'> {
    const before = attemptBefore(attempt)
    if (isNext) return 'next'
    if (before === null) return 'next'
    const settlement = await held.settlementOf(before)
    if (settlement === 'ended') return 'superfluous'
    if (settlement === 'parked') return 'not yet'
    if (recorded().retryOf(before) === undefined) await recorded().catchUp()
    const retry = recorded().retryOf(before)
    if (retry !== undefined) return retry === null ? 'superfluous' : 'next'
    // Not remembered: it was recorded long ago if what it came by is done with, and it isn't parked.
    const isDone = (await isSettled(attempt, lane)) && !(await isParked(attempt, lane))
    return isDone ? 'next' : 'not yet'
  }

  async function isSettled({ after }: DueAttempt, laneNumber: number): Promise<boolean> {
    if (after === undefined) return true
    if (after.source === 'parked') return (await readStored(nats, STREAM_NAMES.waiting, after.seq)) === null
    const lane = options.laneOf(laneNumber)
    return lane !== undefined && (await lane.settledThrough(after.source)) >= after.seq
  }

  /** The attempt before, by whoever had the lane before. */
  async function isParked(attempt: DueAttempt, lane: number): Promise<boolean> {
    const before = { ...attempt, attemptNumber: attempt.attemptNumber - 1 }
    return (await readLastOf(nats, STREAM_NAMES.waiting, WAITING_SUBJECTS.parked(lane, before))) !== null
  }

  function offer(item: WorkItem): void {
    if (recorded().has(item.attempt.attemptId)) options.onRecorded(item)
    // It need not wait for its turn to be dropped.
    else if (options.isCalledOff(item.attempt)) settling.finish(item)
    else options.onDue(item)
  }

  return { receive, receiveParked, prepare, offer, mustAsk }
}
