import { setTimeout as delay } from 'node:timers/promises'
import { cancelledMessage, isCancelled } from '#shared/domain/cancellation.ts'
import { REQUEST_ORIGIN_HEADER } from '#shared/domain/handshake.ts'
import { type Judgement, judgeAttempt } from '#shared/domain/outcome.ts'
import type { RegisteredSubscription, Registry } from '#shared/domain/registry.ts'
import type { AttemptStarted, DeliveryAttempted } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS, WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import type { RetryDue } from '#shared/facts/waiting.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { CachedEvent, EventCache } from '#shared/runtime/event-cache.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import type { Sender } from '#shared/runtime/sender/sender.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { Span, Tracing } from '#shared/runtime/tracing.ts'
import { attemptFact, type MadeRequest, nextAttempt, policyFor } from './attempt.ts'
import { attemptSpan, endSpan } from './attempt-span.ts'
import type { DelivererConfig } from './config.ts'
import type { AttemptFigures } from './figures.ts'
import type { Settlement } from './held-items.ts'
import type { RecordedAttempts } from './recorded-attempts.ts'
import { buildRequest } from './request.ts'
import type { Settling } from './settling.ts'
import type { Targets } from './targets.ts'
import type { DueAttempt, WorkItem } from './work-item.ts'

export interface AttemptsOptions {
  nats: Nats
  registry: Registry
  ledger: Appender
  waiting: Appender
  eventCache: EventCache
  sender: Sender
  targets: Targets
  recorded: () => RecordedAttempts
  settling: Settling
  config: DelivererConfig
  clock: Clock
  random: () => number
  figures: AttemptFigures
  tracing: Tracing
  logger: Logger
  /** Requests that are cut now are made again after the next start. */
  isStopping(): boolean
  /** Nothing is to be sent for its delivery any more. */
  isCalledOff(attempt: DueAttempt): boolean
  /** What the receiver did, before it is recorded. */
  onAnswered(item: WorkItem, made: MadeRequest, judgement: Judgement): void
  /** What the receiver did is recorded. */
  afterRecorded(item: WorkItem, made: MadeRequest, judgement: Judgement): void
}

/** Makes one attempt at a time of each item, and records it before the item's message is acknowledged. */
export interface Attempts {
  /** Resolves when the receiver's part is over; never rejects. */
  run(item: WorkItem): Promise<void>
  /** An attempt that another has recorded: what they decided holds. */
  followRecorded(item: WorkItem): Promise<Settlement>
  /** Takes back the retry that an earlier run of the attempt may have scheduled. */
  withdrawSchedule(item: WorkItem): Promise<void>
  /** Tells of requests that have been under way for long. */
  showLong(): void
}

/** An attempt that runs for so long is shown as under way. */
const IN_PROGRESS_AFTER_MS = 1_000
const RECORD_AGAIN_MS = 250

export function createAttempts(options: AttemptsOptions): Attempts {
  const { nats, registry, ledger, waiting, eventCache, sender, targets, settling, config, clock, logger, tracing } =
    options
  const recorded = options.recorded
  const { finish, giveBack } = settling
  const startedRequests = new Map<WorkItem, number>()

  async function run(item: WorkItem): Promise<void> {
    const { attempt } = item
    try {
      const subscription = registry.subscriptions.get(attempt.subscriptionId)
      if (subscription === undefined || options.isCalledOff(attempt)) {
        finish(item)
        return
      }
      const made = await makeRequest(item, subscription)
      // The receiver's part is over: the next request to it needn't wait for the fact's fsync.
      if (made !== null) void complete(item, made, subscription)
    } catch (error) {
      startedRequests.delete(item)
      giveBack(item, error)
    }
  }

  async function complete(item: WorkItem, made: MadeRequest, subscription: RegisteredSubscription): Promise<void> {
    try {
      const judgement = judge(item, made, subscription)
      endSpan(made, judgement)
      options.onAnswered(item, made, judgement)
      finish(item, await recordAtLast(item, made, judgement))
      options.afterRecorded(item, made, judgement)
    } catch (error) {
      giveBack(item, error)
    }
  }

  /** What the receiver has answered is not thrown away for trouble of our own: it would be asked again. */
  async function recordAtLast(item: WorkItem, made: MadeRequest, judgement: Judgement): Promise<Settlement> {
    while (true) {
      try {
        return await record(item, made, judgement)
      } catch (error) {
        if (options.isStopping()) throw error
        logger.warn({ err: error, delivery_id: item.attempt.deliveryId }, 'an attempt is not recorded yet')
        await delay(RECORD_AGAIN_MS)
      }
    }
  }

  /** @returns null when a stop cut the request off: it is made again after the next start. */
  async function makeRequest(item: WorkItem, subscription: RegisteredSubscription): Promise<MadeRequest | null> {
    const { eventSeq } = item.attempt
    const cached = eventCache.get(eventSeq)
    const event = cached instanceof Promise ? await cached : cached
    const startedAtMs = clock.nowMs()
    const trace = traceOf(item.attempt, event, subscription)
    const { span } = trace
    const instant = (made: MadeRequest['result']) => ({
      result: made,
      startedAtMs,
      finishedAtMs: startedAtMs,
      durationMs: 0,
      span,
    })
    if (event === null) return instant({ type: 'event-expired', message: 'The event is no longer kept' })
    const sent = { ...event, replayId: item.attempt.replayId, traceparent: trace.sent }
    const request = buildRequest(targets.of(subscription), sent, Math.floor(startedAtMs / 1_000), config.format)
    if (subscription.state.handshake) request?.headers.push(REQUEST_ORIGIN_HEADER, config.origin)
    if (request === null) return instant({ type: 'invalid-header', message: 'A header value is not visible ASCII' })
    const begin = performance.now()
    startedRequests.set(item, begin)
    const result = await sender.send(request)
    startedRequests.delete(item)
    if (options.isStopping() && result.type === 'connection-failed') {
      span?.end('stopping')
      return null
    }
    return { result, startedAtMs, finishedAtMs: clock.nowMs(), durationMs: Math.round(performance.now() - begin), span }
  }

  /** The span of an attempt, and what its receiver is told of it: without tracing what the publisher has given. */
  function traceOf(attempt: DueAttempt, event: CachedEvent | null, { state }: RegisteredSubscription) {
    const parent = event?.event.traceparent
    const span = tracing.isOn ? tracing.begin(attemptSpan(attempt, state, parent)) : null
    return { span, sent: config.sendsTraceparent ? (span?.traceparent ?? parent) : undefined }
  }

  /** First the schedule of the retry, then the fact: a crash in between repeats the attempt. May be done more than once. */
  async function record(item: WorkItem, made: MadeRequest, judgement: Judgement): Promise<Settlement> {
    const { attempt, lane } = item
    if (item.isRedelivered) {
      await recorded().catchUp()
      if (recorded().has(attempt.attemptId)) return followRecorded(item)
    }
    const latest = registry.subscriptions.get(attempt.subscriptionId)
    const fact = attemptFact(attempt, made, judgement, options.isCalledOff(attempt))
    if (isCancelled(attempt, latest) && latest !== undefined && fact.decision.type === 'cancelled')
      await sayCancelled(latest)
    if (fact.decision.type === 'retry') {
      await schedule(lane, nextAttempt(attempt, fact, fact.decision, { source: item.source, seq: item.message.seq }))
    }
    const { isDuplicate } = await ledger.append({
      subject: LEDGER_SUBJECTS.attempt,
      body: JSON.stringify(fact),
      msgId: attempt.attemptId,
    })
    if (isDuplicate) return followRecorded(item)
    recorded().add(fact)
    options.figures.recorded(fact, attempt)
    logAttempt(fact, attempt.replayId, made.span)
    if (fact.decision.type === 'retry') return 'retried'
    // Only now is it certain that ours is the decision that holds.
    if (item.isRedelivered) await withdrawSchedule(item)
    return 'ended'
  }

  function judge({ attempt }: WorkItem, made: MadeRequest, subscription: RegisteredSubscription): Judgement {
    const { deliveryId, attemptNumber } = attempt
    const context = { deliveryId, attemptNumber, nowMs: made.finishedAtMs, random: options.random() }
    return judgeAttempt(made.result, context, policyFor(subscription, config.retryPolicy))
  }

  /** Somebody else was handed the same attempt and has recorded it first: what they decided holds. */
  async function followRecorded(item: WorkItem): Promise<Settlement> {
    await recorded().catchUp()
    if (recorded().retryOf(item.attempt.attemptId)) return 'retried'
    await withdrawSchedule(item)
    return 'ended'
  }

  async function schedule(lane: number, retry: RetryDue): Promise<void> {
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

  function logAttempt(fact: DeliveryAttempted, replayId: string | undefined, span: Span | null): void {
    if (fact.decision.type === 'succeeded' && !logger.isLevelEnabled('debug')) return
    const fields = {
      delivery_id: fact.deliveryId,
      attempt: fact.attemptNumber,
      status: fact.response?.statusCode ?? null,
      elapsed_ms: fact.durationMs,
      outcome: fact.outcome,
      decision: fact.decision.type,
      ...(replayId === undefined ? {} : { replay_id: replayId }),
      ...(span === null ? {} : { trace_id: span.traceId }),
    }
    if (fact.decision.type === 'succeeded') logger.debug(fields, 'attempt finished')
    else logger.info(fields, 'attempt finished')
  }

  function showLong(): void {
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

  return { run, followRecorded, withdrawSchedule, showLong }
}
