/**
 * An accepted event, as it stands in EVENTS: one line of JSON (this envelope), a line feed, then the payload's bytes as
 * they came and as they will be delivered.
 */
export interface EventAccepted {
  v: 1
  eventId: string
  applicationId: string
  organizationId: string
  eventType: string
  payloadContentType: string
  labels: Record<string, string>
  metadata: Record<string, string>
  /** RFC 3339 in UTC, to the microsecond: as the sender gave it. */
  occurredAt: string
  receivedAtMs: number
  /** Not to be matched before this; absent: at once. */
  deliverAtMs?: number
  /** The sender's address. */
  ip: string
  /** What the sender's NATS client calls its connection; absent: not known. */
  clientName?: string
  /** The last CONTROL sequence that the gateway had seen when it admitted the event. */
  controlSeq: number
  /** W3C: the step of a trace that deliveries follow from; absent: there is none. */
  traceparent?: string
  /** Tells this append from any other, also of the same id: an unclear answer is resolved by reading it back. */
  appendId: string
}

const LINE_FEED = 0x0a

/** EVENTS' message body of an event. */
export function encodeEvent(event: EventAccepted, payload: Uint8Array): Uint8Array {
  const head = JSON.stringify(event)
  const body = Buffer.allocUnsafe(Buffer.byteLength(head) + 1 + payload.length)
  const headLength = body.write(head, 0)
  body[headLength] = LINE_FEED
  body.set(payload, headLength + 1)
  return body
}

/** @throws {Error} when `data` is no event of a known version: a corrupt stream is not to be skipped. */
export function decodeEvent(data: Uint8Array): { event: EventAccepted; payload: Uint8Array } {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length)
  const end = bytes.indexOf(LINE_FEED)
  if (end < 0) throw new Error('EVENTS holds a message without an envelope')
  const event = JSON.parse(bytes.toString('utf8', 0, end)) as EventAccepted
  if (event.v !== 1) throw new Error(`EVENTS holds an event of the unknown version ${String(event.v)}`)
  return { event, payload: bytes.subarray(end + 1) }
}
