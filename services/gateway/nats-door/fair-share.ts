import { AckPolicy, type Consumer, DeliverPolicy, type JsMsg } from '@nats-io/jetstream'
import { isBatchSubject } from '#shared/domain/nats-event.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import { type InboxMessage, inboxMessages } from './inbox-message.ts'

/** So many events before the reader are a flood: those of others are looked for. */
const BACKLOG_MIN = 2_000
/** An application with no more than this in INBOX is not the one that floods it. */
const SHARE_MAX = 1_000
/** As so many events a message counts that holds a batch: how many it holds is not known before it is read. */
const BATCH_WEIGHT = 100
const LOOK_INTERVAL_MS = 200
/** Of one look. */
const APPLICATIONS_MAX = 100
const MESSAGES_MAX = 1_000
const EVENTS_MAX = 5_000
const BYTES_MAX = 16 * 1024 * 1024
const FETCH_EXPIRES_MS = 1_000
/** Taken ahead and not yet come to by the reader: beyond this nothing more is taken ahead. */
const AHEAD_MAX = 100_000
const INACTIVE_NANOS = 5_000_000_000

export interface FairShareOptions {
  nats: Nats
  logger: Logger
  /** Up to here the reader has decided on all messages. */
  throughSeq(): number
  takeAhead(messages: InboxMessage[]): Promise<void>
}

/**
 * When one application floods INBOX, messages of the others don't wait behind its own: they are read by a second consumer and
 * decided on at once. The reader, which comes to them in the end, acknowledges them. Nothing depends on remembering that: a
 * message that is decided on twice makes one event.
 */
export interface FairShare {
  /** @param messages What the reader has in hand, one at least; the last one says how many it has not been handed yet. */
  onBacklog(messages: readonly JsMsg[]): void
  /** Acknowledges it, if it was. */
  wasTakenAhead(message: JsMsg): boolean
  stop(): Promise<void>
}

export function createFairShare({ nats, logger, throughSeq, takeAhead }: FairShareOptions): FairShare {
  const ahead = new Set<number>()
  let looking: Promise<void> | null = null
  let lastLookMs = Number.NEGATIVE_INFINITY
  let isStopping = false

  async function look(): Promise<void> {
    const applications = await smallApplications()
    if (applications.length === 0) return
    const { name, num_pending: pending } = await nats.jsm.consumers.add(STREAM_NAMES.inbox, {
      filter_subjects: applications.map((application) => `in.${application}.>`),
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: throughSeq() + 1,
      ack_policy: AckPolicy.None,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: INACTIVE_NANOS,
    })
    try {
      if (pending > 0) await takeFrom(await nats.js.consumers.get(STREAM_NAMES.inbox, name), pending)
    } finally {
      void nats.jsm.consumers.delete(STREAM_NAMES.inbox, name).catch(() => {})
    }
  }

  /** Those that have something in INBOX, but little; empty when nobody has much. */
  async function smallApplications(): Promise<string[]> {
    const { state } = await nats.jsm.streams.info(STREAM_NAMES.inbox, { subjects_filter: 'in.>' })
    const counts = new Map<string, number>()
    for (const [subject, count] of Object.entries(state.subjects ?? {})) {
      const application = subject.split('.')[1]!
      counts.set(application, (counts.get(application) ?? 0) + count * weightOf(subject))
    }
    const small = [...counts].filter(([, count]) => count <= SHARE_MAX).map(([application]) => application)
    return small.length === counts.size ? [] : small.slice(0, APPLICATIONS_MAX)
  }

  async function takeFrom(consumer: Consumer, pending: number): Promise<void> {
    const max_messages = Math.min(pending, MESSAGES_MAX)
    const messages: InboxMessage[] = []
    let bytes = 0
    for await (const message of await consumer.fetch({ max_messages, expires: FETCH_EXPIRES_MS })) {
      if (ahead.has(message.seq)) continue
      // Where it can't be decided on yet, the reader will come to it.
      messages.push(...inboxMessages(message, { done: () => void ahead.add(message.seq), later: () => {} }))
      bytes += message.data.length
      if (bytes >= BYTES_MAX || messages.length >= EVENTS_MAX) break
    }
    if (messages.length > 0 && !isStopping) await takeAhead(messages)
  }

  return {
    onBacklog(messages) {
      const nowMs = performance.now()
      if (backlogOf(messages) < BACKLOG_MIN || looking !== null || isStopping || ahead.size >= AHEAD_MAX) return
      if (nowMs - lastLookMs < LOOK_INTERVAL_MS) return
      lastLookMs = nowMs
      looking = look()
        .catch((error: unknown) => logger.warn({ err: error }, 'nobody is taken ahead of a flood this time'))
        .finally(() => {
          looking = null
        })
    },
    wasTakenAhead(message) {
      if (!ahead.delete(message.seq)) return false
      message.ack()
      return true
    },
    async stop() {
      isStopping = true
      await looking
    },
  }
}

/** Events that are waiting, about: what has not been handed out yet is taken to be like what has. */
function backlogOf(messages: readonly JsMsg[]): number {
  const inHand = messages.reduce((sum, { subject }) => sum + weightOf(subject), 0)
  return inHand + messages.at(-1)!.info.pending * (inHand / messages.length)
}

const weightOf = (subject: string) => (isBatchSubject(subject) ? BATCH_WEIGHT : 1)
