import type { JsMsg } from '@nats-io/jetstream'
import type { MsgHdrs } from '@nats-io/transport-node'
import { eventIdOfMessage, parseUuid, rejectionIdOf } from '#shared/domain/ids.ts'
import { applicationOfSubject } from '#shared/domain/nats-event.ts'
import type { Entry } from '../ingest.ts'

/** A message of INBOX with the names that it has each time that it is read. */
export interface InboxMessage {
  message: JsMsg
  seq: number
  applicationId: string
  storedAtMs: number
  entry: Entry
  rejectionId: string
  /** It is an event, or rejected, on disk. */
  done(): void
  /** It is to be looked at again after a while. */
  later(): void
}

/** What fails for a reason that passes is looked at again so much later. */
const LATER_MS = 1_000

/** The time stands beside the place: a stream that was made anew begins at 1 again. */
export function inboxMessage(message: JsMsg): InboxMessage {
  const { seq, subject, time, info } = message
  const name = `inbox-${seq}-${info.timestampNanos}`
  const storedAtMs = time.getTime()
  return {
    message,
    seq,
    applicationId: applicationOfSubject(subject),
    storedAtMs,
    entry: { appendId: name, eventId: eventIdOfMessage(name, storedAtMs) },
    rejectionId: rejectionIdOf(name),
    done: () => message.ack(),
    later: () => message.nak(LATER_MS),
  }
}

/** The id that its event has, as far as that can be told without reading all of it. */
export function eventIdOf({ message, entry }: InboxMessage, postedId: string | null | undefined): string {
  const given = postedId ?? message.headers?.get('Jethook-Event-Id') ?? ''
  return parseUuid(given) ?? entry.eventId
}

export function headersOf({ headers }: { headers?: MsgHdrs | undefined }): [string, string][] {
  return [...(headers ?? [])].map(([name, values]) => [name, values[0] ?? ''])
}
