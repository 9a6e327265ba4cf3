import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { createStreamReader, type StreamReader } from '#shared/runtime/stream-reader.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'

/** A request of a delivery was made. */
export interface MadeAttempt {
  deliveryId: string
  /** From when the delivery was made until then. */
  waitedMs: number
}

/** Tells which deliveries were attempted, from now on; it reads LEDGER only while somebody listens. */
export interface Attempted {
  /**
   * Resolves when nothing that is recorded from now on will be missed.
   * @returns a function that ends this.
   */
  listen(listener: (made: MadeAttempt) => void): Promise<() => Promise<void>>
}

const BATCH_MAX = 1_000
const GATHER_MS = 10

export function createAttempted({ nats, logger }: { nats: Nats; logger: Logger }): Attempted {
  const listeners = new Set<(made: MadeAttempt) => void>()
  let reader: StreamReader | null = null
  let readThroughSeq = 0

  function startReader(): StreamReader {
    const started = createStreamReader({
      nats,
      logger,
      stream: STREAM_NAMES.ledger,
      filterSubjects: [LEDGER_SUBJECTS.attempt],
      fromSeq: () => readThroughSeq + 1,
      batchMax: BATCH_MAX,
      gatherMs: GATHER_MS,
      isOwnTakenFromMemory: true,
      async onBatch(messages) {
        for (const message of messages) {
          const made = madeAttemptIn(message.string())
          if (made !== null) for (const listener of listeners) listener(made)
          readThroughSeq = message.seq
        }
      },
    })
    started.start()
    return started
  }

  return {
    async listen(listener) {
      if (reader === null) {
        const { lastSeq } = await readStreamState(nats, STREAM_NAMES.ledger)
        // Another may have begun meanwhile, and earlier.
        if (reader === null) {
          readThroughSeq = lastSeq
          reader = startReader()
        }
      }
      listeners.add(listener)
      return async () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        const last = reader
        reader = null
        await last?.stop()
      }
    },
  }
}

const HEAD_LENGTH = 1_024

/** An attempt's fact is large for what is asked of it here: its head says it. */
function madeAttemptIn(text: string): MadeAttempt | null {
  const head = text.slice(0, HEAD_LENGTH)
  const deliveryId = /"deliveryId":"([^"]+)"/.exec(head)?.[1]
  if (deliveryId === undefined) return null
  const times = /"createdAtMs":(\d+).*"startedAtMs":(\d+)/.exec(head)
  return { deliveryId, waitedMs: times === null ? 0 : Number(times[2]) - Number(times[1]) }
}
