import { decodeLedgerFact } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import { AppendConflictError, type Appender, type AppendMessage } from '#shared/runtime/appender.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import { readStretch } from './read-stretch.ts'

/** What is to be appended about dead letters: the fact that closes the batch, and what goes with it. */
export interface DeskEntry {
  messages: readonly AppendMessage[]
  /** A `redriven` or `discarded` fact, as JSON. */
  closing: string
}

/**
 * Decides about dead letters, each of them once, whoever else does so: every decision stands under one subject of LEDGER, and
 * is appended on the condition that all those before it are known here.
 */
export interface DeadLetterDesk {
  /**
   * Appends what `entryFor` makes of those that nobody has decided about.
   * @returns those.
   */
  resolve<T extends { deliveryId: string }>(
    jobId: string,
    letters: readonly T[],
    entryFor: (open: readonly T[]) => DeskEntry,
  ): Promise<readonly T[]>
  /** The job that has decided about a dead letter, as far as is known here. */
  resolvedBy(deliveryId: string): string | undefined
  /** How many a job has decided about, as far as is known here: all, after a `resolve`. */
  countOf(jobId: string): number
  /** All decisions are known. */
  catchUp(): Promise<void>
}

const BATCH_MAX = 500
const TRIES_MAX = 100

export function createDeadLetterDesk({
  nats,
  ledger,
  logger,
}: {
  nats: Nats
  ledger: Appender
  logger: Logger
}): DeadLetterDesk {
  const resolved = new Map<string, string>()
  const counts = new Map<string, number>()
  let foldedSeq = 0
  /** One decision after the other: the next one needs to know where the one before stands. */
  let turn: Promise<unknown> = Promise.resolve()

  function note(jobId: string, deliveryIds: readonly string[], seq: number): void {
    for (const id of deliveryIds) resolved.set(id, jobId)
    counts.set(jobId, (counts.get(jobId) ?? 0) + deliveryIds.length)
    foldedSeq = seq
  }

  async function readNew(): Promise<void> {
    await readStretch({
      nats,
      logger,
      stream: STREAM_NAMES.ledger,
      filterSubjects: [LEDGER_SUBJECTS.deadLetter],
      fromSeq: () => foldedSeq + 1,
      throughSeq: Number.MAX_SAFE_INTEGER,
      batchMax: BATCH_MAX,
      isWanted: () => true,
      onBatch: async (messages) => {
        for (const message of messages) {
          const fact = decodeLedgerFact(message.string())
          if (message.seq > foldedSeq && (fact.type === 'redriven' || fact.type === 'discarded'))
            note(fact.jobId, fact.deliveryIds, message.seq)
        }
        return false
      },
    })
  }

  async function resolve<T extends { deliveryId: string }>(
    jobId: string,
    letters: readonly T[],
    entryFor: (open: readonly T[]) => DeskEntry,
  ): Promise<readonly T[]> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      // What others have decided since is noticed when the append is refused.
      if (tries > 0 || foldedSeq === 0) await readNew()
      const open = letters.filter(({ deliveryId }) => !resolved.has(deliveryId))
      if (open.length === 0) return open
      const { messages, closing } = entryFor(open)
      const last = { subject: LEDGER_SUBJECTS.deadLetter, body: closing, expectLastSubjectSeq: foldedSeq }
      try {
        const { seq } = await ledger.appendGroup([...messages, last])
        note(
          jobId,
          open.map(({ deliveryId }) => deliveryId),
          seq,
        )
        return open
      } catch (error) {
        // Somebody else was faster: perhaps with the very same ones.
        if (!(error instanceof AppendConflictError)) throw error
      }
    }
    throw new Error('others decide about dead letters faster, again and again')
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work)
    turn = result.catch(() => {})
    return result
  }

  return {
    resolve: (jobId, letters, entryFor) => inTurn(() => resolve(jobId, letters, entryFor)),
    resolvedBy: (deliveryId) => resolved.get(deliveryId),
    countOf: (jobId) => counts.get(jobId) ?? 0,
    catchUp: () => inTurn(readNew),
  }
}
