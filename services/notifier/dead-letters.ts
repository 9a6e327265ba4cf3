import type { Occurrence } from '#shared/domain/operational-event.ts'
import { type DeliveryAttempted, decodeLedgerFact } from '#shared/facts/ledger.ts'

const MINUTE_MS = 60_000
const MARK = Buffer.from('"decision":{"type":"dead-letter"')

/**
 * The attempt, if it was the last one of a delivery that is dead now. Nearly none is, so the bytes are searched first: within
 * a text of the fact the quotes of the mark would be escaped.
 */
export function readDeadLetter(data: Uint8Array): DeliveryAttempted | null {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length)
  if (!bytes.includes(MARK)) return null
  const fact = decodeLedgerFact(bytes.toString('utf8'))
  return fact.type === 'attempt' && fact.decision.type === 'dead-letter' ? fact : null
}

/** A dead letter and where and when LEDGER has it. Times of one stream only go forward. */
export interface PlacedDeadLetter {
  fact: DeliveryAttempted
  organizationId: string
  seq: number
  storedAtMs: number
}

/** The dead letters of the minute that isn't over, by subscription. */
export interface Tally {
  /** Minutes since the epoch, by the stream's own time. */
  minute: number
  /** LEDGER sequence of the minute's first dead letter; 0: none. */
  firstSeq: number
  counts: ReadonlyMap<string, { count: number; applicationId: string; organizationId: string }>
}

export const EMPTY_TALLY: Tally = { minute: 0, firstSeq: 0, counts: new Map() }

export interface TallyStep {
  tally: Tally
  occurrences: Occurrence[]
}

/** What a dead letter adds: an event of its own, unless its subscription has had enough of them in this minute. */
export function countDeadLetter(before: Tally, letter: PlacedDeadLetter, eventsPerMinute: number): TallyStep {
  const minute = Math.floor(letter.storedAtMs / MINUTE_MS)
  const closed = closeMinutes(before, minute, eventsPerMinute)
  const { subscriptionId, applicationId } = letter.fact
  const count = (closed.tally.counts.get(subscriptionId)?.count ?? 0) + 1
  const counts = new Map(closed.tally.counts)
  counts.set(subscriptionId, { count, applicationId, organizationId: letter.organizationId })
  const tally = { minute: Math.max(minute, closed.tally.minute), firstSeq: closed.tally.firstSeq || letter.seq, counts }
  return {
    tally,
    occurrences: [...closed.occurrences, ...(count > eventsPerMinute ? [] : [deadLetterOccurrence(letter)])],
  }
}

/** Ends the tally's minute when `minute` is a later one: what had no event of its own is told by its number. */
export function closeMinutes(tally: Tally, minute: number, eventsPerMinute: number): TallyStep {
  if (minute <= tally.minute) return { tally, occurrences: [] }
  const occurrences = [...tally.counts]
    .filter(([, { count }]) => count > eventsPerMinute)
    .map(
      ([subscriptionId, { count, applicationId, organizationId }]): Occurrence => ({
        key: `${subscriptionId}:minute:${tally.minute}`,
        type: 'jethook.delivery.dead',
        atMs: (tally.minute + 1) * MINUTE_MS,
        organizationId,
        applicationId,
        subscriptionId,
        details: { count: count - eventsPerMinute, since: new Date(tally.minute * MINUTE_MS).toISOString() },
      }),
    )
  return { tally: { minute, firstSeq: 0, counts: new Map() }, occurrences }
}

function deadLetterOccurrence({ fact, organizationId }: PlacedDeadLetter): Occurrence {
  return {
    key: fact.attemptId,
    type: 'jethook.delivery.dead',
    atMs: fact.finishedAtMs,
    organizationId,
    applicationId: fact.applicationId,
    subscriptionId: fact.subscriptionId,
    details: {
      count: 1,
      delivery_id: fact.deliveryId,
      event_id: fact.eventId,
      event_type: fact.eventType,
      request_attempt_id: fact.attemptId,
      attempt_number: fact.attemptNumber,
      reason: fact.decision.type === 'dead-letter' ? fact.decision.reason : null,
      error_name: fact.errorName,
      status_code: fact.response?.statusCode ?? null,
    },
  }
}
