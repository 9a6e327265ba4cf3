import { setTimeout as delay } from 'node:timers/promises'
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiError,
  type JsMsg,
} from '@nats-io/jetstream'
import type { LaneSource } from '#shared/runtime/lane-sources.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { PULL_EXPIRES_MS, PULL_HEARTBEAT_MS, stopWhenSilent, UP_POLL_MS } from '#shared/runtime/stream-reader.ts'
import { readStreamState } from '#shared/runtime/streams.ts'

const NANOS_PER_MS = 1_000_000
const CONSUMER_NOT_FOUND = 10014
const RESTART_WAIT_MS = 250

/** A message whose owner is silent for so long is handed out again: it is told every `HOLD_INTERVAL_MS`. */
export const ACK_WAIT_MS = 15_000
export const HOLD_INTERVAL_MS = 4_000

export interface LaneConsumerOptions {
  nats: Nats
  logger: Logger
  source: LaneSource
  /** Messages handed out and not acknowledged at the most. */
  unacknowledgedMax: number
  /** Where a consumer that has to be made (again) starts. */
  afterSeq: number
  /** Asked after each break: others may have taken the lane meanwhile, and with it the consumer. */
  isStillOurs(): Promise<boolean>
  /** @param isSeenBefore It was handed out before, perhaps to another process. */
  onMessage(message: JsMsg, isSeenBefore: boolean): void
}

export interface LaneConsumer {
  /** Resolves once everything that isn't acknowledged will be handed out again, in order. */
  takeOver(): Promise<void>
  start(): void
  /** Takes no further message; those handed out stay the caller's. */
  stop(): Promise<void>
  /** Everything up to here may have been handed out before it was taken over, or before the last break. */
  seenThroughSeq(): number
  /** Failures since it last consumed. */
  failuresInARow(): number
}

function consumerConfig({ source, unacknowledgedMax, afterSeq }: LaneConsumerOptions): Partial<ConsumerConfig> {
  return {
    durable_name: source.consumerName,
    filter_subject: source.filterSubject,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ACK_WAIT_MS * NANOS_PER_MS,
    max_deliver: -1,
    max_ack_pending: unacknowledgedMax,
    ...(afterSeq > 0
      ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: afterSeq + 1 }
      : { deliver_policy: DeliverPolicy.All }),
  }
}

/**
 * Makes the durable consumer when it is missing; an existing one is never created over.
 * @returns The last sequence that the server knows to have handed out.
 */
async function ensureConsumer(options: LaneConsumerOptions): Promise<number> {
  const { nats, source, unacknowledgedMax } = options
  try {
    const { config, delivered } = await nats.ask(() => nats.jsm.consumers.info(source.stream, source.consumerName))
    if (config.max_ack_pending !== unacknowledgedMax || config.ack_wait !== ACK_WAIT_MS * NANOS_PER_MS)
      await nats.jsm.consumers.update(source.stream, source.consumerName, {
        max_ack_pending: unacknowledgedMax,
        ack_wait: ACK_WAIT_MS * NANOS_PER_MS,
      })
    return delivered.stream_seq
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === CONSUMER_NOT_FOUND)) throw error
    await nats.jsm.consumers.add(source.stream, consumerConfig(options))
    return 0
  }
}

/**
 * What was handed out and not acknowledged is handed out again at once, and in order: whoever had it before is no more, or has
 * given the lane back. Waiting for `ack_wait` would take longer, and new messages would overtake.
 * @returns The last sequence that may have been handed out before. The server itself may have forgotten, as it writes a
 * consumer's state down later than it hands out.
 */
async function takeOver(options: LaneConsumerOptions): Promise<number> {
  const { nats, source } = options
  const deliveredSeq = await ensureConsumer(options)
  const { lastSeq } = await readStreamState(nats, source.stream)
  await nats.ask(() => nats.jsm.consumers.reset(source.stream, source.consumerName))
  return Math.max(lastSeq, deliveredSeq)
}

/** Hands out a lane's messages and starts over, for ever, whenever the server or the consumer goes away. */
export function createLaneConsumer(options: LaneConsumerOptions): LaneConsumer {
  const { nats, logger, source } = options
  const stopping = new AbortController()
  let messages: ConsumerMessages | null = null
  let running: Promise<void> | null = null
  let seenThroughSeq = 0
  let isFirst = true
  let failuresInARow = 0

  async function consumeOnce(): Promise<void> {
    // What was on its way when the connection broke is lost: without this, newer messages would come before it.
    if (!isFirst) {
      if (!(await options.isStillOurs())) return
      seenThroughSeq = Math.max(seenThroughSeq, await takeOver(options))
    }
    isFirst = false
    if (stopping.signal.aborted) return
    const consumer = await nats.unlessLost(nats.js.consumers.get(source.stream, source.consumerName))
    if (stopping.signal.aborted) return
    const consuming = consumer.consume({
      max_messages: Math.min(options.unacknowledgedMax, 500),
      expires: PULL_EXPIRES_MS,
      idle_heartbeat: PULL_HEARTBEAT_MS,
      abort_on_missing_resource: true,
      callback: (message) => options.onMessage(message, message.redelivered || message.seq <= seenThroughSeq),
    })
    messages = await nats.unlessLost(consuming)
    failuresInARow = 0
    if (stopping.signal.aborted) messages.stop()
    void stopWhenSilent(messages)
    // What the server has forgotten in a restart the client would find out only after seconds.
    const forget = nats.onReconnect(() => messages?.stop())
    const reason = await messages.closed().finally(forget)
    if (reason instanceof Error) throw reason
  }

  async function insist(act: () => Promise<void>): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        return await act()
      } catch (error) {
        logger.warn({ err: error, consumer: source.consumerName }, 'a lane could not be taken over yet')
        await delay(RESTART_WAIT_MS, undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (!nats.isUp()) {
        await delay(UP_POLL_MS, undefined, { signal: stopping.signal }).catch(() => {})
        continue
      }
      try {
        await consumeOnce()
      } catch (error) {
        failuresInARow++
        if (!stopping.signal.aborted) logger.warn({ err: error, consumer: source.consumerName }, 'lane starts again')
      }
      await delay(RESTART_WAIT_MS, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  return {
    takeOver: () =>
      insist(async () => {
        seenThroughSeq = await takeOver(options)
      }),
    start() {
      if (!stopping.signal.aborted) running ??= run()
    },
    async stop() {
      stopping.abort()
      messages?.stop()
      await running
    },
    seenThroughSeq: () => seenThroughSeq,
    failuresInARow: () => failuresInARow,
  }
}
