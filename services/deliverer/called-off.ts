import { decodeLedgerFact } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { createStreamReader } from '#shared/runtime/stream-reader.ts'
import { readLastOf, STREAM_NAMES } from '#shared/runtime/streams.ts'

/**
 * The deliveries that a person has called off one by one, or with their event. Whole subscriptions and applications are called
 * off by CONTROL's order instead (shared/domain/cancellation.ts).
 */
export interface CalledOff {
  /** Resolves when everything that LEDGER held at the call is known. */
  start(): Promise<void>
  stop(): Promise<void>
  has(deliveryId: string): boolean
}

const BATCH_MAX = 500

/** Remembers them as long as LEDGER does: about 100 bytes for each. */
export function createCalledOff({ nats, logger }: { nats: Nats; logger: Logger }): CalledOff {
  const deliveryIds = new Set<string>()
  const caughtUp = Promise.withResolvers<void>()
  let readThroughSeq = 0
  let wantedSeq = Number.POSITIVE_INFINITY

  const reader = createStreamReader({
    nats,
    logger,
    stream: STREAM_NAMES.ledger,
    filterSubjects: [LEDGER_SUBJECTS.cancelled],
    fromSeq: () => readThroughSeq + 1,
    batchMax: BATCH_MAX,
    async onBatch(messages) {
      for (const message of messages) {
        const fact = decodeLedgerFact(message.string())
        if (fact.type === 'chosen_cancelled') for (const id of fact.deliveryIds) deliveryIds.add(id)
        readThroughSeq = message.seq
      }
      if (readThroughSeq >= wantedSeq) caughtUp.resolve()
    },
  })

  return {
    async start() {
      wantedSeq = (await readLastOf(nats, STREAM_NAMES.ledger, LEDGER_SUBJECTS.cancelled))?.seq ?? 0
      reader.start()
      if (readThroughSeq < wantedSeq) await caughtUp.promise
    },
    stop: reader.stop,
    has: (deliveryId) => deliveryIds.has(deliveryId),
  }
}
