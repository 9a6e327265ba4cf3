import type { LiveKind, LiveRow } from '#shared/contract/live-schemas.ts'
import type { LedgerFact } from '#shared/facts/ledger.ts'
import { timeText } from '../presenters/time.ts'

/** One thing that has just happened, and by what it is filtered. */
export interface LiveEntry {
  kind: LiveKind
  applicationId: string
  row: LiveRow
}

/** An accepted event, by what its subject and message id in EVENTS say. */
export function acceptedEntry(subject: string, msgId: string, storedAtMs: number): LiveEntry {
  const [, applicationId = '', ...names] = subject.split('.')
  const row = {
    at: timeText(storedAtMs),
    event_id: msgId.slice(applicationId.length + 1),
    event_type: names.map(decodeURIComponent).join('.'),
  }
  return { kind: 'accepted', applicationId, row }
}

/** An attempt that was made, and the end of its delivery if that was given up. */
export function entriesOfFact(fact: LedgerFact): LiveEntry[] {
  if (fact.type !== 'attempt') return []
  const row = {
    at: timeText(fact.finishedAtMs),
    event_id: fact.eventId,
    event_type: fact.eventType,
    delivery_id: fact.deliveryId,
    subscription_id: fact.subscriptionId,
    attempt_number: fact.attemptNumber,
    outcome: fact.outcome,
    status_code: fact.response?.statusCode ?? null,
    duration_ms: fact.durationMs,
    error: fact.errorMessage,
  }
  const { applicationId, decision } = fact
  const attempted: LiveEntry = { kind: 'attempted', applicationId, row }
  if (decision.type !== 'dead-letter') return [attempted]
  return [attempted, { kind: 'dead', applicationId, row: { ...row, cause: decision.reason.replaceAll('-', '_') } }]
}

/** What a client wants to see; null: whatever there is. */
export interface LiveFilter {
  applicationId: string
  eventType: string | null
  subscriptionId: string | null
  kinds: ReadonlySet<LiveKind>
}

export function isWanted({ kind, applicationId, row }: LiveEntry, filter: LiveFilter): boolean {
  return (
    applicationId === filter.applicationId &&
    filter.kinds.has(kind) &&
    (filter.eventType === null || row.event_type === filter.eventType) &&
    (filter.subscriptionId === null || row.subscription_id === filter.subscriptionId)
  )
}

/** As a server-sent event. */
export function eventText(kind: string, data: unknown): string {
  return `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`
}
