import type { JsMsg } from '@nats-io/jetstream'
import type { MsgHdrs } from '@nats-io/transport-node'
import type { EventPost } from '#shared/contract/schemas.ts'
import { eventIdOfMessage, parseUuid, rejectionIdOf } from '#shared/domain/ids.ts'
import { applicationOfSubject, eventTypeOfSubject, isBatchSubject, readNatsEvent } from '#shared/domain/nats-event.ts'
import { isTakenSubject } from '#shared/facts/subjects.ts'
import type { Entry } from '../ingest.ts'
import { readInboxBatch } from './inbox-batch.ts'

/** An event of a message of INBOX, which may hold many, with the names that it has each time that it is read. */
export interface InboxMessage {
  message: JsMsg
  seq: number
  applicationId: string
  storedAtMs: number
  entry: Entry
  rejectionId: string
  bytes: number
  /** @throws {ProblemError} for what can't be read. */
  readPost(): EventPost
  /** The id that its event has, as far as that can be told without reading all of it. */
  eventId(): string
  /** Null: it can't be told. */
  eventType(): string | null
  /** It is an event, or rejected, on disk. */
  done(): void
  /** It is to be looked at again after a while. */
  later(): void
}

/** What is said of a whole message once all of it is settled. */
export type Settling = Pick<InboxMessage, 'done' | 'later'>

/** What fails for a reason that passes is looked at again so much later. */
const LATER_MS = 1_000

/**
 * The events of a message: one, or those of a batch, in order. The message is done when each of them is. What only tells a
 * replay that an event was taken is heard by that itself.
 * @param settling Instead of acknowledging the message to INBOX.
 */
export function inboxMessages(message: JsMsg, settling: Settling = settlingOf(message)): InboxMessage[] {
  if (isTakenSubject(message.subject)) {
    settling.done()
    return []
  }
  if (!isBatchSubject(message.subject)) return [singleOf(message, settling)]
  const reads = readInboxBatch(message)
  const each = shareOf(reads.length, settling)
  return reads.map((readPost, i) => {
    const names = namesOf(message, `-${i}`)
    return {
      ...names,
      ...each,
      bytes: message.data.length / reads.length,
      readPost,
      eventId: () => parseUuid(orNull(readPost)?.event_id ?? '') ?? names.entry.eventId,
      eventType: () => orNull(readPost)?.event_type ?? null,
    }
  })
}

function singleOf(message: JsMsg, settling: Settling): InboxMessage {
  const { subject, data, headers } = message
  const names = namesOf(message, '')
  const readPost = () => readNatsEvent({ subject, headers: headersOf(message), data, storedAtMs: names.storedAtMs })
  return {
    ...names,
    ...settling,
    bytes: data.length,
    readPost,
    eventId() {
      const given = orNull(readPost)?.event_id ?? headers?.get('Jethook-Event-Id') ?? ''
      return parseUuid(given) ?? names.entry.eventId
    },
    eventType: () => orNull(() => eventTypeOfSubject(subject)),
  }
}

/** The time stands beside the place: a stream that was made anew begins at 1 again. */
function namesOf(message: JsMsg, part: string) {
  const { seq, subject, time, info } = message
  const name = `inbox-${seq}-${info.timestampNanos}${part}`
  const storedAtMs = time.getTime()
  return {
    message,
    seq,
    applicationId: applicationOfSubject(subject),
    storedAtMs,
    entry: { appendId: name, eventId: eventIdOfMessage(name, storedAtMs) },
    rejectionId: rejectionIdOf(name),
  }
}

function settlingOf(message: JsMsg): Settling {
  return { done: () => message.ack(), later: () => message.nak(LATER_MS) }
}

/** Of so many: the last one settles all of them, and one that is left for later leaves the message for later. */
function shareOf(count: number, { done, later }: Settling): Settling {
  let open = count
  let isLeft = false
  const settle = () => {
    open--
    if (open === 0) (isLeft ? later : done)()
  }
  return {
    done: settle,
    later() {
      isLeft = true
      settle()
    },
  }
}

function orNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}

export function headersOf({ headers }: { headers?: MsgHdrs | undefined }): [string, string][] {
  return [...(headers ?? [])].map(([name, values]) => [name, values[0] ?? ''])
}
