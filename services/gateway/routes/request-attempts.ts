import { Type } from 'typebox'
import { ProblemError } from '#shared/contract/problems.ts'
import { MaybeOfApplication, RequestAttempt, RequestAttemptsQuery } from '#shared/contract/schemas.ts'
import { normalizeTimestamp } from '#shared/domain/validate-event.ts'
import type { GatewayServer } from '../app.ts'
import { authorizeApplication } from '../authentication.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { presentAttempt } from '../presenters/request-attempt.ts'
import { type AttemptFilter, type AttemptRecord, findAttempt, listAttempts } from '../queries/request-attempts.ts'
import { uuidOfPath, uuidOfQuery } from '../request-values.ts'

const TAGS = ['Request attempts']

export function registerRequestAttemptRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { orm, registry, clock } = deps

  server.get(
    '/request_attempts',
    {
      schema: {
        operationId: 'requestAttempts.read',
        tags: TAGS,
        querystring: RequestAttemptsQuery,
        response: { 200: Type.Array(RequestAttempt) },
      },
    },
    async (request, reply) => {
      const filter = readFilter(request.query)
      authorizeApplication(request.principal, filter.applicationId, registry)
      await request.catchUp(reply)
      const records = await listAttempts(orm, filter)
      const last = records.at(-1)
      if (last) reply.header('link', nextLink(request.query, last, request.appUrl))
      return records.map((record) => presentAttempt(record, clock.nowMs()))
    },
  )

  server.get(
    '/request_attempts/:request_attempt_id',
    {
      schema: {
        operationId: 'requestAttempts.get',
        tags: TAGS,
        params: Type.Object({ request_attempt_id: Type.String() }),
        querystring: MaybeOfApplication,
        response: { 200: RequestAttempt },
      },
    },
    async (request, reply) => {
      const attemptId = uuidOfPath(request.params.request_attempt_id)
      const { application_id: given } = request.query
      if (given !== undefined) authorizeApplication(request.principal, uuidOfQuery(given), registry)
      await request.catchUp(reply)
      const record = await findAttempt(orm, attemptId)
      if (record === null || (given !== undefined && record.application_id !== uuidOfQuery(given)))
        throw new ProblemError('NotFound')
      authorizeApplication(request.principal, record.application_id, registry)
      return presentAttempt(record, clock.nowMs())
    },
  )
}

function readFilter(query: RequestAttemptsQuery): AttemptFilter {
  const cursor = query.pagination_cursor === undefined ? null : decodeCursor(query.pagination_cursor)
  if (query.pagination_cursor !== undefined && cursor === null)
    throw badQuery('pagination_cursor is no cursor of this list')
  return {
    applicationId: uuidOfQuery(query.application_id),
    eventId: query.event_id === undefined ? null : uuidOfQuery(query.event_id),
    subscriptionId: query.subscription_id === undefined ? null : uuidOfQuery(query.subscription_id),
    eventTypes: (query['event.event_type_names'] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    minCreatedAt: readTime('min_created_at', query.min_created_at),
    maxCreatedAt: readTime('max_created_at', query.max_created_at),
    cursor,
  }
}

function readTime(name: string, text: string | undefined): string | null {
  if (text === undefined) return null
  // A plus sign of an offset arrives as a space when it was not encoded.
  const time =
    normalizeTimestamp(text) ??
    normalizeTimestamp(text.replace(/ (\d\d:\d\d)$/, '+$1')) ??
    normalizeTimestamp(text.replace(' UTC', 'Z'))
  if (time === null) throw badQuery(`${name} is no RFC 3339 time`)
  return time
}

function badQuery(detail: string): ProblemError {
  return new ProblemError('JsonPayload', { detail: `Query deserialize error: ${detail}` })
}

/** The address of the next page; there on every page that has an item (contract, behaviour.md §5). */
function nextLink(query: RequestAttemptsQuery, last: AttemptRecord, appUrl: string): string {
  const url = new URL('/api/v1/request_attempts', appUrl)
  for (const [name, value] of Object.entries(query))
    if (name !== 'pagination_cursor') url.searchParams.set(name, String(value))
  url.searchParams.set('pagination_cursor', encodeCursor({ date: last.created_at, id: last.attempt_id }))
  return `<${url.href}>; rel="next"`
}
