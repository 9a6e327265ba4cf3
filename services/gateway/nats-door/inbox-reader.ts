import { createStreamReader } from '#shared/runtime/stream-reader.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { RouteDependencies } from '../dependencies.ts'
import type { Ingest } from '../ingest.ts'
import { createAdmission } from './admission.ts'
import { openInboxConsumer, purgeInbox } from './inbox-consumer.ts'
import { type InboxMessage, inboxMessage } from './inbox-message.ts'

const BATCH_MAX = 500
const GATHER_MS = 2
const PURGE_INTERVAL_MS = 1_000

/** Takes what NATS clients have published: each message becomes an event in EVENTS, or a refusal in LEDGER. */
export interface InboxReader {
  start(): void
  stop(): Promise<void>
}

export function createInboxReader(deps: RouteDependencies & { ingest: Ingest }): InboxReader {
  const { nats, health } = deps
  const logger = deps.logger.child({ part: 'inbox' })
  const admission = createAdmission({ ...deps, logger })
  let seenThroughSeq = 0
  let hasNews = true
  let timer: NodeJS.Timeout | null = null

  const isSeenBefore = ({ message, seq }: InboxMessage) => message.redelivered || seq <= seenThroughSeq

  const reader = createStreamReader({
    nats,
    logger,
    stream: STREAM_NAMES.inbox,
    batchMax: BATCH_MAX,
    gatherMs: GATHER_MS,
    fromSeq: () => 0,
    async openConsumer() {
      const opened = await openInboxConsumer(nats)
      seenThroughSeq = Math.max(seenThroughSeq, opened.seenThroughSeq)
      return opened.consumer
    },
    async onBatch(messages) {
      hasNews = true
      await admission.admit(messages.map(inboxMessage), isSeenBefore)
    },
  })

  async function purge(): Promise<void> {
    if (!hasNews || !nats.isUp()) return
    hasNews = false
    // What is acknowledged gets there after a moment: as long as anything is left, it is looked at again.
    if ((await purgeInbox(nats)) > 0) hasNews = true
  }

  health.register('inbox', reader.state)
  return {
    start() {
      reader.start()
      timer ??= setInterval(() => {
        purge().catch((error: unknown) => {
          hasNews = true
          logger.warn({ err: error }, 'INBOX is purged later')
        })
      }, PURGE_INTERVAL_MS)
    },
    async stop() {
      if (timer) clearInterval(timer)
      await reader.stop()
    },
  }
}
