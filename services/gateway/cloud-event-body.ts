import type { FastifyRequest } from 'fastify'
import { ProblemError } from '#shared/contract/problems.ts'
import type { EventPost } from '#shared/contract/schemas.ts'
import { isStructuredType, postOfCloudEvent, readBinary, readStructured } from '#shared/domain/cloud-event.ts'
import { uuidOfQuery } from './request-values.ts'

/** Whether the body of a request is the data of a CloudEvent in binary mode, of whatever content type. */
export function hasBinaryCloudEvent({ headers, routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.takesCloudEvents === true && headers['ce-specversion'] !== undefined
}

/**
 * The post that a request's CloudEvent stands for, or null when it holds none.
 * @throws {ProblemError} JsonPayload for one that can't be read, or doesn't say of which application it is.
 */
export function postOfRequest(request: FastifyRequest, nowMs: number): EventPost | null {
  const { headers, body } = request
  const cloudEvent = hasBinaryCloudEvent(request)
    ? readBinary(headersOf(headers), body instanceof Buffer ? body : Buffer.alloc(0))
    : isStructuredType(headers['content-type']) && !isPlainPost(body)
      ? readStructured(body)
      : null
  if (cloudEvent === null) return null
  const occurredAt = new Date(nowMs).toISOString()
  return postOfCloudEvent(cloudEvent, { applicationId: applicationOf(request), occurredAt })
}

/** The contract takes a post under any type that ends in +json. */
function isPlainPost(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'event_type' in body && !('specversion' in body)
}

/** A CloudEvent has no place for it: it stands in the query, or the credential belongs to one application. */
function applicationOf({ query, principal }: FastifyRequest): string {
  const { application_id: given } = query as { application_id?: unknown }
  if (typeof given === 'string') return uuidOfQuery(given)
  if (principal.kind === 'application_secret') return principal.applicationId
  throw new ProblemError('JsonPayload', {
    detail: 'A CloudEvent needs ?application_id=… in the address, unless it is sent with a secret of the application.',
  })
}

function headersOf(headers: FastifyRequest['headers']): Map<string, string> {
  const byName = new Map<string, string>()
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value
    if (first !== undefined) byName.set(name, first)
  }
  return byName
}
