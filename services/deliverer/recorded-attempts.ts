import { type DeliveryAttempted, decodeLedgerFact } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { readLastOf, STREAM_NAMES } from '#shared/runtime/streams.ts'

/** Which attempts stand in LEDGER's tail: a message that is seen again asks here before it makes a request. */
export interface RecordedAttempts {
  has(attemptId: string): boolean
  /** Whether a retry follows the attempt; null when it isn't known here. */
  isRetried(attemptId: string): boolean | null
  /** An attempt of this process that is on disk. */
  add(attemptId: string, isRetried: boolean): void
  /** Reads LEDGER from where it last ended; callers at the same time share one reading. */
  catchUp(): Promise<void>
}

const FETCH_MAX = 1_000
const FETCH_EXPIRES_MS = 2_000

export interface RecordedAttemptsOptions {
  nats: Nats
  logger: Logger
  /** The LEDGER sequence behind which nothing is of interest. */
  afterSeq: number
  /** Attempts remembered at the most; the oldest are forgotten. */
  max: number
}

export function createRecordedAttempts({ nats, logger, afterSeq, max }: RecordedAttemptsOptions): RecordedAttempts {
  const known = new Map<string, boolean>()
  let readThroughSeq = afterSeq
  let reading: Promise<void> | null = null

  /** Of a repeated attempt the last decision counts: it was made with the first one known, or is the only one left. */
  function add(attemptId: string, isRetried: boolean): void {
    known.set(attemptId, isRetried)
    if (known.size > max) known.delete(known.keys().next().value as string)
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
      const messages = await consumer.fetch({ max_messages: FETCH_MAX, expires: FETCH_EXPIRES_MS })
      for await (const message of messages) {
        const { attemptId, decision } = decodeLedgerFact(message.string()) as DeliveryAttempted
        add(attemptId, decision.type === 'retry')
        readThroughSeq = message.seq
        count++
        if (readThroughSeq >= lastSeq) break
      }
    }
    await consumer.delete()
    logger.debug({ count, throughSeq: lastSeq }, 'recorded attempts read')
  }

  return {
    has: (attemptId) => known.has(attemptId),
    isRetried: (attemptId) => known.get(attemptId) ?? null,
    add,
    catchUp() {
      reading ??= read().finally(() => {
        reading = null
      })
      return reading
    },
  }
}
