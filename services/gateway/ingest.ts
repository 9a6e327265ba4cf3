import { randomUUID } from 'node:crypto'
import { type FieldError, ProblemError } from '#shared/contract/problems.ts'
import type { EventPost } from '#shared/contract/schemas.ts'
import { describeErrors } from '#shared/domain/validation.ts'
import type { EventTypeState } from '#shared/facts/control.ts'
import { decodeEvent, type EventAccepted, encodeEvent } from '#shared/facts/event.ts'
import { eventSubject } from '#shared/facts/subjects.ts'
import { AppendDuplicateError, type AppendMessage } from '#shared/runtime/appender.ts'
import { readStored, STREAM_NAMES } from '#shared/runtime/streams.ts'
import {
  acceptEvent,
  activeEventType,
  isCoveredByWindow,
  type ReadEvent,
  readEvent,
  readPayload,
  reliableWindowMs,
} from './admit.ts'
import type { Principal } from './authentication.ts'
import type { RouteDependencies } from './dependencies.ts'
import type { Door } from './ingest-figures.ts'
import { findEventId } from './queries/event-ids.ts'
import type { Reservation } from './quotas/event-quota.ts'
import { createUsedIds } from './used-ids.ts'

/** Room for the subject and the headers of a message beside its body. */
const MESSAGE_OVERHEAD_BYTES = 8_192
const PAYLOAD_MAX_DEFAULT_BYTES = 1_048_576

/** Who posts, and from where. */
export interface Sender {
  principal: Principal
  ip: string
  /** What a NATS client calls its connection, where that is known. */
  clientName?: string
  /** What the event's deliveries follow from, for whoever draws the trace. */
  traceparent?: string | undefined
  /** Of an event that comes out of a stream, and may come again. */
  entry?: Entry
}

/** What an event gets from the message that it came in: the same each time that the message is read. */
export interface Entry {
  appendId: string
  /** For an event that has no id of its own. */
  eventId: string
}

export interface SentPost {
  post: EventPost
  sender: Sender
}

/** EVENTS holds the event, and has it from this very message. */
export class EntryTakenError extends Error {
  override name = 'EntryTakenError'
}

/** What became of one event of a batch: the event, or the problem that its own post would have had. */
export type BatchResult = { event: EventAccepted } | { error: unknown }

export interface Ingest {
  /** Resolves once the event is on disk. @throws {ProblemError} in the contract's order (behaviour.md §2). */
  one(post: EventPost, sender: Sender): Promise<EventAccepted>
  /** Those that can be taken are appended together, all or none; resolves once they are on disk. */
  batch(posts: readonly SentPost[]): Promise<BatchResult[]>
  /** Whether the event at a place of EVENTS is the one that this very message has made. */
  isOfEntry(seq: number, entry: Entry): Promise<boolean>
}

/** An event that may be appended; its place among the events of the day is taken. */
interface PreparedEvent {
  event: EventAccepted
  message: AppendMessage
  reservation: Reservation | null
  entry: Entry | undefined
}

export function createIngest(deps: RouteDependencies, door: Door): Ingest {
  const { nats, orm, registry, appenders, config, clock, freshRegistry, readYourWrites, eventQuota, figures } = deps
  const appendPrefix = `${randomUUID()}-`
  let appendCounter = 0
  const window = { windowMs: config.duplicateWindowMs, appendTimeoutMs: config.appendTimeoutMs }
  const usedIds = createUsedIds({ nats, orm, clock, windowMs: reliableWindowMs(window) })

  async function prepare({ post, sender }: SentPost): Promise<PreparedEvent> {
    const { principal, ip, clientName, traceparent, entry } = sender
    const nowMs = clock.nowMs()
    let read = freshRegistry.decide(() => readEvent(post, principal, registry, nowMs))
    if (read instanceof Promise) read = await read
    const reservation = eventQuota.isEnforced ? await eventQuota.reserve(read.application) : null
    try {
      const payload = readPayload(read)
      const { givenId } = read
      if (givenId !== null && !isCoveredByWindow(givenId, nowMs, window)) await usedIds.refuseIfUsed(givenId)
      const type = await typeOf(read, entry)
      if (type.schema !== null) await refuseOffSchema(type, read, deps)
      const event = acceptEvent(entry ? { ...read, givenId: givenId ?? entry.eventId } : read, {
        eventType: type.name,
        nowMs,
        ip,
        ...(clientName === undefined ? {} : { clientName }),
        controlSeq: registry.seq,
        traceparent,
        appendId: entry?.appendId ?? appendPrefix + (appendCounter++).toString(36),
      })
      const message = messageOf(event, payload, type)
      reservation?.appendAs(messageIdOf(event))
      return { event, message, reservation, entry }
    } catch (error) {
      reservation?.release()
      throw error
    }
  }

  async function isOfEntry(seq: number, { appendId }: Entry): Promise<boolean> {
    const stored = await readStored(nats, STREAM_NAMES.events, seq)
    return stored !== null && decodeEvent(stored.data).event.appendId === appendId
  }

  /** The event's type; when there is none, a known id is still the contract's first complaint. */
  async function typeOf(read: ReadEvent, entry: Entry | undefined): Promise<EventTypeState> {
    try {
      return await freshRegistry.decide(() => activeEventType(read, registry))
    } catch (error) {
      // The contract is one of posts; here a flood would have everybody wait for the read model.
      if (read.givenId === null || entry !== undefined) throw error
      await readYourWrites.catchUp()
      if ((await findEventId(orm, read.givenId)).isKnown) throw new ProblemError('EventAlreadyIngested')
      throw error
    }
  }

  function messageOf(event: EventAccepted, payload: Uint8Array, type: EventTypeState): AppendMessage {
    const body = encodeEvent(event, payload)
    const bytesMax = (nats.connection.info?.max_payload ?? PAYLOAD_MAX_DEFAULT_BYTES) - MESSAGE_OVERHEAD_BYTES
    // The client library would take it for a lost connection, and a whole batch would be sent again and again.
    if (body.length > bytesMax)
      throw new ProblemError('JsonPayload', { detail: `Body is too big (maximum is ${bytesMax} bytes)` })
    return { subject: eventSubject(event.applicationId, type), body, msgId: messageIdOf(event) }
  }

  async function append({ event, message, reservation, entry }: PreparedEvent): Promise<EventAccepted> {
    try {
      const { isDuplicate, seq } = await appenders.events.append(message)
      if (isDuplicate && entry !== undefined && (await isOfEntry(seq, entry))) throw new EntryTakenError()
      if (isDuplicate) throw new ProblemError('EventAlreadyIngested')
      reservation?.keep(seq)
      figures.accepted(door, 1)
      return event
    } catch (error) {
      reservation?.release()
      throw error
    }
  }

  /** All or none, unless an id is known: then each event gets the answer that it would have had alone. */
  async function appendTogether(prepared: readonly PreparedEvent[]): Promise<BatchResult[]> {
    // A group of one is no batch to the server: of a known id it says so in its answer, it doesn't refuse it.
    if (prepared.length === 1) return (await Promise.allSettled(prepared.map(append))).map(resultOf)
    try {
      const { seq } = await appenders.events.appendGroup(prepared.map(({ message }) => message))
      for (const [i, { reservation }] of prepared.entries()) reservation?.keep(seq - prepared.length + 1 + i)
      figures.accepted(door, prepared.length)
      return prepared.map(({ event }) => ({ event }))
    } catch (error) {
      if (error instanceof AppendDuplicateError) {
        // What an unclear first try of the group has stored is told from somebody else's by what it holds.
        const each = prepared.map((one) => append({ ...one, message: { ...one.message, mayBeStored: true } }))
        return (await Promise.allSettled(each)).map(resultOf)
      }
      for (const { reservation } of prepared) reservation?.release()
      return prepared.map(() => ({ error }))
    }
  }

  return {
    isOfEntry,
    one: async (post, sender) => append(await prepare({ post, sender })),
    async batch(posts) {
      const prepared = await Promise.allSettled(posts.map(prepare))
      const taken = prepared.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      const appended = taken.length === 0 ? [] : await appendTogether(taken)
      return prepared.map((each) => (each.status === 'fulfilled' ? appended.shift()! : { error: each.reason }))
    },
  }
}

function resultOf(settled: PromiseSettledResult<EventAccepted>): BatchResult {
  return settled.status === 'fulfilled' ? { event: settled.value } : { error: settled.reason }
}

/** @throws {ProblemError} Validation with paths and reasons, when the payload doesn't satisfy its type's schema. */
async function refuseOffSchema(
  { applicationId, name, schema, schemaVersion }: EventTypeState,
  { post }: ReadEvent,
  { schemaChecker }: RouteDependencies,
): Promise<void> {
  if (post.payload_content_type !== 'application/json')
    throw offSchema([{ code: 'json-schema', message: 'this event type takes application/json only', params: {} }])
  const verdict = await schemaChecker.check(`${applicationId}/${schemaVersion}/${name}`, schema, post.payload)
  switch (verdict.type) {
    case 'valid':
      return
    case 'invalid':
      throw offSchema(
        verdict.errors.map(({ path, reason }) => ({
          code: 'json-schema',
          message: `${path === '' ? 'the payload' : path} ${reason}`,
          params: { path, schema_version: schemaVersion },
        })),
      )
    case 'timed-out':
      throw offSchema([
        { code: 'json-schema-timeout', message: 'checking it against the schema took too long', params: {} },
      ])
    case 'busy':
      throw new ProblemError('ServiceUnavailable', { detail: 'Too many payloads are being checked; try again.' })
  }
}

function offSchema(errors: FieldError[]): ProblemError {
  const validation = { payload: errors }
  return new ProblemError('Validation', { validation, detail: describeErrors(validation) })
}

const messageIdOf = ({ applicationId, eventId }: EventAccepted) => `${applicationId}:${eventId}`
