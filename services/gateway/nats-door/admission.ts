import { setTimeout as delay } from 'node:timers/promises'
import { type ProblemDocument, ProblemError } from '#shared/contract/problems.ts'
import type { EventPost } from '#shared/contract/schemas.ts'
import type { EventRejected } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import { AppenderBusyError, AppendRefusedError, AppendUnknownError } from '#shared/runtime/appender.ts'
import { readStreamState, STREAM_NAMES, type StreamName } from '#shared/runtime/streams.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { problemOf } from '../error-handler.ts'
import { EntryTakenError, type Ingest, type SentPost } from '../ingest.ts'
import { readCheckpoints } from '../queries/checkpoints.ts'
import { findEventSeqs } from '../queries/event-ids.ts'
import { findRejectionIds } from '../queries/rejections.ts'
import type { RateLimiter } from '../rate-limiter.ts'
import type { InboxMessage } from './inbox-message.ts'
import { beginMessageTrace } from './message-trace.ts'
import { natsSenderOf } from './nats-sender.ts'

/** Of messages' bodies, and of events, in one append. */
const GROUP_MAX_BYTES = 8 * 1024 * 1024
const GROUP_MAX_EVENTS = 1_000
const ROWS_LIMIT_MS = 10_000
const ROWS_POLL_MS = 10
const DETAIL_CHARACTERS_MAX = 500
const NAME_CHARACTERS_MAX = 200
/** What fails so often for a reason of our own will fail again: it is rejected, so that somebody sees it. */
const TRIES_MAX = 10

/** What is done with messages of INBOX, each of which may come more than once. */
export interface Admission {
  /**
   * Resolves once each of them is an event in EVENTS, is rejected in LEDGER, or is to be read again later.
   * @throws when EVENTS or LEDGER can't be written: none that is still open has been acknowledged.
   */
  admit(messages: readonly InboxMessage[], isSeenBefore: (message: InboxMessage) => boolean): Promise<void>
}

/** A message that an event is to be made of. */
interface Candidate {
  inbox: InboxMessage
  post: EventPost
}

export interface AdmissionOptions extends RouteDependencies {
  ingest: Ingest
  /** By application; null: there is no limit. */
  limiter: RateLimiter | null
}

export function createAdmission(options: AdmissionOptions): Admission {
  const { orm, registry, appenders, clock, logger, ingest, limiter, nats, figures, tracing } = options

  /** Waits until the rows tell of all that EVENTS and LEDGER hold now; whether it is matched is of no interest here. */
  async function rowsOfNow(): Promise<void> {
    const lastSeqOf = async (stream: StreamName) => (await readStreamState(nats, stream)).lastSeq
    const [events, ledger] = await Promise.all([lastSeqOf(STREAM_NAMES.events), lastSeqOf(STREAM_NAMES.ledger)])
    const untilMs = performance.now() + ROWS_LIMIT_MS
    for (;;) {
      const rows = await readCheckpoints(orm)
      if (rows.events >= events && rows.ledger >= ledger) return
      if (performance.now() > untilMs) throw new Error('the read model is behind: what was decided before is not known')
      await delay(ROWS_POLL_MS)
    }
  }

  /** Acknowledges what was decided on before, of messages that may have been read before. @returns the rest. */
  async function withoutDecided(messages: readonly InboxMessage[]): Promise<InboxMessage[]> {
    await rowsOfNow()
    const rejected = await findRejectionIds(
      orm,
      messages.map(({ rejectionId }) => rejectionId),
    )
    const seqs = await findEventSeqs(
      orm,
      messages.map((inbox) => inbox.eventId()),
    )
    const open: InboxMessage[] = []
    for (const inbox of messages) {
      const seq = seqs.get(inbox.eventId())
      const isTaken = seq !== undefined && (await ingest.isOfEntry(seq, inbox.entry))
      if (isTaken || rejected.has(inbox.rejectionId)) inbox.done()
      else open.push(inbox)
    }
    return open
  }

  /**
   * By when they were published, so that a backlog is not taken for a flood. A batch counts once, as one that is posted does.
   * @param refused What was decided on the message before, by its place.
   */
  function refuseTooMany(
    { message, seq, applicationId, storedAtMs }: InboxMessage,
    refused: Map<number, boolean>,
  ): void {
    if (limiter === null || message.redelivered) return
    const isRefused = refused.get(seq) ?? limiter.take(applicationId, storedAtMs) !== null
    refused.set(seq, isRefused)
    if (isRefused) throw new ProblemError('RateLimited')
  }

  function sentPost({ inbox, post }: Candidate, traceparent: string | undefined): SentPost {
    // JetStream keeps nothing of what the server knows of a publisher.
    const sender = natsSenderOf(inbox.applicationId, null, registry)
    return { post, sender: { ...sender, traceparent, entry: inbox.entry } }
  }

  /** @throws the error, when it is no matter of this one message. */
  async function settle(inbox: InboxMessage, error: unknown): Promise<void> {
    if (isAppendTrouble(error)) throw error
    const problem = await problemOfMessage(inbox, error)
    if (problem === null) {
      inbox.done()
    } else if (problem.status === 503 || (problem.status >= 500 && inbox.message.info.deliveryCount < TRIES_MAX)) {
      logger.warn({ err: error, inbox_seq: inbox.seq }, 'a message can not be admitted yet')
      inbox.later()
    } else {
      await reject(inbox, problem)
      inbox.done()
    }
  }

  /** Null: its event is in EVENTS, after all. */
  async function problemOfMessage(inbox: InboxMessage, error: unknown): Promise<ProblemDocument | null> {
    if (!(error instanceof ProblemError && error.document.id === 'EventAlreadyIngested')) return problemOf(error)
    try {
      return (await isOwn(inbox)) ? null : error.document
    } catch (trouble) {
      return problemOf(trouble)
    }
  }

  /** Beyond JetStream's own memory of ids the read model says which event has the id. */
  async function isOwn(inbox: InboxMessage): Promise<boolean> {
    const eventId = inbox.eventId()
    const seq = (await findEventSeqs(orm, [eventId])).get(eventId)
    return seq !== undefined && ingest.isOfEntry(seq, inbox.entry)
  }

  async function reject(inbox: InboxMessage, problem: ProblemDocument): Promise<void> {
    const fact: EventRejected = {
      v: 1,
      type: 'rejected',
      rejectionId: inbox.rejectionId,
      inboxSeq: inbox.seq,
      applicationId: inbox.applicationId.slice(0, NAME_CHARACTERS_MAX),
      eventId: inbox.eventId(),
      eventType: inbox.eventType()?.slice(0, NAME_CHARACTERS_MAX) ?? null,
      problemId: problem.id,
      status: problem.status,
      detail: problem.detail.slice(0, DETAIL_CHARACTERS_MAX).toWellFormed(),
      publishedAtMs: inbox.storedAtMs,
      rejectedAtMs: clock.nowMs(),
    }
    const msgId = inbox.entry.appendId
    await appenders.ledger.append({ subject: LEDGER_SUBJECTS.rejected, body: JSON.stringify(fact), msgId })
    figures.rejected('nats', problem.id)
  }

  return {
    async admit(messages, isSeenBefore) {
      const seen = messages.filter(isSeenBefore)
      const open = new Set(seen.length === 0 ? [] : await withoutDecided(seen))
      const failures: { inbox: InboxMessage; error: unknown }[] = []
      const candidates: Candidate[] = []
      const refused = new Map<number, boolean>()
      for (const inbox of messages) {
        if (isSeenBefore(inbox) && !open.has(inbox)) continue
        try {
          refuseTooMany(inbox, refused)
          candidates.push({ inbox, post: inbox.readPost() })
        } catch (error) {
          failures.push({ inbox, error })
        }
      }
      for (const group of groupsOf(candidates)) {
        const traces = group.map(({ inbox }) => beginMessageTrace(tracing, 'in', 'consumer', inbox.message))
        const results = await ingest.batch(group.map((candidate, i) => sentPost(candidate, traces[i]!.traceparent)))
        for (const [i, result] of results.entries()) {
          const { inbox } = group[i]!
          traces[i]!.end('event' in result ? undefined : problemOf(result.error).id)
          if ('event' in result || result.error instanceof EntryTakenError) inbox.done()
          else failures.push({ inbox, error: result.error })
        }
      }
      const settled = await Promise.allSettled(failures.map(({ inbox, error }) => settle(inbox, error)))
      const failed = settled.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined
      if (failed) throw failed.reason
    },
  }
}

/** What is appended as one: not without end, as messages may be large. */
function groupsOf(candidates: readonly Candidate[]): Candidate[][] {
  const groups: Candidate[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const size = candidate.inbox.bytes
    if (bytes + size > GROUP_MAX_BYTES || groups.at(-1)!.length >= GROUP_MAX_EVENTS) {
      groups.push([])
      bytes = 0
    }
    groups.at(-1)!.push(candidate)
    bytes += size
  }
  return groups
}

/** EVENTS takes nothing right now, from nobody. */
function isAppendTrouble(error: unknown): boolean {
  return (
    error instanceof AppendRefusedError || error instanceof AppendUnknownError || error instanceof AppenderBusyError
  )
}
