import { setTimeout as delay } from 'node:timers/promises'
import type { JsMsg } from '@nats-io/jetstream'
import { cancelledMessage, isCancelled } from '#shared/domain/cancellation.ts'
import { type Judgement, judgeAttempt } from '#shared/domain/outcome.ts'
import type { RegisteredSubscription, Registry } from '#shared/domain/registry.ts'
import type { SecretBox } from '#shared/domain/secret-box.ts'
import { controlSubject, type LaneCheckpoint, type SubscriptionSecrets } from '#shared/facts/control.ts'
import type { AttemptStarted, DeliveryAttempted } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS, WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import type { EventCache } from '#shared/runtime/event-cache.ts'
import { type LaneSource, laneSources } from '#shared/runtime/lane-sources.ts'
import type { Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { attemptFact, type MadeRequest, nextAttempt, policyFor } from './attempt.ts'
import type { DelivererConfig } from './config.ts'
import { createDispatcher } from './dispatcher.ts'
import { attemptBefore, createHeldItems, type Settlement } from './held-items.ts'
import { ACK_WAIT_MS, createLaneConsumer, HOLD_INTERVAL_MS, type LaneConsumer } from './lane.ts'
import { advanceLane, type ConsumerPosition, type LaneProgress } from './lane-progress.ts'
import { createRecordedAttempts, type RecordedAttempts } from './recorded-attempts.ts'
import { buildRequest, type PreparedTarget, prepareTarget } from './request.ts'
import { createSender, type Sender } from './sender.ts'
import { attemptOfDelivery, attemptOfRetry, type DueAttempt, type WorkItem } from './work-item.ts'

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
  logger: Logger
}

const CONTROL_WAIT_MS = 5_000
const CHECKPOINT_INTERVAL_MS = 5_000
const IN_PROGRESS_CHECK_MS = 500
/** An attempt that runs for so long is shown as under way. */
const IN_PROGRESS_AFTER_MS = 1_000
const RECORDED_ATTEMPTS_MAX = 200_000
/** A schedule that fires this much before its time (another machine's clock) is taken as due. */
const EARLY_TOLERANCE_MS = 1_000
/** An earlier one is put off for so long at the most: it may be our clock that is wrong, and set right soon. */
const EARLY_NAK_MAX_MS = 10_000
/** Fired retries of a lane that are done before they are purged. */
const PURGE_AFTER = 2_000
const TROUBLE_NAK_MS = 1_000
const ORDER_NAK_MS = 500
/** After not running for so long, what was held may have been handed to another. */
const PAUSE_MS = ACK_WAIT_MS - 2 * HOLD_INTERVAL_MS
const PAUSE_CHECK_MS = 1_000
const STOP_POLL_MS = 10
const LAST_STEPS_LIMIT_MS = 1_000

interface Lane {
  sources: Record<WorkItem['source'], LaneSource>
  consumers: LaneConsumer[]
  progress: LaneProgress
  /** Something has come since the last checkpoint, or was in hand then. */
  isMoving: boolean
  purgedThroughSeq: number
  /** Looks at the consumers' positions that are under way. */
  looking: Record<WorkItem['source'], Promise<ConsumerPosition> | null>
}

/**
 * Makes the attempts: takes what is due from its lanes, sends, decides, and acknowledges a message only when the
 * attempt's fact (and before it the schedule of its retry) is on disk. A crash in between repeats an attempt, it never
 * loses one.
 */
export function createDeliverer(deps: DelivererDependencies): Service {
  const { nats, registry, controlReader, ledger, waiting, control, eventCache, config, clock, logger } = deps
  const sender = deps.sender ?? createSender(config.sender)
  const dispatcher = createDispatcher(config.dispatcher, run)
  const lanes: Lane[] = []
  const targets = new Map<string, { seq: number; target: PreparedTarget }>()
  const startedRequests = new Map<WorkItem, number>()
  const held = createHeldItems()
  const timers: NodeJS.Timeout[] = []
  let recorded: RecordedAttempts
  let isStopping = false
  let isStarted = false
  let ledgerSeqAtStart = 0
  let lastRunMs = performance.now()
  /** What comes now was sent to us before a pause ended: another may have been given it since. */
  let areSuspect = false

  // -- receiving ---------------------------------------------------------------------------------------------------

  function createLane(lane: number): Lane {
    const checkpoint: LaneCheckpoint = registry.lanes.get(lane) ?? {
      v: 1,
      type: 'lane',
      lane,
      ledgerSeq: 0,
      waitingSeq: 0,
      attemptsAfterLedgerSeq: 0,
    }
    const sources = laneSources(lane)
    const consumerOf = (source: WorkItem['source'], afterSeq: number) =>
      createLaneConsumer({
        nats,
        logger,
        source: sources[source],
        unacknowledgedMax: config.laneBacklogMax,
        afterSeq,
        onMessage: (message) => receive(message, source, lane),
      })
    return {
      sources,
      consumers: [consumerOf('ledger', checkpoint.ledgerSeq), consumerOf('waiting', checkpoint.waitingSeq)],
      progress: { checkpoint, marks: [] },
      isMoving: true,
      purgedThroughSeq: checkpoint.waitingSeq,
      looking: { ledger: null, waiting: null },
    }
  }

  function receive(message: JsMsg, source: WorkItem['source'], laneNumber: number): void {
    if (isStopping) return
    noticePause()
    const lane = lanes[laneNumber]!
    lane.isMoving = true
    const { checkpoint } = lane.progress
    if (message.seq <= (source === 'ledger' ? checkpoint.ledgerSeq : checkpoint.waitingSeq)) {
      // Done long ago: the server has lost its consumer's state.
      message.ack()
      return
    }
    let attempt: DueAttempt
    try {
      attempt = source === 'ledger' ? attemptOfDelivery(message) : attemptOfRetry(message)
    } catch (error) {
      // Not ours to skip: it stays unacknowledged, is seen again, and the alarm goes on.
      logger.error({ err: error, source, seq: message.seq }, 'a message could not be read')
      message.nak(TROUBLE_NAK_MS * 30)
      return
    }
    const item: WorkItem = {
      attempt: asDecided(attempt),
      message,
      lane: laneNumber,
      source,
      isRedelivered: message.redelivered || areSuspect,
      heldSinceMs: performance.now(),
    }
    const inHand = held.of(attempt.attemptId)
    if (inHand !== null) {
      // The same message again is acknowledged with the one in hand; another one (a schedule that fired twice) waits for it.
      if (inHand.source !== source || inHand.message.seq !== message.seq) message.nak(ORDER_NAK_MS)
      return
    }
    held.add(item)
    const mustAsk =
      item.isRedelivered ||
      !isBeforeRecorded(attempt) ||
      registry.seq < attempt.controlSeq ||
      (item.attempt.dueAtMs ?? 0) > clock.nowMs() + EARLY_TOLERANCE_MS
    if (mustAsk) void prepare(item)
    else offer(item)
  }

  /**
   * Who doesn't run for long loses what he holds to another, and finds out by himself only. What is held, and what the
   * server has sent by then, is looked up in LEDGER before anything follows from it.
   */
  function noticePause(): void {
    const nowMs = performance.now()
    const pausedMs = Math.round(nowMs - lastRunMs)
    lastRunMs = nowMs
    if (pausedMs < PAUSE_MS) return
    logger.warn({ pausedMs, count: held.size }, 'this process was paused')
    for (const item of held) item.isRedelivered = true
    for (const item of dispatcher.takeWaiting()) void prepare(item)
    areSuspect = true
    const flushed = nats.connection.flush().catch(() => {})
    void flushed.finally(() => {
      areSuspect = false
    })
  }

  /** The uncommon cases, which need an answer from elsewhere before the attempt may be made. */
  async function prepare(item: WorkItem): Promise<void> {
    const { attempt } = item
    try {
      if (item.isRedelivered) await recorded.catchUp()
      switch (await placeInSeries(item)) {
        case 'superfluous':
          finish(item)
          return
        case 'not yet':
          handBack(item, ORDER_NAK_MS)
          return
        case 'next':
          break
      }
      item.attempt = asDecided(attempt)
      const earlyMs = (item.attempt.dueAtMs ?? 0) - clock.nowMs()
      if (earlyMs > EARLY_TOLERANCE_MS) {
        handBack(item, Math.min(earlyMs, EARLY_NAK_MAX_MS))
        return
      }
      while (!isStopping && !(await controlReader.waitFor(attempt.controlSeq, CONTROL_WAIT_MS))) {
        logger.warn({ wanted: attempt.controlSeq, seq: registry.seq }, 'a delivery waits for CONTROL')
      }
      offer(item)
    } catch (error) {
      giveBack(item, error)
    }
  }

  /** A first attempt, or one after another of which it is known that a retry follows it. */
  function isBeforeRecorded(attempt: DueAttempt): boolean {
    const before = attemptBefore(attempt)
    return before === null || Boolean(recorded.retryOf(before))
  }

  /** A schedule may be of an earlier run of the attempt before it, or of another's: what is recorded holds. */
  function asDecided(attempt: DueAttempt): DueAttempt {
    const before = attemptBefore(attempt)
    const retry = before === null ? null : recorded.retryOf(before)
    return retry ? { ...attempt, dueAtMs: retry.dueAtMs, createdAtMs: retry.decidedAtMs } : attempt
  }

  /**
   * A retry is scheduled before the fact that calls for it. After a crash in between it comes due while the attempt before it
   * is still to be made again: it waits for that one, whose outcome may make it superfluous.
   */
  async function placeInSeries({ attempt, lane }: WorkItem): Promise<'next' | 'not yet' | 'superfluous'> {
    const before = attemptBefore(attempt)
    if (before === null) return 'next'
    if ((await held.settlementOf(before)) === 'ended') return 'superfluous'
    if (recorded.retryOf(before) === undefined) await recorded.catchUp()
    const retry = recorded.retryOf(before)
    if (retry !== undefined) return retry === null ? 'superfluous' : 'next'
    // Not remembered: it was recorded long ago if the message that it came by is acknowledged.
    const { after } = attempt
    return after === undefined || (await settledThrough(lanes[lane]!, after.source)) >= after.seq ? 'next' : 'not yet'
  }

  /** Up to which sequence every message of the lane's source is acknowledged; those who ask at once share one look. */
  async function settledThrough(lane: Lane, source: WorkItem['source']): Promise<number> {
    lane.looking[source] ??= positionOf(lane.sources[source]).finally(() => {
      lane.looking[source] = null
    })
    const { ackedThroughSeq } = await lane.looking[source]
    const { ledgerSeq, waitingSeq } = lane.progress.checkpoint
    return Math.max(ackedThroughSeq, source === 'ledger' ? ledgerSeq : waitingSeq)
  }

  function offer(item: WorkItem): void {
    if (!recorded.has(item.attempt.attemptId)) dispatcher.add(item)
    else if (item.isRedelivered) void finishRecorded(item)
    else finish(item)
  }

  /** Who recorded it may have died before it could take back what an earlier run had scheduled. */
  async function finishRecorded(item: WorkItem): Promise<void> {
    try {
      finish(item, await followRecorded(item))
    } catch (error) {
      giveBack(item, error)
    }
  }

  // -- one attempt -------------------------------------------------------------------------------------------------

  async function run(item: WorkItem): Promise<void> {
    const { attempt } = item
    try {
      const subscription = registry.subscriptions.get(attempt.subscriptionId)
      if (subscription === undefined || isCancelled(attempt, subscription)) {
        finish(item)
        return
      }
      const made = await makeRequest(item, subscription)
      // The receiver's part is over: the next request to it needn't wait for the fact's fsync.
      if (made !== null) void complete(item, made, subscription)
    } catch (error) {
      giveBack(item, error)
    }
  }

  async function complete(item: WorkItem, made: MadeRequest, subscription: RegisteredSubscription): Promise<void> {
    try {
      finish(item, await record(item, made, subscription))
    } catch (error) {
      giveBack(item, error)
    }
  }

  /** @returns null when a stop cut the request off: it is made again after the next start. */
  async function makeRequest(item: WorkItem, subscription: RegisteredSubscription): Promise<MadeRequest | null> {
    const { eventSeq } = item.attempt
    const cached = eventCache.get(eventSeq)
    const event = cached instanceof Promise ? await cached : cached
    const startedAtMs = clock.nowMs()
    const instant = (made: MadeRequest['result']) => ({
      result: made,
      startedAtMs,
      finishedAtMs: startedAtMs,
      durationMs: 0,
    })
    if (event === null) return instant({ type: 'event-expired', message: 'The event is no longer kept' })
    const request = buildRequest(targetOf(subscription), event, Math.floor(startedAtMs / 1_000), config.format)
    if (request === null) return instant({ type: 'invalid-header', message: 'A header value is not visible ASCII' })
    const begin = performance.now()
    startedRequests.set(item, begin)
    const result = await sender.send(request)
    startedRequests.delete(item)
    if (isStopping && result.type === 'connection-failed') return null
    return { result, startedAtMs, finishedAtMs: clock.nowMs(), durationMs: Math.round(performance.now() - begin) }
  }

  function targetOf({ state, seq }: RegisteredSubscription): PreparedTarget {
    const known = targets.get(state.subscriptionId)
    if (known?.seq === seq) return known.target
    const secrets = JSON.parse(
      deps.secretBox.open(state.sealed, `subscription:${state.subscriptionId}`),
    ) as SubscriptionSecrets
    const target = prepareTarget(state, secrets, config.format)
    targets.set(state.subscriptionId, { seq, target })
    return target
  }

  /** First the schedule of the retry, then the fact: a crash in between repeats the attempt. */
  async function record(item: WorkItem, made: MadeRequest, subscription: RegisteredSubscription): Promise<Settlement> {
    const { attempt, lane } = item
    if (item.isRedelivered) {
      await recorded.catchUp()
      if (recorded.has(attempt.attemptId)) return followRecorded(item)
    }
    const latest = registry.subscriptions.get(attempt.subscriptionId)
    const fact = attemptFact(attempt, made, judge(item, made, subscription), isCancelled(attempt, latest))
    if (fact.decision.type === 'cancelled' && latest !== undefined) await sayCancelled(latest)
    if (fact.decision.type === 'retry') {
      await schedule(lane, nextAttempt(fact, fact.decision, { source: item.source, seq: item.message.seq }))
    }
    const { isDuplicate } = await ledger.append({
      subject: LEDGER_SUBJECTS.attempt,
      body: JSON.stringify(fact),
      msgId: attempt.attemptId,
    })
    if (isDuplicate) return followRecorded(item)
    recorded.add(fact)
    logAttempt(fact)
    if (fact.decision.type === 'retry') return 'retried'
    // Only now is it certain that ours is the decision that holds.
    if (item.isRedelivered) await withdrawSchedule(item)
    return 'ended'
  }

  function judge({ attempt }: WorkItem, made: MadeRequest, subscription: RegisteredSubscription): Judgement {
    const { deliveryId, attemptNumber } = attempt
    const context = { deliveryId, attemptNumber, nowMs: made.finishedAtMs, random: deps.random() }
    return judgeAttempt(made.result, context, policyFor(subscription, config.retryPolicy))
  }

  /** Somebody else was handed the same attempt and has recorded it first: what they decided holds. */
  async function followRecorded(item: WorkItem): Promise<Settlement> {
    await recorded.catchUp()
    if (recorded.retryOf(item.attempt.attemptId)) return 'retried'
    await withdrawSchedule(item)
    return 'ended'
  }

  async function schedule(lane: number, retry: ReturnType<typeof nextAttempt>): Promise<void> {
    await waiting.append({
      subject: WAITING_SUBJECTS.retry(lane, retry.subscriptionId, retry.deliveryId),
      body: JSON.stringify(retry),
      msgId: retry.attemptId,
      headers: {
        'Nats-Schedule': `@at ${new Date(retry.dueAtMs).toISOString()}`,
        'Nats-Schedule-Target': WAITING_SUBJECTS.due(lane),
      },
    })
  }

  /** Who called it off says so too, unless they died before they could. */
  async function sayCancelled({ state, cancelledBeforeSeq }: RegisteredSubscription): Promise<void> {
    await ledger.append(cancelledMessage(state, { controlSeq: cancelledBeforeSeq, atMs: clock.nowMs() }))
  }

  /** An earlier run may have scheduled a retry and died before its fact: that retry must not follow a final outcome. */
  async function withdrawSchedule({ attempt, lane }: WorkItem): Promise<void> {
    await nats.jsm.streams.purge(STREAM_NAMES.waiting, {
      filter: WAITING_SUBJECTS.retry(lane, attempt.subscriptionId, attempt.deliveryId),
    })
  }

  function finish(item: WorkItem, settlement: Settlement = 'known'): void {
    held.settle(item, settlement)
    item.message.ack()
  }

  /** It comes again after `delayMs`, to us or to another process. */
  function handBack(item: WorkItem, delayMs: number): void {
    held.settle(item, 'given back')
    item.message.nak(delayMs)
  }

  /** Our own trouble, not the receiver's: the message comes again. */
  function giveBack(item: WorkItem, error: unknown): void {
    startedRequests.delete(item)
    if (isStopping) {
      held.settle(item, 'given back')
      return
    }
    logger.error(
      { err: error, delivery_id: item.attempt.deliveryId, attempt: item.attempt.attemptNumber },
      'attempt could not be completed',
    )
    handBack(item, TROUBLE_NAK_MS)
  }

  function logAttempt(fact: DeliveryAttempted): void {
    if (fact.decision.type === 'succeeded' && !logger.isLevelEnabled('debug')) return
    const fields = {
      delivery_id: fact.deliveryId,
      attempt: fact.attemptNumber,
      status: fact.response?.statusCode ?? null,
      elapsed_ms: fact.durationMs,
      outcome: fact.outcome,
      decision: fact.decision.type,
    }
    if (fact.decision.type === 'succeeded') logger.debug(fields, 'attempt finished')
    else logger.info(fields, 'attempt finished')
  }

  // -- at intervals ------------------------------------------------------------------------------------------------

  /** What is in hand for long is kept from being handed out again. */
  function holdItems(): void {
    const nowMs = performance.now()
    for (const item of held) {
      if (nowMs - item.heldSinceMs < HOLD_INTERVAL_MS) continue
      item.heldSinceMs = nowMs
      item.message.working()
    }
  }

  function showLongRequests(): void {
    const nowMs = performance.now()
    for (const [item, begin] of startedRequests) {
      if (nowMs - begin < IN_PROGRESS_AFTER_MS) break
      startedRequests.delete(item)
      const { attemptId, deliveryId } = item.attempt
      const startedAtMs = Math.round(clock.nowMs() - (nowMs - begin))
      const fact: AttemptStarted = { v: 1, type: 'started', attemptId, deliveryId, startedAtMs }
      ledger.append({ subject: LEDGER_SUBJECTS.attemptStarted, body: JSON.stringify(fact) }).catch((error: unknown) => {
        logger.debug({ err: error }, 'a long attempt could not be shown')
      })
    }
  }

  async function writeCheckpoints(): Promise<void> {
    await Promise.all(lanes.filter(({ isMoving }) => isMoving).map(writeCheckpoint))
  }

  async function writeCheckpoint(lane: Lane): Promise<void> {
    const before = lane.progress.checkpoint
    lane.isMoving = false
    const ledgerLastSeq = Math.max(ledger.lastSeq, ledgerSeqAtStart)
    const [ledgerPosition, waitingPosition] = await Promise.all([
      positionOf(lane.sources.ledger),
      positionOf(lane.sources.waiting),
    ])
    lane.progress = advanceLane(lane.progress, { ledger: ledgerPosition, waiting: waitingPosition, ledgerLastSeq })
    if (lane.progress.marks.length > 0) lane.isMoving = true
    const { checkpoint } = lane.progress
    if (checkpoint.ledgerSeq === before.ledgerSeq && checkpoint.waitingSeq === before.waitingSeq) return
    await control.append({ subject: controlSubject(checkpoint), body: JSON.stringify(checkpoint) })
    if (checkpoint.waitingSeq - lane.purgedThroughSeq < PURGE_AFTER) return
    await nats.jsm.streams.purge(STREAM_NAMES.waiting, {
      filter: lane.sources.waiting.filterSubject,
      seq: checkpoint.waitingSeq + 1,
    })
    lane.purgedThroughSeq = checkpoint.waitingSeq
  }

  async function positionOf({ stream, consumerName }: LaneSource): Promise<ConsumerPosition> {
    const { ack_floor, delivered } = await nats.ask(() => nats.jsm.consumers.info(stream, consumerName))
    return { ackedThroughSeq: ack_floor.stream_seq, deliveredThroughSeq: delivered.stream_seq }
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

  // -- life --------------------------------------------------------------------------------------------------------

  async function start(): Promise<void> {
    if (isStarted) return
    isStarted = true
    ledgerSeqAtStart = (await readStreamState(nats, STREAM_NAMES.ledger)).lastSeq
    for (let lane = 0; lane < config.laneCount; lane++) lanes.push(createLane(lane))
    recorded = createRecordedAttempts({
      nats,
      logger,
      afterSeq: Math.min(...lanes.map((lane) => lane.progress.checkpoint.attemptsAfterLedgerSeq)),
      max: RECORDED_ATTEMPTS_MAX,
    })
    await recorded.catchUp()
    for (const lane of lanes) for (const consumer of lane.consumers) consumer.start()
    every(HOLD_INTERVAL_MS / 2, holdItems)
    every(IN_PROGRESS_CHECK_MS, showLongRequests)
    lastRunMs = performance.now()
    every(PAUSE_CHECK_MS, noticePause)
    every(CHECKPOINT_INTERVAL_MS, writeCheckpoints)
  }

  async function stop(): Promise<void> {
    if (isStopping || !isStarted) return
    const stopped = Promise.all(lanes.flatMap((lane) => lane.consumers.map((consumer) => consumer.stop())))
    for (const item of dispatcher.takeWaiting()) handBack(item, 0)
    await whenNothingIsHeld(config.shutdownTimeoutMs)
    isStopping = true
    for (const timer of timers) clearInterval(timer)
    await sender.close()
    // Without a server there is nothing to wait for: consumers and checkpoints are found as they were.
    const lastSteps = stopped
      .then(writeCheckpoints)
      .catch((error: unknown) => logger.warn({ err: error }, 'no last checkpoint'))
    await Promise.race([lastSteps, delay(LAST_STEPS_LIMIT_MS)])
  }

  async function whenNothingIsHeld(limitMs: number): Promise<void> {
    const untilMs = performance.now() + limitMs
    while (held.size > 0 && performance.now() < untilMs) await delay(STOP_POLL_MS)
  }

  return { name: 'deliverer', start, stop }
}
