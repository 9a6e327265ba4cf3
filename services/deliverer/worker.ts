import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { JsMsg } from '@nats-io/jetstream'
import { isCancelled } from '#shared/domain/cancellation.ts'
import { holdAskedMs, isGone, type Judgement } from '#shared/domain/outcome.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { SecretBox } from '#shared/domain/secret-box.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import type { EventCache } from '#shared/runtime/event-cache.ts'
import { type Health, unwell, WELL } from '#shared/runtime/health.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import { type Metrics, NO_METRICS } from '#shared/runtime/metrics.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { createPeers, type Peers } from '#shared/runtime/peers.ts'
import { createSender, type Sender } from '#shared/runtime/sender/sender.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { NO_TRACING, type Tracing } from '#shared/runtime/tracing.ts'
import type { MadeRequest } from './attempt.ts'
import { createAttempts } from './attempts.ts'
import { createAutoDisable } from './auto-disable.ts'
import { createCalledOff } from './called-off.ts'
import type { DelivererConfig } from './config.ts'
import { createDispatcher } from './dispatcher.ts'
import { createAttemptFigures, registerDelivererFigures } from './figures.ts'
import { createHandshakes } from './handshakes.ts'
import { createHeldItems, type Settlement } from './held-items.ts'
import { createIntake } from './intake.ts'
import { createLane, type Lane, type StreamSource } from './lane.ts'
import { HOLD_INTERVAL_MS } from './lane-consumer.ts'
import { createLaneOwnership } from './lane-ownership.ts'
import { createPauseWatch } from './pause-watch.ts'
import { createReceivers } from './receivers.ts'
import { createRecordedAttempts, type RecordedAttempts } from './recorded-attempts.ts'
import { createSettling } from './settling.ts'
import { createTargets } from './targets.ts'
import { createWaitingRoom } from './waiting-room.ts'
import type { DueAttempt, WorkItem } from './work-item.ts'

export interface DelivererDependencies {
  nats: Nats
  registry: Registry
  controlReader: ControlReader
  ledger: Appender
  waiting: Appender
  control: Appender
  eventCache: EventCache
  secretBox: SecretBox
  config: DelivererConfig
  clock: Clock
  /** In [0, 1). */
  random: () => number
  /** Left out: requests go to the network. */
  sender?: Sender
  /** Left out: the processes find each other by NATS. */
  peers?: Peers
  health?: Health
  /** Left out: nothing is counted. */
  metrics?: Metrics
  /** Left out: nothing is traced. */
  tracing?: Tracing
  logger: Logger
}

const CHECKPOINT_INTERVAL_MS = 5_000
const LOOK_FOR_OTHERS_MS = 3_000
const SHOW_LONG_INTERVAL_MS = 500
const RECORDED_ATTEMPTS_MIN = 200_000
const STOP_POLL_MS = 10
const LAST_STEPS_LIMIT_MS = 1_000
const UNWELL_FROM_FAILURES = 5

/**
 * Makes the attempts: takes what is due from the lanes that are its own, sends, decides, and acknowledges a message only when
 * the attempt's fact (and before it the schedule of its retry) is on disk. A crash in between repeats an attempt, it never
 * loses one.
 */
export function createDeliverer(deps: DelivererDependencies): Service {
  const {
    nats,
    registry,
    controlReader,
    ledger,
    waiting,
    control,
    config,
    clock,
    logger,
    metrics = NO_METRICS,
    tracing = NO_TRACING,
  } = deps
  const sender = deps.sender ?? createSender(config.sender, logger)
  const peers = deps.peers ?? createPeers({ nats, logger, kind: 'deliverer', selfId: randomUUID() })
  const lanes = new Map<number, Lane>()
  /** Lanes that are ours and not open yet. */
  const gaining = new Map<number, Promise<void>>()
  /** Lanes that are not ours any more, of which something is still in hand. */
  const losing = new Map<number, Promise<void>>()
  const held = createHeldItems()
  const targets = createTargets(deps.secretBox, config.format)
  const timers: NodeJS.Timeout[] = []
  let recordedAttempts: RecordedAttempts | null = null
  let isStopping = false
  let isStarted = false
  let ledgerSeqAtStart = 0

  const recorded = () => recordedAttempts!
  const ledgerSeq = () => Math.max(ledger.lastSeq, ledgerSeqAtStart)
  const stopping = () => isStopping
  const common = { nats, registry, clock, logger, isStopping: stopping }

  // -- the parts -----------------------------------------------------------------------------------------------------

  const settling = createSettling({ held, logger, isStopping: stopping, onSettled })
  const calledOff = createCalledOff({ nats, logger })
  const isCalledOff = (attempt: DueAttempt) =>
    isCancelled(attempt, registry.subscriptions.get(attempt.subscriptionId)) || calledOff.has(attempt.deliveryId)
  const handshakes = createHandshakes({
    registry,
    control,
    sender,
    targets,
    format: config.format,
    origin: config.origin,
    clock,
    logger,
    onAnswered: (subscriptionId) => dispatcher.nudge(subscriptionId),
  })
  const { consentOf } = handshakes
  const receivers = createReceivers({ registry, control, consentOf, clock, logger, config: config.isolation })
  const autoDisable = createAutoDisable({ registry, control, ledger, clock, logger, config: config.autoDisable })
  const pauseWatch = createPauseWatch({ nats, logger, onPause })
  const dispatcher = createDispatcher({
    limits: config.dispatcher,
    run(item) {
      waitingRoom.onBegin(item)
      return attempts.run(item)
    },
    viewOf: (subscriptionId) => {
      const state = registry.subscriptions.get(subscriptionId)?.state
      return { organizationId: state?.organizationId ?? '', origin: state?.target.url ?? '' }
    },
    gateOf: (subscriptionId) => receivers.gateOf(subscriptionId, waitingRoom.isDraining(subscriptionId)),
    onBegin: (subscriptionId) => receivers.began(subscriptionId, waitingRoom.isDraining(subscriptionId)),
    hasMore: (subscriptionId) => waitingRoom.hasMore(subscriptionId),
    onRoom: (subscriptionId) => waitingRoom.fetch(subscriptionId),
    onShut: (subscriptionId) => waitingRoom.clear(subscriptionId),
    nowMs: clock.nowMs,
  })
  const intake = createIntake({
    ...common,
    controlReader,
    held,
    recorded,
    settling: { ...settling, finish: (item, settlement) => waitingRoom.finish(item, settlement) },
    isSuspect: pauseWatch.isSuspect,
    laneOf: (lane) => lanes.get(lane),
    isCalledOff,
    onOrdered: (item) => waitingRoom.addOrdered(item),
    onDue: (item) => {
      if (isOurs(item)) waitingRoom.add(item)
    },
    onRecorded,
  })
  const waitingRoom = createWaitingRoom({
    ...common,
    waiting,
    controlReader,
    held,
    recorded,
    settling,
    dispatcher,
    intake,
    gateOf: receivers.gateOf,
    ledgerSeq,
    laneCount: config.laneCount,
    laneBacklogMax: config.laneBacklogMax,
    isOurs,
    isCalledOff,
    withdrawSchedule: (item) => attempts.withdrawSchedule(item),
  })
  const attempts = createAttempts({
    ...common,
    ledger,
    waiting,
    eventCache: deps.eventCache,
    sender,
    targets,
    recorded,
    settling: { ...settling, finish: waitingRoom.finish },
    config,
    random: deps.random,
    figures: createAttemptFigures(metrics),
    tracing,
    isCalledOff,
    onAnswered,
    afterRecorded,
  })
  const ownership = createLaneOwnership({
    nats,
    registry,
    controlReader,
    control,
    peers,
    clock,
    logger,
    laneCount: config.laneCount,
    onGained: gain,
    onLost: lose,
  })

  deps.health?.register('deliverer', () => {
    if (ownership.failuresInARow() >= UNWELL_FROM_FAILURES) return unwell('lanes can not be shared out')
    const troubled = [...lanes.values()].filter((lane) => lane.isInTrouble())
    return troubled.length === 0 ? WELL : unwell(`lanes wait for NATS: ${troubled.map(({ lane }) => lane).join(', ')}`)
  })

  registerDelivererFigures(metrics, {
    underWay: dispatcher.underWayCount,
    held: () => held.size,
    lanes: () => lanes.size,
    breakers: receivers.counts,
  })

  // -- what happens --------------------------------------------------------------------------------------------------

  function receive(message: JsMsg, from: { source: StreamSource; lane: number; isSeenBefore: boolean }): void {
    if (isStopping || !lanes.has(from.lane)) return
    pauseWatch.note()
    intake.receive(message, from)
  }

  function onRecorded(item: WorkItem): void {
    if (item.isRedelivered) void finishRecorded(item)
    else waitingRoom.finish(item, recorded().retryOf(item.attempt.attemptId) ? 'retried' : 'ended')
  }

  /** Who recorded it may have died before it could take back what an earlier run had scheduled. */
  async function finishRecorded(item: WorkItem): Promise<void> {
    try {
      waitingRoom.finish(item, await attempts.followRecorded(item))
    } catch (error) {
      settling.giveBack(item, error)
    }
  }

  function onAnswered({ attempt }: WorkItem, made: MadeRequest, judgement: Judgement): void {
    receivers.answered(attempt.subscriptionId, {
      sign: signOf(made, judgement),
      isSuccess: judgement.outcome === 'success',
      holdMs: holdAskedMs(made.result, made.finishedAtMs),
    })
  }

  /** Not before: a dead letter that is recorded can be sent again, one that is called off with all others can't. */
  function afterRecorded(
    { attempt: { subscriptionId } }: WorkItem,
    { result }: MadeRequest,
    judgement: Judgement,
  ): void {
    if (judgement.outcome === 'success') return
    const failingSinceMs = receivers.failingSinceMs(subscriptionId)
    autoDisable.onFailure(subscriptionId, { failingSinceMs, isGone: isGone(result, judgement) })
  }

  function onSettled(item: WorkItem, settlement: Settlement): void {
    waitingRoom.onSettled(item, settlement)
  }

  /** What is of a lane that isn't ours any more is let go: whoever has the lane is handed it too. */
  function isOurs(item: WorkItem): boolean {
    if (lanes.has(item.lane)) return true
    held.settle(item, 'given back')
    return false
  }

  /** Others may have been given what is held here: nothing follows from it before that is looked up. */
  function onPause(): void {
    for (const item of held) item.isRedelivered = true
    const suspended = dispatcher.takeWaiting()
    void ownership.recheck().then(() => {
      for (const item of suspended) if (isOurs(item)) void intake.prepare(item)
    })
  }

  // -- lanes ---------------------------------------------------------------------------------------------------------

  /** Asked for again before it is open, it is the same opening: what fails then fails for all who wait. */
  async function gain(laneNumber: number): Promise<void> {
    const opening = gaining.get(laneNumber) ?? openLane(laneNumber).finally(() => gaining.delete(laneNumber))
    gaining.set(laneNumber, opening)
    await opening
  }

  async function openLane(laneNumber: number): Promise<void> {
    await losing.get(laneNumber)
    if (lanes.has(laneNumber) || isStopping) return
    const checkpoint = registry.lanes.get(laneNumber)
    const lane = createLane({
      nats,
      logger,
      control,
      lane: laneNumber,
      checkpoint,
      unacknowledgedMax: config.laneBacklogMax,
      ledgerSeq,
      parkedAfterLedgerSeq: () => waitingRoom.attemptsAfterLedgerSeq(laneNumber),
      isStillOurs: () => ownership.isStillOurs(laneNumber),
      onMessage: (message, source, isSeenBefore) => receive(message, { source, lane: laneNumber, isSeenBefore }),
    })
    lanes.set(laneNumber, lane)
    try {
      await lane.takeOver()
      await waitingRoom.open(laneNumber, checkpoint?.attemptsAfterLedgerSeq ?? 0)
      await recorded().catchUp()
      if (lanes.get(laneNumber) !== lane) throw new Error(`lane ${laneNumber} was lost before it was open`)
      lane.start()
    } catch (error) {
      if (lanes.get(laneNumber) === lane) lanes.delete(laneNumber)
      waitingRoom.close(laneNumber)
      throw error
    }
  }

  /** Waits for what is under way, as long as a stop would; what then comes of it is recorded unless another was faster. */
  async function lose(laneNumber: number, isStillOurs: boolean): Promise<void> {
    const lane = lanes.get(laneNumber)
    if (lane === undefined) return losing.get(laneNumber)
    lanes.delete(laneNumber)
    const letGo = letLaneGo(lane, isStillOurs).finally(() => losing.delete(laneNumber))
    losing.set(laneNumber, letGo)
    await letGo
  }

  async function letLaneGo(lane: Lane, isStillOurs: boolean): Promise<void> {
    const laneNumber = lane.lane
    const stopped = lane.stop()
    const isOfLane = ({ lane: ofItem }: WorkItem) => ofItem === laneNumber
    for (const item of dispatcher.takeWaiting(isOfLane)) held.settle(item, 'given back')
    await whenNothingIsHeld(config.shutdownTimeoutMs, isOfLane)
    for (const item of held) if (isOfLane(item)) item.isRedelivered = true
    // Whoever has it now notes how far it is; our view of it is old.
    const lastSteps = isStillOurs ? stopped.then(() => noteProgress(lane)).catch(() => {}) : stopped
    await Promise.race([lastSteps, delay(LAST_STEPS_LIMIT_MS)])
    waitingRoom.close(laneNumber)
  }

  /** What is done is taken off the disk first: the checkpoint may then leave its attempts behind. */
  async function noteProgress(lane: Lane): Promise<void> {
    await waitingRoom.purge(lane.lane)
    await lane.writeCheckpoint()
  }

  async function whenNothingIsHeld(limitMs: number, isWanted: (item: WorkItem) => boolean): Promise<void> {
    const untilMs = performance.now() + limitMs
    while ([...held].some(isWanted) && performance.now() < untilMs) await delay(STOP_POLL_MS)
  }

  /** What is in hand for long is kept from being handed out again. */
  function holdItems(): void {
    const nowMs = performance.now()
    for (const item of held) {
      if (nowMs - item.heldSinceMs < HOLD_INTERVAL_MS) continue
      item.heldSinceMs = nowMs
      item.message.working()
    }
  }

  async function writeCheckpoints(): Promise<void> {
    await Promise.all([...lanes.values()].map(noteProgress))
  }

  function every(intervalMs: number, task: () => void | Promise<void>): void {
    let isRunning = false
    const timer = setInterval(async () => {
      if (isRunning) return
      isRunning = true
      try {
        await task()
      } catch (error) {
        if (!isStopping) logger.warn({ err: error }, 'a periodic task failed')
      } finally {
        isRunning = false
      }
    }, intervalMs)
    timers.push(timer)
  }

  // -- life ----------------------------------------------------------------------------------------------------------

  async function start(): Promise<void> {
    if (isStarted) return
    isStarted = true
    ledgerSeqAtStart = (await readStreamState(nats, STREAM_NAMES.ledger)).lastSeq
    let afterSeq = Number.POSITIVE_INFINITY
    for (let lane = 0; lane < config.laneCount; lane++)
      afterSeq = Math.min(afterSeq, registry.lanes.get(lane)?.attemptsAfterLedgerSeq ?? 0)
    recordedAttempts = createRecordedAttempts({ nats, logger, afterSeq, min: RECORDED_ATTEMPTS_MIN })
    await recordedAttempts.catchUp()
    await calledOff.start()
    pauseWatch.start()
    await ownership.start()
    every(HOLD_INTERVAL_MS / 2, holdItems)
    every(SHOW_LONG_INTERVAL_MS, attempts.showLong)
    every(CHECKPOINT_INTERVAL_MS, writeCheckpoints)
    every(LOOK_FOR_OTHERS_MS, () => waitingRoom.lookForOthers([...lanes.keys()]))
  }

  async function stop(): Promise<void> {
    if (isStopping || !isStarted) return
    pauseWatch.stop()
    for (const timer of timers) clearInterval(timer)
    const released = ownership.stop().catch((error: unknown) => logger.warn({ err: error }, 'lanes are not given back'))
    await Promise.race([released, delay(config.shutdownTimeoutMs)])
    isStopping = true
    dispatcher.stop()
    await sender.close()
    await calledOff.stop()
    // Without a server there is nothing to wait for: whoever comes next finds out that nobody has the lanes.
    await Promise.race([released, delay(LAST_STEPS_LIMIT_MS)])
  }

  return { name: 'deliverer', start, stop }
}

/** A receiver that refuses a request is well; one that fails, is busy or can't be reached is not. */
function signOf({ result }: MadeRequest, { outcome }: Judgement): 'well' | 'failing' | 'timed-out' {
  if (outcome === 'timeout') return 'timed-out'
  if (result.type === 'responded') {
    const { statusCode } = result.response
    return statusCode >= 500 || statusCode === 429 || statusCode === 408 ? 'failing' : 'well'
  }
  return result.type === 'event-expired' || result.type === 'invalid-header' ? 'well' : 'failing'
}
