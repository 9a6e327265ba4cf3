import type { FieldErrors } from '../contract/problems.ts'
import type { EventPost, EventTypePost } from '../contract/schemas.ts'
import { checkMap, checkText, createValidation, LABELS_RULE, METADATA_RULE } from './validation.ts'

const PAYLOAD_CHARACTERS_MAX = 699_050
const EVENT_TYPE_CHARACTERS_MAX = 200
const CONTENT_TYPE_CHARACTERS_MAX = 100
const PART_CHARACTERS_MAX = 50

/** The contract's field rules for an event (behaviour.md §2, step 5). @returns null when all hold. */
export function validateEventPost(post: EventPost): FieldErrors | null {
  const validation = createValidation()
  checkText(validation, 'event_type', post.event_type, {
    min: 1,
    max: EVENT_TYPE_CHARACTERS_MAX,
    noControlCharacters: true,
  })
  if (post.payload.length > PAYLOAD_CHARACTERS_MAX)
    checkText(validation, 'payload', post.payload, { max: PAYLOAD_CHARACTERS_MAX })
  checkText(validation, 'payload_content_type', post.payload_content_type, {
    min: 1,
    max: CONTENT_TYPE_CHARACTERS_MAX,
    noControlCharacters: true,
  })
  if (post.metadata) checkMap(validation, 'metadata', post.metadata, METADATA_RULE)
  checkMap(validation, 'labels', post.labels, LABELS_RULE)
  return validation.errors()
}

const DELAY_MAX_MS = 366 * 24 * 3_600_000

/**
 * When an event is to be delivered, or null: at once.
 * @returns a sentence instead when the fields can't be taken as they are.
 */
export function readDeliverAt(
  { deliver_at, delay_ms }: Pick<EventPost, 'deliver_at' | 'delay_ms'>,
  nowMs: number,
): number | null | string {
  const hasTime = deliver_at !== null && deliver_at !== undefined
  const hasDelay = delay_ms !== null && delay_ms !== undefined
  if (hasTime && hasDelay) return 'give deliver_at or delay_ms, not both'
  if (hasDelay && (delay_ms < 0 || delay_ms > DELAY_MAX_MS)) return `delay_ms must be 0 to ${DELAY_MAX_MS}`
  const atMs = hasTime ? Date.parse(normalizeTimestamp(deliver_at) ?? '') : hasDelay ? nowMs + delay_ms : nowMs
  if (Number.isNaN(atMs)) return 'deliver_at must be an RFC 3339 time'
  if (atMs > nowMs + DELAY_MAX_MS) return 'deliver_at must lie within 366 days'
  return atMs <= nowMs ? null : atMs
}

/** The contract's field rules for an event type (behaviour.md §3). @returns null when all hold. */
export function validateEventTypePost(post: EventTypePost): FieldErrors | null {
  const validation = createValidation()
  for (const field of ['service', 'resource_type', 'verb'] as const) {
    checkText(validation, field, post[field], { min: 1, max: PART_CHARACTERS_MAX, noControlCharacters: true })
  }
  return validation.errors()
}

export const PAYLOAD_CONTENT_TYPES = ['text/plain', 'application/json', 'application/octet-stream+base64'] as const

export type PayloadProblem = 'EventInvalidPayloadContentType' | 'EventInvalidBase64Payload' | 'EventInvalidJsonPayload'

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The bytes that are stored and delivered (behaviour.md §2, steps 7 and 8): JSON as the text that came, base64 decoded. */
export function decodePayload(payload: string, contentType: string): Buffer | PayloadProblem {
  switch (contentType) {
    case 'text/plain':
      return Buffer.from(payload)
    case 'application/json':
      return isJson(payload) ? Buffer.from(payload) : 'EventInvalidJsonPayload'
    case 'application/octet-stream+base64':
      return BASE64.test(payload) ? Buffer.from(payload, 'base64') : 'EventInvalidBase64Payload'
    default:
      return 'EventInvalidPayloadContentType'
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/**
 * An RFC 3339 time in UTC with six decimals; a space may stand for the T, and a leap second is the next minute's first.
 * @returns null when `text` is no such time.
 */
export function normalizeTimestamp(text: string): string | null {
  const parts = RFC3339.exec(text)
  if (!parts) return null
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = parts
  if (Number(month) < 1 || Number(month) > 12 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60)
    return null
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return null
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  if (date.getUTCDate() !== Number(day)) return null
  const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000 * (sign === '-' ? -1 : 1)
  const ms = date.getTime() + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1_000 - offsetMs
  const iso = new Date(ms).toISOString()
  // Postgres knows no year 0, and what lies outside of four digits is no RFC 3339.
  if (iso.length !== 24 || iso.startsWith('0000')) return null
  return `${iso.slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`
}
