import type { DeliveryAttempted, LedgerFact } from '../facts/ledger.ts'
import { parseUuid } from './ids.ts'

export type OutcomeKind = 'accepted' | 'delivered' | 'dead' | 'cancelled' | 'rejected'

/** What an application is told on plain NATS of one of its events. Never a payload, an address or what a receiver answered. */
export interface OutcomeEvent {
  applicationId: string
  kind: OutcomeKind
  body: Record<string, unknown>
}

/** `out.<application_id>.<kind>` */
export function outcomeSubject({ applicationId, kind }: OutcomeEvent): string {
  return `out.${applicationId}.${kind}`
}

/** Of an event in EVENTS, by what its subject and message id say. */
export function outcomeOfEvent(subject: string, msgId: string, storedAtMs: number): OutcomeEvent[] {
  const [, applicationId = '', ...names] = subject.split('.')
  const eventId = msgId.slice(applicationId.length + 1)
  const body = { event_id: eventId, event_type_name: names.map(decodeURIComponent).join('.'), at: timeOf(storedAtMs) }
  return ofApplication({ applicationId, kind: 'accepted', body })
}

/** What a fact of LEDGER means to its application; most mean nothing. */
export function outcomesOfFact(fact: LedgerFact): OutcomeEvent[] {
  switch (fact.type) {
    case 'attempt':
      return outcomeOfAttempt(fact)
    case 'cancelled': {
      const body = { subscription_id: fact.subscriptionId, at: timeOf(fact.cancelledAtMs) }
      return ofApplication({ applicationId: fact.applicationId, kind: 'cancelled', body })
    }
    case 'chosen_cancelled':
      return fact.deliveryIds.flatMap((deliveryId) =>
        ofApplication({
          applicationId: fact.applicationId,
          kind: 'cancelled',
          body: { delivery_id: deliveryId, at: timeOf(fact.cancelledAtMs) },
        }),
      )
    case 'rejected': {
      const { eventId, eventType, problemId: id, status, detail } = fact
      const problem = { id, status, detail }
      const body = { event_id: eventId, event_type_name: eventType, problem, at: timeOf(fact.rejectedAtMs) }
      return ofApplication({ applicationId: fact.applicationId, kind: 'rejected', body })
    }
    default:
      return []
  }
}

function outcomeOfAttempt(fact: DeliveryAttempted): OutcomeEvent[] {
  const { applicationId, decision } = fact
  const body = {
    event_id: fact.eventId,
    event_type_name: fact.eventType,
    subscription_id: fact.subscriptionId,
    delivery_id: fact.deliveryId,
    attempt_number: fact.attemptNumber,
    status_code: fact.response?.statusCode ?? null,
    at: timeOf(fact.finishedAtMs),
  }
  if (decision.type === 'succeeded') return ofApplication({ applicationId, kind: 'delivered', body })
  if (decision.type !== 'dead-letter') return []
  const why = { cause: decision.reason, error_name: fact.errorName }
  return ofApplication({ applicationId, kind: 'dead', body: { ...body, ...why } })
}

/** What was refused may name something else than an application, even what would be a wildcard. */
function ofApplication(outcome: OutcomeEvent): OutcomeEvent[] {
  return parseUuid(outcome.applicationId) === outcome.applicationId ? [outcome] : []
}

const timeOf = (ms: number) => new Date(ms).toISOString()
