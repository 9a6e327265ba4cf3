import { ProblemError } from '#shared/contract/problems.ts'
import type { EventPost } from '#shared/contract/schemas.ts'
import { newEventId, parseUuid, timeOfUuidV7 } from '#shared/domain/ids.ts'
import type { Registry } from '#shared/domain/registry.ts'
import { decodePayload, normalizeTimestamp, validateEventPost } from '#shared/domain/validate-event.ts'
import { describeErrors } from '#shared/domain/validation.ts'
import type { EventAccepted } from '#shared/facts/event.ts'
import { eventSubject } from '#shared/facts/subjects.ts'
import { authorizeApplication, type Principal } from './authentication.ts'

/** An event that may be appended to EVENTS. */
export interface AdmittedEvent {
  event: EventAccepted
  payload: Uint8Array
  subject: string
  /** JetStream's own window doesn't cover this id: whether it was used before must be looked up. */
  mustLookUpId: boolean
}

export interface AdmissionContext {
  registry: Registry
  principal: Principal
  ip: string
  nowMs: number
  appendId: string
  duplicateWindowMs: number
}

/**
 * Decides on a posted event, in the contract's order of checks (behaviour.md §2). Pure: the shell appends.
 * @throws {ProblemError} for the first check that fails.
 */
export function admitEvent(post: EventPost, context: AdmissionContext): AdmittedEvent {
  const { registry, nowMs } = context
  const occurredAt = normalizeTimestamp(post.occurred_at)
  if (occurredAt === null)
    throw new ProblemError('JsonPayload', { detail: 'JSON deserialization error: occurred_at is no RFC 3339 time' })
  const application = authorizeApplication(context.principal, parseUuid(post.application_id) ?? '', registry)
  const errors = validateEventPost(post)
  if (errors !== null) throw new ProblemError('Validation', { validation: errors, detail: describeErrors(errors) })
  const payload = decodePayload(post.payload, post.payload_content_type)
  if (typeof payload === 'string') throw new ProblemError(payload)
  const type = registry.eventType(application.applicationId, post.event_type)?.state
  if (type === undefined || type.deactivatedAtMs !== null) {
    throw new ProblemError('EventTypeDoesNotExist', {
      detail: `The event type '${post.event_type}' does not exist in this application.`,
    })
  }
  const givenId = post.event_id ? parseUuid(post.event_id) : null
  const eventId = givenId ?? newEventId(nowMs)
  return {
    event: {
      v: 1,
      eventId,
      applicationId: application.applicationId,
      organizationId: application.organizationId,
      eventType: type.name,
      payloadContentType: post.payload_content_type,
      labels: post.labels,
      metadata: post.metadata ?? {},
      occurredAt,
      receivedAtMs: nowMs,
      ip: context.ip,
      controlSeq: registry.seq,
      appendId: context.appendId,
    },
    payload,
    subject: eventSubject(application.applicationId, type),
    mustLookUpId: givenId !== null && !isWithinWindow(givenId, nowMs, context.duplicateWindowMs),
  }
}

/** Ids of clients whose clocks differ a little are still taken as new. */
const CLOCK_TOLERANCE_MS = 5_000

/** Whether a UUIDv7 was made so lately that an earlier use of it must lie inside JetStream's duplicate window. */
function isWithinWindow(eventId: string, nowMs: number, duplicateWindowMs: number): boolean {
  const madeAtMs = timeOfUuidV7(eventId)
  if (madeAtMs === null) return false
  const ageMs = nowMs - madeAtMs
  return ageMs > -CLOCK_TOLERANCE_MS && ageMs < duplicateWindowMs - 2 * CLOCK_TOLERANCE_MS
}
