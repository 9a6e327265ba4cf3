import { ProblemError } from '#shared/contract/problems.ts'
import type { EventPost } from '#shared/contract/schemas.ts'
import { newEventId, timeOfUuidV7 } from '#shared/domain/ids.ts'
import type { Registry } from '#shared/domain/registry.ts'
import { decodePayload, normalizeTimestamp, readDeliverAt, validateEventPost } from '#shared/domain/validate-event.ts'
import { describeErrors } from '#shared/domain/validation.ts'
import type { ApplicationState, EventTypeState } from '#shared/facts/control.ts'
import type { EventAccepted } from '#shared/facts/event.ts'
import type { Principal } from './authentication.ts'
import { authorizeApplication } from './authorization.ts'
import { uuidOfBody } from './request-values.ts'

/** A post that is well formed, allowed and valid; its payload, its id and its type are still to be looked at. */
export interface ReadEvent {
  post: EventPost
  application: ApplicationState
  /** As the client gave it, or null: then one is made. */
  givenId: string | null
  occurredAt: string
  /** Null: at once. */
  deliverAtMs: number | null
}

/**
 * Reads a posted event, in the contract's order of checks (behaviour.md §2, steps 3 to 5).
 * @throws {ProblemError} for the first check that fails.
 */
export function readEvent(post: EventPost, principal: Principal, registry: Registry, nowMs: number): ReadEvent {
  const applicationId = uuidOfBody(post.application_id)
  const givenId = post.event_id ? uuidOfBody(post.event_id) : null
  const occurredAt = normalizeTimestamp(post.occurred_at)
  if (occurredAt === null)
    throw new ProblemError('JsonPayload', { detail: 'JSON deserialization error: occurred_at is no RFC 3339 time' })
  const application = authorizeApplication(principal, applicationId, 'event.ingest', registry)
  if (application.isOperational)
    throw new ProblemError('Forbidden', { detail: 'Only jethook itself posts events into an operational application.' })
  const errors = validateEventPost(post)
  if (errors !== null) throw new ProblemError('Validation', { validation: errors, detail: describeErrors(errors) })
  const deliverAtMs = readDeliverAt(post, nowMs)
  if (typeof deliverAtMs === 'string') {
    const validation = { deliver_at: [{ code: 'deliver-at', message: deliverAtMs, params: {} }] }
    throw new ProblemError('Validation', { validation, detail: describeErrors(validation) })
  }
  return { post, application, givenId, occurredAt, deliverAtMs }
}

/** The bytes to deliver (behaviour.md §2, steps 7 and 8). @throws {ProblemError} */
export function readPayload({ post }: ReadEvent): Uint8Array {
  const payload = decodePayload(post.payload, post.payload_content_type)
  if (typeof payload === 'string') throw new ProblemError(payload)
  return payload
}

/** @throws {ProblemError} EventTypeDoesNotExist, also for a deactivated type (contract, model.md). */
export function activeEventType({ post, application }: ReadEvent, registry: Registry): EventTypeState {
  const type = registry.eventType(application.applicationId, post.event_type)?.state
  if (type !== undefined && type.deactivatedAtMs === null) return type
  throw new ProblemError('EventTypeDoesNotExist', {
    detail: `The event type '${post.event_type}' does not exist in this application.`,
  })
}

export interface Acceptance {
  eventType: string
  nowMs: number
  ip: string
  clientName?: string
  controlSeq: number
  traceparent?: string | undefined
  appendId: string
}

/** The fact that the event was accepted. */
export function acceptEvent(read: ReadEvent, { nowMs, ...acceptance }: Acceptance): EventAccepted {
  const { post, application, givenId, occurredAt, deliverAtMs } = read
  return {
    v: 1,
    eventId: givenId ?? newEventId(nowMs),
    applicationId: application.applicationId,
    organizationId: application.organizationId,
    eventType: acceptance.eventType,
    payloadContentType: post.payload_content_type,
    labels: post.labels,
    metadata: post.metadata ?? {},
    occurredAt,
    receivedAtMs: nowMs,
    ...(deliverAtMs === null ? {} : { deliverAtMs }),
    ip: acceptance.ip,
    ...(acceptance.clientName === undefined ? {} : { clientName: acceptance.clientName }),
    controlSeq: acceptance.controlSeq,
    ...(acceptance.traceparent === undefined ? {} : { traceparent: acceptance.traceparent }),
    appendId: acceptance.appendId,
  }
}

/** How JetStream's own memory of ids is relied upon. */
export interface DuplicateWindow {
  /** How long the server remembers an id. */
  windowMs: number
  /** How long an append may take to get there. */
  appendTimeoutMs: number
}

/** Clients' clocks may be so much ahead. */
const CLOCK_TOLERANCE_MS = 5_000

/** The part of the window that may be relied upon: an append may reach the server late, and clocks may differ. */
export function reliableWindowMs({ windowMs, appendTimeoutMs }: DuplicateWindow): number {
  return Math.max(windowMs / 4, windowMs - appendTimeoutMs - CLOCK_TOLERANCE_MS)
}

/**
 * Whether a UUIDv7 was made so lately that any earlier use of it must lie inside JetStream's duplicate window: then the
 * server itself tells. Of any other id it must be looked up whether it was used before.
 */
export function isCoveredByWindow(eventId: string, nowMs: number, window: DuplicateWindow): boolean {
  const madeAtMs = timeOfUuidV7(eventId)
  if (madeAtMs === null) return false
  const ageMs = nowMs - madeAtMs
  return ageMs >= -CLOCK_TOLERANCE_MS && ageMs < reliableWindowMs(window)
}
