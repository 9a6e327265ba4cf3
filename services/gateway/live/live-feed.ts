import type { JsMsg } from '@nats-io/jetstream'
import { decodeLedgerFact } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { createStreamReader, type StreamReader } from '#shared/runtime/stream-reader.ts'
import { readStreamState, STREAM_NAMES, type StreamName } from '#shared/runtime/streams.ts'
import { acceptedEntry, entriesOfFact, type LiveEntry } from './live-rows.ts'

export type LiveListener = (entries: readonly LiveEntry[]) => void

/** What happens in all applications, from the moment on when somebody listens. */
export interface LiveFeed {
  /** @returns a function that ends it. */
  follow(listener: LiveListener): () => void
  stop(): Promise<void>
}

const BATCH_MAX = 500
const GATHER_MS = 50

/** One reader of each stream for all who listen, and none while nobody does. Nothing is acknowledged, nobody is slowed. */
export function createLiveFeed({ nats, logger }: { nats: Nats; logger: Logger }): LiveFeed {
  const listeners = new Set<LiveListener>()
  let readers: StreamReader[] = []

  function read(
    stream: StreamName,
    more: { headersOnly?: boolean; filterSubjects?: string[] },
    entriesOf: (message: JsMsg) => LiveEntry[],
  ): StreamReader {
    let seq: number | null = null
    const reader = createStreamReader({
      nats,
      logger,
      stream,
      batchMax: BATCH_MAX,
      gatherMs: GATHER_MS,
      ...more,
      async fromSeq() {
        seq ??= (await readStreamState(nats, stream)).lastSeq
        return seq + 1
      },
      async onBatch(messages) {
        const entries = messages.flatMap(entriesOf)
        seq = messages.at(-1)!.seq
        if (entries.length > 0) for (const listener of listeners) listener(entries)
      },
    })
    reader.start()
    return reader
  }

  function start(): void {
    readers = [
      read(STREAM_NAMES.events, { headersOnly: true }, ({ subject, headers, time }) => [
        acceptedEntry(subject, headers?.get('Nats-Msg-Id') ?? '', time.getTime()),
      ]),
      read(STREAM_NAMES.ledger, { filterSubjects: [LEDGER_SUBJECTS.attempt] }, (message) =>
        entriesOfFact(decodeLedgerFact(message.string())),
      ),
    ]
  }

  async function stop(): Promise<void> {
    await Promise.all(readers.splice(0).map((reader) => reader.stop()))
  }

  return {
    follow(listener) {
      listeners.add(listener)
      if (readers.length === 0) start()
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) void stop()
      }
    },
    stop,
  }
}
