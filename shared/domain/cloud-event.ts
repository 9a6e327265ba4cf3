import { hash } from 'node:crypto'
import { ProblemError } from '../contract/problems.ts'
import type { EventPost } from '../contract/schemas.ts'
import { parseUuid, uuidOf } from './ids.ts'

/** A CloudEvent 1.0 (https://github.com/cloudevents/spec), of either mode, as far as an event is made of it. */
export interface CloudEvent {
  /** By lower-case name, extensions included; values as text. */
  attributes: Readonly<Record<string, string>>
  payload: string
  payloadContentType: string
}

const STRUCTURED_TYPE = /^application\/cloudevents\+json\s*(;|$)/i
const OTHER_CLOUD_EVENTS_TYPE = /^application\/cloudevents/i
const JSON_TYPE = /^(application|text)\/([\w.-]+\+)?json$/i
const ATTRIBUTE_NAME = /^[a-z0-9]{1,50}$/
const HEADER_PREFIX = 'ce-'
/** What an event is made of besides labels. */
const CORE = new Set(['specversion', 'id', 'source', 'type', 'time', 'subject', 'datacontenttype', 'dataschema'])
/** They tell one event from the next, and are longer than a label may be: nobody subscribes by them. */
const TRACING = new Set(['traceparent', 'tracestate'])
const METADATA_BYTES_MAX = 50

export const DEFAULT_LABELS = { all: 'yes' } as const

/** Whether a content type says that the whole body is a CloudEvent. @throws {ProblemError} for forms that are not taken. */
export function isStructuredType(contentType: string | undefined): boolean {
  if (contentType === undefined || !OTHER_CLOUD_EVENTS_TYPE.test(contentType)) return false
  if (STRUCTURED_TYPE.test(contentType)) return true
  throw badEvent(`CloudEvents are taken as application/cloudevents+json, one in each message, not as ${contentType}`)
}

/** @param value The parsed body. @throws {ProblemError} JsonPayload for what is no CloudEvent. */
export function readStructured(value: unknown): CloudEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badEvent('a CloudEvent is an object')
  const { data, data_base64: base64, ...rest } = value as Record<string, unknown>
  const attributes: Record<string, string> = {}
  for (const [name, given] of Object.entries(rest)) {
    if (given === null || given === undefined) continue
    const isText = ['string', 'number', 'boolean'].includes(typeof given) && String(given).isWellFormed()
    if (!isText) throw badEvent(`its attribute ${name.slice(0, 50)} is no text`)
    attributes[name] = String(given)
  }
  checkAttributes(attributes)
  return { attributes, ...structuredData(data, base64, mediaTypeOf(attributes['datacontenttype'])) }
}

function structuredData(data: unknown, base64: unknown, mediaType: string) {
  if (base64 !== undefined && base64 !== null) {
    if (typeof base64 !== 'string') throw badEvent('its data_base64 is no text')
    if (!isJsonType(mediaType)) return { payload: base64, payloadContentType: 'application/octet-stream+base64' }
    return payloadOf(Buffer.from(base64, 'base64'), mediaType)
  }
  if (data === undefined) return { payload: '', payloadContentType: 'text/plain' }
  if (isJsonType(mediaType) || typeof data !== 'string')
    return { payload: jsonTextOf(data), payloadContentType: 'application/json' }
  return { payload: data, payloadContentType: 'text/plain' }
}

function jsonTextOf(data: unknown): string {
  try {
    return JSON.stringify(data)
  } catch {
    throw badEvent('its data is nested too deeply')
  }
}

/**
 * Of the binary mode: attributes stand in headers `ce-…`, the body is the data.
 * @param headers By lower-case name.  @returns null when they are not those of a CloudEvent.
 * @throws {ProblemError} JsonPayload for what is no CloudEvent.
 */
export function readBinary(headers: ReadonlyMap<string, string>, data: Uint8Array): CloudEvent | null {
  if (!headers.has('ce-specversion')) return null
  const attributes: Record<string, string> = {}
  for (const [name, value] of headers)
    if (name.startsWith(HEADER_PREFIX)) attributes[name.slice(HEADER_PREFIX.length)] = percentDecoded(value)
  const contentType = headers.get('content-type')
  if (contentType !== undefined) attributes['datacontenttype'] = contentType
  checkAttributes(attributes)
  if (data.length === 0 && contentType === undefined)
    return { attributes, payload: '', payloadContentType: 'text/plain' }
  return { attributes, ...payloadOf(data, mediaTypeOf(contentType)) }
}

function checkAttributes(attributes: Record<string, string>): void {
  for (const name of ['specversion', 'id', 'source', 'type'])
    if (!attributes[name]) throw badEvent(`its attribute ${name} is missing`)
  if (!/^1\.\d+$/.test(attributes['specversion'] ?? '')) throw badEvent('its specversion is not 1.0')
  const odd = Object.keys(attributes).find((name) => !ATTRIBUTE_NAME.test(name))
  if (odd !== undefined) throw badEvent(`'${odd.slice(0, 50)}' is no name of an attribute (a to z, 0 to 9)`)
}

/**
 * The post that a CloudEvent stands for. Its `type` is the event type, its `id`, where that is no UUID, becomes one together
 * with its `source`; `subject` and extensions are labels. The whole mapping: docs/nats.md.
 */
export function postOfCloudEvent(
  { attributes, payload, payloadContentType }: CloudEvent,
  { applicationId, occurredAt }: { applicationId: string; occurredAt: string },
): EventPost {
  const { id = '', source = '', type = '', time, subject, dataschema } = attributes
  const uuid = parseUuid(id)
  const metadata: Record<string, string> = {}
  const keep = (name: string, value: string | undefined) => {
    if (value && Buffer.byteLength(value) <= METADATA_BYTES_MAX) metadata[name] = value
  }
  if (uuid === null) keep('ce_id', id)
  keep('ce_source', source)
  keep('ce_dataschema', dataschema)
  const labels: Record<string, string> = subject === undefined ? {} : { subject }
  for (const [name, value] of Object.entries(attributes))
    if (!CORE.has(name) && !TRACING.has(name)) labels[name] = value
  return {
    application_id: applicationId,
    event_id: uuid ?? eventIdOfCloudEvent(applicationId, source, id),
    event_type: type,
    payload,
    payload_content_type: payloadContentType,
    metadata,
    occurred_at: time ?? occurredAt,
    labels: Object.keys(labels).length === 0 ? { ...DEFAULT_LABELS } : labels,
  }
}

/** The same `source` and `id` are the same event, as CloudEvents have it. */
function eventIdOfCloudEvent(applicationId: string, source: string, id: string): string {
  return uuidOf(`cloudevent:${applicationId}:${hash('sha1', source, 'hex')}:${id}`)
}

/**
 * Bytes as the payload of a post: JSON and plain text as text, which must be UTF-8, all else in base64.
 * @throws {ProblemError} JsonPayload for text that is not UTF-8.
 */
export function payloadOf(data: Uint8Array, mediaType: string): { payload: string; payloadContentType: string } {
  if (isJsonType(mediaType)) return { payload: textOf(data), payloadContentType: 'application/json' }
  if (mediaType === 'text/plain') return { payload: textOf(data), payloadContentType: 'text/plain' }
  return { payload: Buffer.from(data).toString('base64'), payloadContentType: 'application/octet-stream+base64' }
}

/** A content type without its parameters, in lower case; JSON when there is none. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? 'application/json').split(';')[0]!.trim().toLowerCase()
}

const isJsonType = (mediaType: string) => JSON_TYPE.test(mediaType)
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws {ProblemError} JsonPayload. */
export function textOf(data: Uint8Array): string {
  try {
    return UTF8.decode(data)
  } catch {
    throw new ProblemError('JsonPayload', { detail: 'The payload is not UTF-8.' })
  }
}

/** Header values of the binary mode are percent-encoded where they are not plain ASCII. */
function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

function badEvent(detail: string): ProblemError {
  return new ProblemError('JsonPayload', { detail: `The CloudEvent can't be read: ${detail}.` })
}
