import type { JsMsg } from '@nats-io/jetstream'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { createStreamReader } from '#shared/runtime/stream-reader.ts'
import { readLastOf, type StreamName } from '#shared/runtime/streams.ts'

export interface StretchOptions {
  nats: Nats
  logger: Logger
  stream: StreamName
  filterSubjects: readonly string[]
  /** Asked at each (re)start: what is read already is not read again. */
  fromSeq(): number
  /** The first reading may begin later than `fromSeq`: with the first message of then. */
  startTime?: Date | null
  throughSeq: number
  batchMax: number
  /** Asked all the time; false ends the reading. */
  isWanted(): boolean
  /**
   * One batch after the other, in order. What it throws is tried again, for ever, unless it is a `StretchEnded`.
   * @returns true when nothing behind this batch is of interest.
   */
  onBatch(messages: readonly JsMsg[]): Promise<boolean>
}

/** Thrown by `onBatch` to give up. */
export class StretchEnded extends Error {
  override name = 'StretchEnded'
}

const WATCH_MS = 100
/** Behind a quiet stretch may be nothing any more: what was to come has grown too old meanwhile. */
const LOOK_AGAIN_MS = 5_000

/**
 * Reads what a stream holds up to a sequence, and ends there.
 * @returns false when it was not wanted any more.
 * @throws {StretchEnded} of `onBatch`.
 */
export async function readStretch(options: StretchOptions): Promise<boolean> {
  const { nats, logger, stream, isWanted } = options
  let startTime = options.startTime ?? null
  let lastSeq = await lastSeqOf(options)
  if (lastSeq < options.fromSeq()) return true
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  const reader = createStreamReader({
    nats,
    logger,
    stream,
    filterSubjects: [...options.filterSubjects],
    fromSeq: options.fromSeq,
    startTime: () => startTime,
    batchMax: options.batchMax,
    async onBatch(messages) {
      if (!isWanted()) return
      const within = messages.filter(({ seq }) => seq <= options.throughSeq)
      try {
        const isEnough = within.length > 0 && (await options.onBatch(within))
        startTime = null
        // A batch that was broken off is not done with, though it may be the last one.
        if (!isWanted()) resolve(false)
        else if (isEnough || messages.at(-1)!.seq >= lastSeq) resolve(true)
      } catch (error) {
        if (!(error instanceof StretchEnded)) throw error
        reject(error)
      }
    },
  })
  const watch = setInterval(() => {
    if (!isWanted()) resolve(false)
  }, WATCH_MS)
  const lookAgain = setInterval(() => {
    lastSeqOf(options).then(
      (seq) => {
        lastSeq = Math.min(lastSeq, seq)
        if (lastSeq < options.fromSeq()) resolve(true)
      },
      () => {},
    )
  }, LOOK_AGAIN_MS)
  reader.start()
  try {
    return await promise
  } finally {
    clearInterval(watch)
    clearInterval(lookAgain)
    await reader.stop()
  }
}

/** Where the last message stands that may come; 0: there is none. The leader is asked. */
async function lastSeqOf({ nats, stream, filterSubjects, throughSeq }: StretchOptions): Promise<number> {
  const lasts = await Promise.all(filterSubjects.map((subject) => readLastOf(nats, stream, subject)))
  return Math.min(throughSeq, Math.max(0, ...lasts.map((last) => last?.seq ?? 0)))
}
