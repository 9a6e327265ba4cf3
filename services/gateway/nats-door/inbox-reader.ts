import type { JsMsg } from '@nats-io/jetstream'
import { createStreamReader } from '#shared/runtime/stream-reader.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import { reliableWindowMs } from '../admit.ts'
import { type AdmissionOptions, createAdmission } from './admission.ts'
import { createFairShare } from './fair-share.ts'
import { openInboxConsumer, purgeInbox } from './inbox-consumer.ts'
import { type InboxMessage, inboxMessages } from './inbox-message.ts'

/** Twice as many are in memory at the most, each of up to 2 MiB. */
const BATCH_MAX = 128
/** What is read of messages and decided on at a time; a message may hold many events. */
const ROUND_MAX_EVENTS = 1_000
const ROUND_MAX_BYTES = 8 * 1024 * 1024
const GATHER_MS = 2
const PURGE_INTERVAL_MS = 1_000

/** Takes what NATS clients have published: each message becomes an event in EVENTS, or a refusal in LEDGER. */
export interface InboxReader {
  start(): void
  stop(): Promise<void>
}

export function createInboxReader(deps: AdmissionOptions): InboxReader {
  const { nats, health, clock, config } = deps
  const logger = deps.logger.child({ part: 'inbox' })
  const admission = createAdmission({ ...deps, logger })
  let seenThroughSeq = 0
  /** The reader has come so far. */
  let throughSeq = 0
  let turn: Promise<void> = Promise.resolve()
  let hasNews = true
  let timer: NodeJS.Timeout | null = null

  /** Of what lies here for long another reader may have taken care, so long ago that JetStream has forgotten the id. */
  const windowMs = reliableWindowMs({ windowMs: config.duplicateWindowMs, appendTimeoutMs: config.appendTimeoutMs })
  const isOld = ({ storedAtMs }: InboxMessage) => clock.nowMs() - storedAtMs > windowMs
  const isSeenBefore = (inbox: InboxMessage) => inbox.message.redelivered || inbox.seq <= seenThroughSeq || isOld(inbox)

  /** Batches of the reader, and those that are taken before their turn: one after the other. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const result = turn.then(work)
    turn = result.catch(() => {})
    return result
  }

  const fairShare = createFairShare({
    nats,
    logger,
    throughSeq: () => throughSeq,
    takeAhead: (messages) =>
      inTurn(() =>
        admission.admit(
          messages.filter(({ seq }) => seq > throughSeq),
          isSeenBefore,
        ),
      ),
  })

  /** @returns how many of the messages were decided on, at least one. */
  async function admitSome(messages: readonly JsMsg[]): Promise<number> {
    const open: InboxMessage[] = []
    let count = 0
    let bytes = 0
    for (const message of messages) {
      if (open.length >= ROUND_MAX_EVENTS || bytes >= ROUND_MAX_BYTES) break
      count++
      if (fairShare.wasTakenAhead(message)) continue
      open.push(...inboxMessages(message))
      bytes += message.data.length
    }
    if (open.length > 0) await admission.admit(open, isSeenBefore)
    for (const { seq } of messages.slice(0, count)) throughSeq = Math.max(throughSeq, seq)
    return count
  }

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
      for (let rest = messages; rest.length > 0; ) {
        fairShare.onBacklog(rest)
        await inTurn(async () => {
          rest = rest.slice(await admitSome(rest))
        })
      }
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
      await Promise.all([reader.stop(), fairShare.stop()])
    },
  }
}
