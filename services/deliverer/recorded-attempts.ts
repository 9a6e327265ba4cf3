import { createLatest } from '#shared/domain/latest.ts'
import { type DeliveryAttempted, decodeLedgerFact } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { readLastOf, STREAM_NAMES } from '#shared/runtime/streams.ts'

/** A retry as the attempt before it called for it. */
export interface RecordedRetry {
  dueAtMs: number
  decidedAtMs: number
}

/** Which attempts stand in LEDGER's tail: a message that is seen again asks here before it makes a request. */
export interface RecordedAttempts {
  has(attemptId: string): boolean
  /** The retry that follows the attempt; null: none does; undefined: that isn't known here. */
  retryOf(attemptId: string): RecordedRetry | null | undefined
  /** Whether its delivery ended with it as a dead letter, as far as is known here. */
  isDeadLetter(attemptId: string): boolean
  /** An attempt of this process that is on disk. */
  add(fact: DeliveryAttempted): void
  /** Reads LEDGER from where it last ended to where it ends now; callers at the same time share one reading. */
  catchUp(): Promise<void>
}

const FETCH_MAX = 1_000
const FETCH_EXPIRES_MS = 2_000

export interface RecordedAttemptsOptions {
  nats: Nats
  logger: Logger
  /** The LEDGER sequence behind which nothing is of interest. */
  afterSeq: number
  /** So many of the latest attempts are remembered at the least. */
  min: number
}

export function createRecordedAttempts({ nats, logger, afterSeq, min }: RecordedAttemptsOptions): RecordedAttempts {
  const known = createLatest<string, RecordedRetry | 'dead' | 'ended'>(min)
  let readThroughSeq = afterSeq
  let reading: Promise<void> | null = null
  let following: Promise<void> | null = null

  /** Of a repeated attempt the last decision counts: it was made with the first one known, or is the only one left. */
  function add({ attemptId, decision, finishedAtMs }: DeliveryAttempted): void {
    if (decision.type === 'retry') known.set(attemptId, { dueAtMs: decision.atMs, decidedAtMs: finishedAtMs })
    else known.set(attemptId, decision.type === 'dead-letter' ? 'dead' : 'ended')
  }

  async function read(): Promise<void> {
    // Of the leader. The consumer may stand on a copy that lags behind: what it says is pending may be too little.
    const lastSeq = (await readLastOf(nats, STREAM_NAMES.ledger, LEDGER_SUBJECTS.attempt))?.seq ?? 0
    if (lastSeq <= readThroughSeq) return
    const consumer = await nats.js.consumers.get(STREAM_NAMES.ledger, {
      opt_start_seq: readThroughSeq + 1,
      filter_subjects: [LEDGER_SUBJECTS.attempt],
      inactive_threshold: 10_000,
    })
    let count = 0
    while (readThroughSeq < lastSeq) {
      const beforeSeq = readThroughSeq
      const messages = await consumer.fetch({ max_messages: FETCH_MAX, expires: FETCH_EXPIRES_MS })
      for await (const message of messages) {
        add(decodeLedgerFact(message.string()) as DeliveryAttempted)
        readThroughSeq = message.seq
        count++
        if (readThroughSeq >= lastSeq) break
      }
      // The server has forgotten the consumer in the meantime, for one: without end it would be asked for more in vain.
      if (readThroughSeq === beforeSeq) throw new Error(`LEDGER could be read up to ${beforeSeq} of ${lastSeq} only`)
    }
    await consumer.delete()
    logger.debug({ count, throughSeq: lastSeq }, 'recorded attempts read')
  }

  function startReading(): Promise<void> {
    reading = read().finally(() => {
      reading = null
    })
    return reading
  }

  return {
    has: (attemptId) => known.has(attemptId),
    retryOf(attemptId) {
      const after = known.get(attemptId)
      return typeof after === 'string' ? null : after
    },
    isDeadLetter: (attemptId) => known.get(attemptId) === 'dead',
    add,
    catchUp() {
      if (reading === null) return startReading()
      // One that is under way may have asked for the end too early: the next one is shared by all who come meanwhile.
      following ??= reading
        .catch(() => {})
        .then(() => {
          following = null
          return startReading()
        })
      return following
    },
  }
}
