import { Type } from 'typebox'
import { ProblemError } from '#shared/contract/problems.ts'
import { MaybeOfApplication, OfApplication, RequestAttempt, RequestAttemptsQuery } from '#shared/contract/schemas.ts'
import { SentRequest } from '#shared/contract/sent-request-schemas.ts'
import type { GatewayServer } from '../app.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { presentAttempt } from '../presenters/request-attempt.ts'
import { presentSentRequest } from '../presenters/sent-request.ts'
import { findEvent } from '../queries/events.ts'
import {
  type AttemptFilter,
  type AttemptRecord,
  findAttempt,
  listAttempts,
  PAGE_SIZE,
} from '../queries/request-attempts.ts'
import { badQuery, timeOfQuery, uuidOfPath, uuidOfQuery } from '../request-values.ts'
import { openSubscription } from '../subscription-states.ts'
import { route } from './route.ts'

const tags = ['Request attempts']

export function registerRequestAttemptRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { orm, authorize, clock, registry, secretBox } = deps

  server.get(
    '/request_attempts',
    route('request_attempt.list', {
      operationId: 'requestAttempts.read',
      tags,
      summary: 'List request attempts, newest first',
      querystring: RequestAttemptsQuery,
      response: { 200: Type.Array(RequestAttempt) },
    }),
    async (request, reply) => {
      const filter = readFilter(request.query)
      await authorize.application(request.principal, filter.applicationId, 'request_attempt.list')
      await request.catchUp(reply)
      const records = await listAttempts(orm, filter)
      const last = records.at(-1)
      if (last) reply.header('link', nextLink(request.query, last, request.appUrl))
      return records.map((record) => presentAttempt(record, clock.nowMs()))
    },
  )

  server.get(
    '/request_attempts/:request_attempt_id',
    route('request_attempt.get', {
      operationId: 'requestAttempts.get',
      tags,
      summary: 'Get a request attempt',
      params: Type.Object({ request_attempt_id: Type.String({ 'x-format': 'uuid' }) }),
      querystring: MaybeOfApplication,
      response: { 200: RequestAttempt },
    }),
    async (request, reply) => {
      const { params, query, principal } = request
      const attemptId = uuidOfPath(params.request_attempt_id)
      const given =
        query.application_id === undefined
          ? null
          : await authorize.application(principal, query.application_id, 'request_attempt.get')
      await request.catchUp(reply)
      const record = await findAttempt(orm, attemptId)
      if (record === null || (given !== null && record.application_id !== given.applicationId))
        throw new ProblemError('NotFound')
      await authorize.application(principal, record.application_id, 'request_attempt.get')
      return presentAttempt(record, clock.nowMs())
    },
  )

  server.get(
    '/request_attempts/:request_attempt_id/request',
    route('request_attempt.get', {
      operationId: 'requestAttempts.request',
      tags,
      summary: 'Get the request that an attempt makes or has made, without its signatures',
      params: Type.Object({ request_attempt_id: Type.String({ 'x-format': 'uuid' }) }),
      querystring: OfApplication,
      response: { 200: SentRequest },
    }),
    async (request, reply) => {
      const { params, query, principal } = request
      const attemptId = uuidOfPath(params.request_attempt_id)
      const { applicationId } = await authorize.application(principal, query.application_id, 'request_attempt.get')
      await request.catchUp(reply)
      const attempt = await findAttempt(orm, attemptId)
      if (attempt === null || attempt.application_id !== applicationId) throw new ProblemError('NotFound')
      const event = await findEvent(orm, applicationId, attempt.event_id)
      const subscription = registry.subscriptions.get(attempt.subscription_id)
      if (event === null || subscription === undefined) throw new ProblemError('NotFound')
      const { state } = subscription
      return presentSentRequest({
        attempt,
        payloadContentType: event.payload_content_type,
        state,
        secrets: openSubscription(secretBox, state),
      })
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
    minCreatedAt: timeOfQuery('min_created_at', query.min_created_at),
    maxCreatedAt: timeOfQuery('max_created_at', query.max_created_at),
    cursor,
    outcome: query.outcome ?? null,
    limit: query.limit ?? PAGE_SIZE,
  }
}

/** The address of the next page; there on every page that has an item (contract, behaviour.md §5). */
function nextLink(query: RequestAttemptsQuery, last: AttemptRecord, appUrl: string): string {
  const url = new URL('/api/v1/request_attempts', appUrl)
  for (const [name, value] of Object.entries(query))
    if (name !== 'pagination_cursor') url.searchParams.set(name, String(value))
  url.searchParams.set('pagination_cursor', encodeCursor({ date: last.created_at, id: last.attempt_id }))
  return `<${url.href}>; rel="next"`
}
