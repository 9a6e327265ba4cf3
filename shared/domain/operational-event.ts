import type { ApplicationState } from '../facts/control.ts'
import { type EventAccepted, encodeEvent } from '../facts/event.ts'
import { eventSubject } from '../facts/subjects.ts'
import { operationalEventIdOf } from './ids.ts'

/** What jethook tells about itself; docs/operational-webhooks.md says when, and with which payload. */
export const OPERATIONAL_EVENT_TYPES = [
  'jethook.subscription.disabled',
  'jethook.subscription.enabled',
  'jethook.subscription.paused',
  'jethook.subscription.resumed',
  'jethook.delivery.dead',
  'jethook.breaker.opened',
  'jethook.breaker.closed',
  'jethook.quota.warned',
] as const
export type OperationalEventType = (typeof OPERATIONAL_EVENT_TYPES)[number]

/** Something has happened that an organisation may want to hear of. */
export interface Occurrence {
  /** Names it among all others, whoever tells of it: the event's id follows from it. */
  key: string
  type: OperationalEventType
  atMs: number
  organizationId: string
  /** Null: it concerns all applications of the organisation. */
  applicationId: string | null
  subscriptionId: string | null
  /** Neither secrets nor payloads, nor more of an address than its origin. */
  details: Record<string, unknown>
}

export interface TellingContext {
  nowMs: number
  controlSeq: number
}

/** The EVENTS message that tells of an occurrence; the same occurrence always has the same message id. */
export function operationalEventMessage(
  occurrence: Occurrence,
  { applicationId, organizationId }: ApplicationState,
  { nowMs, controlSeq }: TellingContext,
): { subject: string; body: Uint8Array; msgId: string } {
  const eventId = operationalEventIdOf(`${occurrence.type}:${occurrence.key}`)
  const event: EventAccepted = {
    v: 1,
    eventId,
    applicationId,
    organizationId,
    eventType: occurrence.type,
    payloadContentType: 'application/json',
    labels: labelsOf(occurrence),
    metadata: {},
    occurredAt: `${new Date(occurrence.atMs).toISOString().slice(0, -1)}000Z`,
    receivedAtMs: nowMs,
    ip: '127.0.0.1',
    controlSeq,
    appendId: `operational-${eventId}`,
  }
  const [service = '', resourceType = '', verb = ''] = occurrence.type.split('.')
  return {
    subject: eventSubject(applicationId, { service, resourceType, verb }),
    body: encodeEvent(event, Buffer.from(JSON.stringify(payloadOf(occurrence)))),
    msgId: `${applicationId}:${eventId}`,
  }
}

/** What operational subscriptions can ask for. */
function labelsOf({ organizationId, applicationId, subscriptionId }: Occurrence): Record<string, string> {
  return {
    organization_id: organizationId,
    ...(applicationId === null ? {} : { application_id: applicationId }),
    ...(subscriptionId === null ? {} : { subscription_id: subscriptionId }),
  }
}

function payloadOf(occurrence: Occurrence): Record<string, unknown> {
  return {
    type: occurrence.type,
    occurred_at: new Date(occurrence.atMs).toISOString(),
    organization_id: occurrence.organizationId,
    application_id: occurrence.applicationId,
    subscription_id: occurrence.subscriptionId,
    ...occurrence.details,
  }
}
