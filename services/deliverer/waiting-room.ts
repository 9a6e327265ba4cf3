import { attemptIdOf, laneOf } from '#shared/domain/ids.ts'
import type { Registry } from '#shared/domain/registry.ts'
import { UNORDERED, WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import type { HeadNote, RetryDue } from '#shared/facts/waiting.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { createChains } from './chains.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { HeldItems, Settlement } from './held-items.ts'
import type { Intake } from './intake.ts'
import { createParking, type Lot } from './parking.ts'
import type { Gate } from './receivers.ts'
import type { RecordedAttempts } from './recorded-attempts.ts'
import type { Settling } from './settling.ts'
import type { DueAttempt, Standing, WorkItem } from './work-item.ts'

export interface WaitingRoomOptions {
  nats: Nats
  registry: Registry
  waiting: Appender
  controlReader: ControlReader
  held: HeldItems
  recorded: () => RecordedAttempts
  settling: Settling
  dispatcher: Dispatcher
  intake: Intake
  gateOf(subscriptionId: string, isDraining: boolean): Gate
  ledgerSeq(): number
  laneCount: number
  laneBacklogMax: number
  clock: Clock
  logger: Logger
  isStopping(): boolean
  /** Its lane is still ours; otherwise it is let go. */
  isOurs(item: WorkItem): boolean
  /** Nothing is to be sent for its delivery any more. */
  isCalledOff(attempt: DueAttempt): boolean
  /** Takes back the retry that an earlier run of the attempt may have scheduled. */
  withdrawSchedule(item: WorkItem): Promise<void>
}

/**
 * Where due attempts wait for their receiver: in memory as long as that is short, else on disk, so that nobody else's are kept
 * waiting behind them. Those of ordered subscriptions also wait for the one before.
 */
export interface WaitingRoom {
  /** It may be made as soon as its receiver can take it. */
  add(item: WorkItem): void
  addOrdered(item: WorkItem): void
  /** Something waits on disk. */
  hasMore(subscriptionId: string): boolean
  /** Something has piled up, and is not all sent yet. */
  isDraining(subscriptionId: string): boolean
  /** Reads back what waits on disk. */
  fetch(subscriptionId: string): void
  /** Nothing of it should wait in memory. */
  clear(subscriptionId: string): void
  finish(item: WorkItem, settlement?: Settlement): void
  onSettled(item: WorkItem, settlement: Settlement): void
  /** An attempt of the item is made now. */
  onBegin(item: WorkItem): void
  open(lane: number, attemptsAfterLedgerSeq: number): Promise<void>
  close(lane: number): void
  purge(lane: number): Promise<void>
  attemptsAfterLedgerSeq(lane: number): number
  /** Looks for what others have done to what waits: let go, or parked. */
  lookForOthers(lanes: Iterable<number>): Promise<void>
}

const FETCH_MAX = 100
/** As long as its lane is this empty, a subscription gets more at once: each reading costs the server the more, the more is parked. */
const FETCH_LARGE = { fill: 0.25, max: 500 }
const NUDGE_MS = 5
const LOOK_AGAIN_MS = 50
const CONTROL_WAIT_MS = 5_000
/** After trouble of our own. */
const READ_AGAIN_MS = 1_000
/** A retry whose turn it is, but whose receiver takes nothing, comes again after so long at the least. */
const POSTPONED_MIN_MS = 5_000
const POSTPONED_BY_PAUSE_MS = 30_000
/** The fuller a lane, the fewer of one subscription may wait in memory. */
const ALLOWANCES = [
  { fill: 0.9, waitingMax: 0 },
  { fill: 0.75, waitingMax: 16 },
  { fill: 0.5, waitingMax: 128 },
]

export function createWaitingRoom(options: WaitingRoomOptions): WaitingRoom {
  const { nats, registry, waiting, controlReader, held, recorded, settling, dispatcher, intake, logger } = options
  const nudges = new Map<string, NodeJS.Timeout>()
  const parking = createParking({ nats, waiting, ledgerSeq: options.ledgerSeq, onAgain })
  const chains = createChains({
    nats,
    registry,
    waiting,
    parking,
    logger,
    isStopping: options.isStopping,
    isOurs: options.isOurs,
    isInHand: (item) => held.of(item.attempt.attemptId) === item,
    whenReady,
    isCalledOff: options.isCalledOff,
    standingOf,
    nextOf,
    onTurn,
    onOver: (item, standing) => void leaveOver(item, standing),
    onResting: (item) => finish(item, 'retried'),
    onParked: (item) => leaveParked(item),
    handBack: settling.handBack,
    onReadBack: intake.receiveParked,
    hasRoom,
    onNoRoom: (subscriptionId) => nudgeSoon(subscriptionId, LOOK_AGAIN_MS),
  })

  const laneOfSubscription = (subscriptionId: string) => laneOf(subscriptionId, options.laneCount)
  const isOrdered = ({ attempt }: WorkItem) => attempt.orderKey !== undefined

  // -- in memory or on disk --------------------------------------------------------------------------------------------

  function add(item: WorkItem): void {
    const mayGoOn = item.source === 'parked' || isOrdered(item) || (!isOvertaking(item) && mayWaitInMemory(item))
    if (mayGoOn) dispatcher.add(item)
    else void park(item)
  }

  function mayWaitInMemory({ attempt, lane }: WorkItem): boolean {
    const { subscriptionId } = attempt
    const gate = options.gateOf(subscriptionId, false)
    if (gate.type === 'shut' && gate.isLong) return false
    const fill = held.countOf(lane) / options.laneBacklogMax
    const allowance = ALLOWANCES.find((each) => fill >= each.fill)
    return allowance === undefined || dispatcher.waitingCount(subscriptionId) <= allowance.waitingMax
  }

  async function park(item: WorkItem): Promise<void> {
    const { subscriptionId } = item.attempt
    if (!options.isOurs(item)) return
    try {
      await parking.park(parking.lotOf(item.lane, subscriptionId, UNORDERED), [item.attempt])
      leaveParked(item)
    } catch (error) {
      settling.giveBack(item, error)
    }
  }

  function leaveParked(item: WorkItem): void {
    settling.finish(item, 'parked')
    nudgeSoon(item.attempt.subscriptionId, NUDGE_MS)
  }

  /** What is parked came before it. */
  const isOvertaking = ({ lane, attempt }: WorkItem) =>
    parking.find(lane, attempt.subscriptionId, UNORDERED)?.hasMore === true

  function clear(subscriptionId: string): void {
    const isToGo = (item: WorkItem) => item.source !== 'parked' && !isOrdered(item)
    for (const item of dispatcher.takeWaitingOf(subscriptionId, isToGo)) void park(item)
  }

  // -- back from disk --------------------------------------------------------------------------------------------------

  function hasMore(subscriptionId: string): boolean {
    const lane = laneOfSubscription(subscriptionId)
    if (parking.find(lane, subscriptionId, UNORDERED)?.hasMore) return true
    return chains.hasMore(lane, subscriptionId)
  }

  function isDraining(subscriptionId: string): boolean {
    const lot = parking.find(laneOfSubscription(subscriptionId), subscriptionId, UNORDERED)
    return hasMore(subscriptionId) || (lot !== null && parking.isInHand(lot))
  }

  function fetch(subscriptionId: string): void {
    const lane = laneOfSubscription(subscriptionId)
    chains.advance(lane, subscriptionId)
    const lot = parking.find(lane, subscriptionId, UNORDERED)
    if (lot?.hasMore) void fetchFrom(lot)
  }

  const fetchMax = ({ lane }: Lot) =>
    held.countOf(lane) < options.laneBacklogMax * FETCH_LARGE.fill ? FETCH_LARGE.max : FETCH_MAX

  async function fetchFrom(lot: Lot): Promise<void> {
    const { subscriptionId } = lot
    try {
      const items = await parking.read(lot, fetchMax(lot) - dispatcher.waitingCount(subscriptionId))
      for (const item of items) intake.receiveParked(item)
      // Also after some were read: they may all turn out to be dealt with already.
      if (lot.hasMore) nudgeSoon(subscriptionId, LOOK_AGAIN_MS)
    } catch (error) {
      if (options.isStopping()) return
      logger.warn({ err: error }, 'what is parked could not be read back')
      nudgeSoon(subscriptionId, READ_AGAIN_MS)
    }
  }

  function nudgeSoon(subscriptionId: string, afterMs: number): void {
    if (nudges.has(subscriptionId) || options.isStopping()) return
    const nudge = () => {
      nudges.delete(subscriptionId)
      dispatcher.nudge(subscriptionId)
    }
    nudges.set(subscriptionId, setTimeout(nudge, afterMs))
  }

  function onAgain(item: WorkItem, delayMs: number): void {
    setTimeout(() => {
      if (!options.isStopping() && parking.isOutstanding(item)) intake.receiveParked(item)
    }, delayMs)
  }

  // -- in order --------------------------------------------------------------------------------------------------------

  async function whenReady(items: readonly WorkItem[]): Promise<void> {
    const controlSeq = Math.max(...items.map(({ attempt }) => attempt.controlSeq))
    while (!options.isStopping() && !(await controlReader.waitFor(controlSeq, CONTROL_WAIT_MS)))
      logger.warn({ wanted: controlSeq, seq: registry.seq }, 'a delivery waits for CONTROL')
    if (items.some(({ isRedelivered }) => isRedelivered)) await recorded().catchUp()
  }

  function onTurn(item: WorkItem): void {
    const gate = options.gateOf(item.attempt.subscriptionId, true)
    if (item.source === 'waiting' && gate.type === 'shut' && gate.isLong) void postpone(item, gate.untilMs)
    else if (intake.mustAsk(item)) void intake.prepare(item)
    else intake.offer(item)
  }

  function hasRoom(subscriptionId: string): boolean {
    const gate = options.gateOf(subscriptionId, true)
    return !(gate.type === 'shut' && gate.isLong) && dispatcher.waitingCount(subscriptionId) < FETCH_MAX
  }

  /** It keeps its place in the order and comes again later. */
  async function postpone(item: WorkItem, untilMs: number): Promise<void> {
    const { attempt, lane } = item
    const isPaused = (registry.subscriptions.get(attempt.subscriptionId)?.state.pausedAtMs ?? null) !== null
    const leastMs = isPaused ? POSTPONED_BY_PAUSE_MS : POSTPONED_MIN_MS
    const atMs = Math.max(untilMs, options.clock.nowMs() + leastMs)
    const retry: RetryDue = { ...attempt, v: 1, type: 'retry', dueAtMs: attempt.dueAtMs ?? atMs }
    try {
      await waiting.append({
        subject: WAITING_SUBJECTS.retry(lane, attempt.subscriptionId, attempt.deliveryId),
        body: JSON.stringify(retry),
        headers: {
          'Nats-Schedule': `@at ${new Date(atMs).toISOString()}`,
          'Nats-Schedule-Target': WAITING_SUBJECTS.due(lane),
        },
      })
      settling.finish(item, 'parked')
    } catch (error) {
      settling.giveBack(item, error)
    }
  }

  /** The last attempt of an item's delivery that is known to be recorded; 0: none is. */
  function latestRecorded({ deliveryId, attemptNumber }: DueAttempt): number {
    const isKnown = (number: number) => recorded().has(attemptIdOf(deliveryId, number))
    let latest = attemptNumber - 1
    while (isKnown(latest + 1)) latest++
    while (latest > 0 && !isKnown(latest)) latest--
    return latest
  }

  function standingOf(attempt: DueAttempt): Standing {
    const { deliveryId } = attempt
    if (options.isCalledOff(attempt)) return 'cancelled'
    const latest = latestRecorded(attempt)
    if (latest === 0) return 'due'
    const attemptId = attemptIdOf(deliveryId, latest)
    if (recorded().retryOf(attemptId)) return latest < attempt.attemptNumber ? 'due' : 'going on'
    return recorded().isDeadLetter(attemptId) ? 'dead' : 'ended'
  }

  function nextOf(attempt: DueAttempt): HeadNote['next'] {
    const latest = latestRecorded(attempt)
    const retry = recorded().retryOf(attemptIdOf(attempt.deliveryId, latest))
    return retry ? { attemptNumber: latest + 1, dueAtMs: retry.dueAtMs } : null
  }

  /** Who recorded its end may have died before it could take back what an earlier run had scheduled. */
  async function leaveOver(item: WorkItem, standing: Exclude<Standing, 'due'>): Promise<void> {
    try {
      if (item.isRedelivered && (standing === 'dead' || standing === 'ended')) await options.withdrawSchedule(item)
      finish(item, standing === 'going on' ? 'retried' : 'ended')
    } catch (error) {
      settling.giveBack(item, error)
    }
  }

  /** That others wait for it, or don't any more, is noted before its message is acknowledged: a crash in between repeats it. */
  function finish(item: WorkItem, settlement: Settlement = 'known'): void {
    const noted = isOrdered(item) ? chains.beforeSettled(item, settlement) : null
    if (noted === null) settling.finish(item, settlement)
    else noted.then(() => settling.finish(item, settlement)).catch((error: unknown) => settling.giveBack(item, error))
  }

  async function open(lane: number, attemptsAfterLedgerSeq: number): Promise<void> {
    const found = await parking.open(lane, attemptsAfterLedgerSeq)
    await chains.open(lane)
    for (const subscriptionId of found) nudgeSoon(subscriptionId, NUDGE_MS)
  }

  return {
    add,
    addOrdered: chains.add,
    hasMore,
    isDraining,
    fetch,
    clear,
    finish,
    onSettled(item, settlement) {
      if (isOrdered(item)) chains.onSettled(item, settlement)
    },
    onBegin(item) {
      if (isOrdered(item)) chains.onBegin(item)
    },
    open,
    close(lane) {
      parking.close(lane)
      chains.close(lane)
    },
    purge: parking.purge,
    attemptsAfterLedgerSeq: parking.attemptsAfterLedgerSeq,
    async lookForOthers(lanes) {
      await chains.lookForReleased()
      for (const lane of lanes)
        for (const subscriptionId of await parking.lookForOthers(lane)) {
          chains.adopt(lane)
          nudgeSoon(subscriptionId, NUDGE_MS)
        }
    },
  }
}
