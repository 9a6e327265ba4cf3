import { Compile } from 'typebox/compile'
import { ProblemError } from '../contract/problems.ts'
import { EventOfNatsBatch, type EventPost } from '../contract/schemas.ts'
import {
  DEFAULT_LABELS,
  isStructuredType,
  mediaTypeOf,
  payloadOf,
  postOfCloudEvent,
  readBinary,
  readStructured,
  textOf,
} from './cloud-event.ts'
import { parseUuid } from './ids.ts'

/** An event as a NATS client publishes it. */
export interface NatsEvent {
  /** `<door>.<application_id>.<service>.<resource>.<verb>`; names percent-encoded as in `subjectToken`. */
  subject: string
  /** As they came: names of labels keep their case. */
  headers: readonly (readonly [name: string, value: string])[]
  data: Uint8Array
  /** When it came: it has occurred then, if it doesn't say when. */
  storedAtMs: number
}

const TOKENS = 5
const BATCH_TOKENS = 3
const BATCH_TOKEN = 'batch'
const CLOUD_EVENT_BATCH_TYPE = /^application\/cloudevents-batch\+json\s*(;|$)/i
const LABEL_PREFIX = 'jethook-label-'

/** The application that a subject names, in its usual form where it is a UUID. */
export function applicationOfSubject(subject: string): string {
  const token = subject.split('.')[1] ?? ''
  return parseUuid(token) ?? token
}

/**
 * The event type that a subject names.
 * @throws {ProblemError} JsonPayload for a subject of another form.
 */
export function eventTypeOfSubject(subject: string): string {
  const tokens = subject.split('.')
  if (tokens.length !== TOKENS)
    throw unreadable(`The subject must be ${tokens[0]}.<application_id>.<service>.<resource>.<verb>.`)
  try {
    return tokens.slice(2).map(decodeURIComponent).join('.')
  } catch {
    throw unreadable('A name in the subject is not percent-encoded as it should be.')
  }
}

/** `in.<application_id>.batch`: a message that holds many events. */
export function isBatchSubject(subject: string): boolean {
  const tokens = subject.split('.')
  return tokens.length === BATCH_TOKENS && tokens[2] === BATCH_TOKEN
}

/** Whether a batch is the list of CloudEvents that their JSON format knows (§4), by its content type. */
export function isCloudEventBatch(contentType: string | undefined): boolean {
  return contentType !== undefined && CLOUD_EVENT_BATCH_TYPE.test(contentType)
}

/** Whose an event of a batch is, and when it has occurred if it doesn't say when. */
export interface BatchContext {
  applicationId: string
  occurredAt: string
}

const checkedEvent = Compile(EventOfNatsBatch)

/** An event of a batch, as `POST /events/batch` takes it. @throws {ProblemError} JsonPayload. */
export function readBatchEvent(value: unknown, { applicationId, occurredAt }: BatchContext): EventPost {
  if (!checkedEvent.Check(value)) {
    const [first] = checkedEvent.Errors(value)
    throw unreadable(`The event of a batch can't be read: ${first?.instancePath} ${first?.message}.`)
  }
  return {
    ...value,
    application_id: applicationId,
    payload_content_type: value.payload_content_type ?? 'application/json',
    occurred_at: value.occurred_at ?? occurredAt,
    labels: value.labels ?? { ...DEFAULT_LABELS },
  }
}

/** A CloudEvent of a batch. @throws {ProblemError} JsonPayload. */
export function readBatchCloudEvent(value: unknown, context: BatchContext): EventPost {
  return postOfCloudEvent(readStructured(value), context)
}

/**
 * The post that a message stands for: a CloudEvent of either mode, or a payload with headers of ours, all of them optional.
 * @throws {ProblemError} for what can't be read; whether the event is taken is decided by whoever takes posts.
 */
export function readNatsEvent({ subject, headers, data, storedAtMs }: NatsEvent): EventPost {
  const eventType = eventTypeOfSubject(subject)
  const applicationId = applicationOfSubject(subject)
  const byName = lowerCased(headers)
  const occurredAt = new Date(storedAtMs).toISOString()
  const delivery = byName.has('jethook-deliver-at') ? { deliver_at: byName.get('jethook-deliver-at')! } : {}
  const cloudEvent = isStructuredType(byName.get('content-type'))
    ? readStructured(jsonOf('body', textOf(data)))
    : readBinary(byName, data)
  if (cloudEvent !== null) {
    const post = postOfCloudEvent(cloudEvent, { applicationId, occurredAt })
    if (post.event_type !== eventType)
      throw unreadable(
        `The CloudEvent is of the type '${post.event_type.slice(0, 200)}', its subject of '${eventType}'.`,
      )
    return { ...post, ...delivery }
  }
  const eventId = byName.get('jethook-event-id') ?? byName.get('nats-msg-id')
  if (eventId !== undefined && parseUuid(eventId) === null)
    throw unreadable('Jethook-Event-Id or Nats-Msg-Id must be a UUID.')
  const { payload, payloadContentType } = payloadOfMessage(data, byName.get('content-type'))
  return {
    application_id: applicationId,
    ...(eventId === undefined ? {} : { event_id: eventId }),
    event_type: eventType,
    payload,
    payload_content_type: payloadContentType,
    metadata: mapOf('Jethook-Metadata', byName.get('jethook-metadata')) ?? {},
    occurred_at: byName.get('jethook-occurred-at') ?? occurredAt,
    labels: labelsOf(headers, byName.get('jethook-labels')),
    ...delivery,
  }
}

/** `application/octet-stream` is taken as bytes; the contract's types as they are, what is none of them is refused later. */
function payloadOfMessage(data: Uint8Array, contentType: string | undefined) {
  const mediaType = mediaTypeOf(contentType)
  switch (mediaType) {
    case 'application/json':
    case 'text/plain':
    case 'application/octet-stream':
      return payloadOf(data, mediaType)
    default:
      return { payload: textOf(data), payloadContentType: mediaType }
  }
}

function labelsOf(headers: NatsEvent['headers'], json: string | undefined): Record<string, string> {
  const labels = mapOf('Jethook-Labels', json) ?? {}
  for (const [name, value] of headers)
    if (name.toLowerCase().startsWith(LABEL_PREFIX)) labels[name.slice(LABEL_PREFIX.length)] = value
  return Object.keys(labels).length === 0 ? { ...DEFAULT_LABELS } : labels
}

function mapOf(header: string, json: string | undefined): Record<string, string> | null {
  if (json === undefined) return null
  const value = jsonOf(`header ${header}`, json)
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  // UTF-8 itself can't spell half a surrogate pair, an escape can.
  if (
    !isMap ||
    !Object.entries(value)
      .flat()
      .every((each) => typeof each === 'string' && each.isWellFormed())
  )
    throw unreadable(`The header ${header} must be a JSON object of texts.`)
  return value as Record<string, string>
}

/** The parser's own message would quote what was sent. */
function jsonOf(what: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw unreadable(`The ${what} is not JSON.`)
  }
}

/** Of a header that is there twice the first one counts. */
function lowerCased(headers: NatsEvent['headers']): Map<string, string> {
  const byName = new Map<string, string>()
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (!byName.has(lower)) byName.set(lower, value)
  }
  return byName
}

function unreadable(detail: string): ProblemError {
  return new ProblemError('JsonPayload', { detail })
}
