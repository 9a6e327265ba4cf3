import { hash, randomFillSync } from 'node:crypto'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const randomPool = new Uint8Array(4096)
let randomPoolUsed = randomPool.length

function randomBytes(count: number): Uint8Array {
  if (randomPoolUsed + count > randomPool.length) {
    randomFillSync(randomPool)
    randomPoolUsed = 0
  }
  randomPoolUsed += count
  return randomPool.subarray(randomPoolUsed - count, randomPoolUsed)
}

function hyphenate(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

/** A new UUIDv7 (RFC 9562) of the given time in ms; ids of one ms are in no particular order. */
export function newEventId(nowMs: number): string {
  const random = randomBytes(10)
  let hex = Math.floor(nowMs).toString(16).padStart(12, '0')
  hex += HEX[0x70 | (random[0]! & 0x0f)]! + HEX[random[1]!]! + HEX[0x80 | (random[2]! & 0x3f)]!
  for (let i = 3; i < 10; i++) hex += HEX[random[i]!]!
  return hyphenate(hex)
}

/** The id of an event that came without one, in a message that may be read again: a UUIDv7 that depends on its name and time. */
export function eventIdOfMessage(name: string, storedAtMs: number): string {
  const digest = hash('sha1', `message:${name}`, 'hex')
  const variant = HEX[0x80 | (Number.parseInt(digest.slice(16, 18), 16) & 0x3f)]!
  const time = Math.floor(storedAtMs).toString(16).padStart(12, '0')
  return hyphenate(`${time}7${digest.slice(13, 16)}${variant}${digest.slice(18, 32)}`)
}

/** The id of the refusal of a message, by its name. */
export function rejectionIdOf(name: string): string {
  return uuidOf(`rejection:${name}`)
}

/** The time in ms that a UUIDv7 carries, or null when `id` (lower-case, hyphenated) is of another version. */
export function timeOfUuidV7(id: string): number | null {
  return id[14] === '7' ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : null
}

/** A UUIDv8 (RFC 9562) that depends on `name` alone: whoever asks again gets the same id. */
export function uuidOf(name: string): string {
  const digest = hash('sha1', name, 'hex')
  const variant = HEX[0x80 | (Number.parseInt(digest.slice(16, 18), 16) & 0x3f)]!
  return hyphenate(`${digest.slice(0, 12)}8${digest.slice(13, 16)}${variant}${digest.slice(18, 32)}`)
}

/**
 * The id of the delivery of one event to one subscription.
 * @param replayId Empty for the original delivery, else the replay that asked for another one.
 */
export function deliveryIdOf(eventId: string, subscriptionId: string, replayId: string): string {
  return uuidOf(`delivery:${eventId}:${subscriptionId}:${replayId}`)
}

/**
 * The id of the delivery that sends a dead letter again. It depends on the dead letter alone: whoever redrives it makes
 * the same one, and one that dies again has a successor of its own.
 */
export function redrivenDeliveryIdOf(deadDeliveryId: string): string {
  return uuidOf(`redrive:${deadDeliveryId}`)
}

/** The id of a delivery's attempt number `attemptNumber` (from 1). */
export function attemptIdOf(deliveryId: string, attemptNumber: number): string {
  return uuidOf(`attempt:${deliveryId}:${attemptNumber}`)
}

/** The id of the event that tells of an occurrence, by that occurrence's own name. */
export function operationalEventIdOf(occurrence: string): string {
  return uuidOf(`operational:${occurrence}`)
}

/** The lane, from 0 to `laneCount - 1`, that all deliveries of a subscription go through (FNV-1a). */
export function laneOf(subscriptionId: string, laneCount: number): number {
  let h = 0x811c9dc5
  for (let i = 0; i < subscriptionId.length; i++) h = Math.imul(h ^ subscriptionId.charCodeAt(i), 0x01000193)
  return (h >>> 0) % laneCount
}

const HYPHENATED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const SIMPLE = /^[0-9a-f]{32}$/

/**
 * Reads a UUID of any version in the forms that the contract takes: hyphenated, 32 hex digits, in braces, `urn:uuid:`.
 * @returns Lower-case and hyphenated, or null when `text` is no UUID.
 */
export function parseUuid(text: string): string | null {
  if (HYPHENATED.test(text)) return text
  let id = text.toLowerCase()
  if (id.startsWith('urn:uuid:')) id = id.slice(9)
  else if (id.startsWith('{') && id.endsWith('}')) id = id.slice(1, -1)
  if (HYPHENATED.test(id)) return id
  return SIMPLE.test(id) && !text.includes('{') && !text.toLowerCase().startsWith('urn:') ? hyphenate(id) : null
}
