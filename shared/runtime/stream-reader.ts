import { setTimeout as delay } from 'node:timers/promises'
import { type Consumer, type ConsumerMessages, DeliverPolicy, type JsMsg } from '@nats-io/jetstream'
import { type PartState, unwell, WELL } from './health.ts'
import type { Logger } from './logger.ts'
import type { Nats } from './nats.ts'
import type { OwnAppends, StreamMessage } from './own-appends.ts'
import type { StreamName } from './streams.ts'

/** How a consumer pulls: short, so that a lost server is noticed in seconds (the defaults can be silent for 30 s). */
export const PULL_EXPIRES_MS = 5_000
export const PULL_HEARTBEAT_MS = 1_000
const RESTART_WAIT_MS = 250
const RESTART_WAIT_MAX_MS = 1_000
/** One or two failures are what a restart of a server costs. */
const UNWELL_FROM_FAILURES = 3
/** Who reads for so long has got over it, though nothing may have come. */
const WELL_AFTER_MS = 5_000
export const UP_POLL_MS = 25
const STOP_LIMIT_MS = 1_000
/** A batch of so many says that there is load. */
const BUSY_BATCH = 8
/** Without an append of one's own for so long, the server is followed again: others may have written. */
const OWN_IDLE_MS = 100
/** Each turn back to the server costs it a consumer, which it keeps for a while. */
const TURN_INTERVAL_MS = 5_000

interface ReaderOptions {
  nats: Nats
  logger: Logger
  stream: StreamName
  /** Only these subjects; all of them when left out. */
  filterSubjects?: string[]
  /** Asked at each (re)start: the sequence to go on with. */
  fromSeq(): number | Promise<number>
  /** Instead of a consumer of this reader's own: one that the server remembers. Acknowledging is the caller's part. */
  openConsumer?(): Promise<Consumer>
  /** Asked first: where this gives a time, reading begins with the first message of then. */
  startTime?(): Date | null
  /** Messages come without their bodies. */
  headersOnly?: boolean
  /** Messages of one batch at the most. */
  batchMax: number
  /**
   * Under load, the pause in ms after a batch that was not full: the next one is then larger and what each batch costs
   * is shared by more messages. A message that comes alone, with none within this time before it, never waits, nor does the
   * next one. Default 0.
   */
  gatherMs?: number
}

/**
 * Called with one batch after the other, in stream order, never two at once. When it throws, reading starts again
 * from `fromSeq()` after a short wait, which gets longer each time, for ever.
 * @param isAtEnd Nothing more was there to be read when the last one of them came.
 */
type OnBatch<Message> = (messages: Message[], isAtEnd: () => boolean) => Promise<void>

interface FromServer extends ReaderOptions {
  isOwnTakenFromMemory?: false
  onBatch: OnBatch<JsMsg>
}

interface FromMemoryToo extends ReaderOptions {
  /** Under load, what this very process has appended is not fetched from the server again. Filters must be whole subjects. */
  isOwnTakenFromMemory: true
  onBatch: OnBatch<StreamMessage>
}

export type StreamReaderOptions = FromServer | FromMemoryToo

export interface StreamReader {
  start(): void
  /** Resolves when the batch in hand is done, or after a second. */
  stop(): Promise<void>
  /** Not well when it starts again and again, and no batch gets through. */
  state(): PartState
}

/**
 * Reads a stream in order from a sequence that the caller keeps, and follows it. Nothing is acknowledged, nothing is
 * kept on the server: the caller's checkpoint is the only one, unless the caller brings a consumer.
 */
export function createStreamReader(options: StreamReaderOptions): StreamReader {
  const { nats, logger, stream, batchMax, gatherMs = 0 } = options
  const stopping = new AbortController()
  let messages: ConsumerMessages | null = null
  let running: Promise<void> | null = null
  let failuresInARow = 0
  let lastError: Error | null = null
  /** Since when it waits for messages; null: it does not. */
  let readingSinceMs: number | null = null
  const own = options.isOwnTakenFromMemory ? nats.ownAppends(stream) : null
  /** After an orderly end it is read on from here. */
  let resumeSeq: number | null = null
  let mayTurnAtMs = 0
  own?.want()

  async function ownConsumer(): Promise<Consumer> {
    const seq = resumeSeq
    resumeSeq = null
    const startTime = seq === null ? (options.startTime?.() ?? null) : null
    // Not given up with the connection: what a position is asked of may go on with it.
    const start = startTime
      ? { deliver_policy: DeliverPolicy.StartTime, opt_start_time: startTime.toISOString() }
      : { opt_start_seq: Math.max(1, seq ?? (await options.fromSeq())) }
    const getting = nats.js.consumers.get(stream, {
      ...start,
      ...(options.headersOnly ? { headers_only: true } : {}),
      inactive_threshold: 30_000,
      ...(options.filterSubjects ? { filter_subjects: options.filterSubjects } : {}),
    })
    return nats.unlessLost(getting)
  }

  async function readOnce(): Promise<void> {
    const consumer = options.openConsumer ? await nats.unlessLost(options.openConsumer()) : await ownConsumer()
    if (stopping.signal.aborted) return
    const consuming = consumer.consume({
      max_messages: batchMax * 2,
      expires: PULL_EXPIRES_MS,
      idle_heartbeat: PULL_HEARTBEAT_MS,
    })
    messages = await nats.unlessLost(consuming)
    if (stopping.signal.aborted) messages.stop()
    readingSinceMs = performance.now()
    void stopWhenSilent(messages)
    // What the server has forgotten in a restart the client would find out only after seconds.
    const forget = nats.onReconnect(() => messages?.stop())
    const hand = createHandOver()
    let ownFromSeq: number | null = null
    try {
      for await (const batch of batchesOf(messages, batchMax)) {
        const last = batch.at(-1)!
        await hand(batch, () => options.onBatch(batch, () => last.info.pending === 0))
        if (stopping.signal.aborted) return
        if (own === null || !isWorthTurning(own, last.seq)) continue
        ownFromSeq = last.seq + 1
        break
      }
    } finally {
      forget()
      messages.stop()
    }
    if (own !== null && ownFromSeq !== null) resumeSeq = await followOwn(own, ownFromSeq)
  }

  /** Hands batches over one after the other, with the pauses that make them larger under load. */
  function createHandOver() {
    let endedMs = Number.NEGATIVE_INFINITY
    return async (batch: readonly unknown[], onBatch: () => Promise<void>): Promise<void> => {
      const isBusy = batch.length >= BUSY_BATCH || performance.now() - endedMs < gatherMs
      await onBatch()
      failuresInARow = 0
      if (gatherMs > 0 && isBusy && batch.length < batchMax && !stopping.signal.aborted) await delay(gatherMs)
      endedMs = performance.now()
    }
  }

  const isWorthTurning = (own: OwnAppends, lastSeq: number) =>
    performance.now() >= mayTurnAtMs && own.isFlowing() && (own.has(lastSeq + 1) || own.has(lastSeq))

  /**
   * Takes from memory what comes, as long as all that comes is our own.
   * @returns where to read on, when none has come for a moment or others have written; null when the position has to be asked for.
   */
  async function followOwn(own: OwnAppends, fromSeq: number): Promise<number | null> {
    const filter = options.filterSubjects && new Set(options.filterSubjects)
    const hand = createHandOver()
    let isBroken = false
    const forget = nats.onReconnect(() => {
      isBroken = true
    })
    const isUnbroken = () => !isBroken && nats.isUp()
    let nextSeq = fromSeq
    try {
      while (!stopping.signal.aborted && isUnbroken()) {
        const taken = own.take(nextSeq, batchMax)
        if (taken.length === 0) {
          if (await own.waitFor(nextSeq, OWN_IDLE_MS)) continue
          return isUnbroken() ? nextSeq : null
        }
        nextSeq += taken.length
        const batch = filter ? taken.filter(({ subject }) => filter.has(subject)) : taken
        const isAtEnd = () => !own.has(nextSeq)
        // It was asked for by one that takes such messages.
        if (batch.length > 0) await hand(batch, () => (options as FromMemoryToo).onBatch(batch, isAtEnd))
      }
      return null
    } finally {
      forget()
      mayTurnAtMs = performance.now() + TURN_INTERVAL_MS
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      // What is asked for while there is no connection gets lost on its way, and its time-out is waited for.
      if (!nats.isUp()) {
        await delay(UP_POLL_MS, undefined, { signal: stopping.signal }).catch(() => {})
        continue
      }
      try {
        await readOnce()
      } catch (error) {
        failuresInARow = hasGotOver() ? 1 : failuresInARow + 1
        readingSinceMs = null
        lastError = error as Error
        const waitMs = restartWaitMs()
        if (!stopping.signal.aborted) logger.warn({ err: error, stream, waitMs }, 'reading starts again')
      }
      if (resumeSeq === null) await delay(restartWaitMs(), undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  const hasGotOver = () => readingSinceMs !== null && performance.now() - readingSinceMs >= WELL_AFTER_MS
  const restartWaitMs = () => Math.min(RESTART_WAIT_MAX_MS, RESTART_WAIT_MS * 2 ** Math.max(0, failuresInARow - 1))

  return {
    state: () =>
      failuresInARow < UNWELL_FROM_FAILURES || hasGotOver()
        ? WELL
        : unwell(`${stream} can't be read on, after ${failuresInARow} tries: ${lastError?.message}`),
    start() {
      running ??= run()
    },
    async stop() {
      stopping.abort()
      messages?.stop()
      // A batch that waits for a lost server is not waited for: it is read again after the next start.
      await Promise.race([running, delay(STOP_LIMIT_MS, undefined, { ref: false })])
    },
  }
}

/**
 * Ends the reading when the consumer's server says nothing any more (two heartbeats), so that it starts over. The client by
 * itself would ask for this very consumer again and again; one that lives on a single server of a cluster, as those of
 * readers do, is not to be had until that server is back.
 */
export async function stopWhenSilent(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) if (type === 'heartbeats_missed') messages.stop()
}

/** Up to so many entries of the client's queue may be its own notes to itself, after which no message need come. */
const OWN_ENTRIES_MAX = 4

/** What has come by now, up to `batchMax` at a time: a batch waits for nothing that is not there yet. */
async function* batchesOf(messages: ConsumerMessages, batchMax: number): AsyncGenerator<JsMsg[]> {
  const iterator = messages[Symbol.asyncIterator]()
  let next = iterator.next()
  let batch: JsMsg[] = []
  while (true) {
    const isMoreCertain = batch.length === 0 || messages.getPending() > OWN_ENTRIES_MAX
    const result = await (isMoreCertain ? next : Promise.race([next, nextTurn()]))
    if (result !== NOTHING_YET) {
      if (result.done) break
      batch.push(result.value)
      next = iterator.next()
      if (batch.length < batchMax) continue
    }
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

const NOTHING_YET = Symbol('nothing yet')

function nextTurn(): Promise<typeof NOTHING_YET> {
  return new Promise((resolve) => setImmediate(resolve, NOTHING_YET))
}
