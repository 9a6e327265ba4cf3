import { Type } from 'typebox'
import {
  DEAD_LETTER_CAUSES,
  DeadLetterAnswer,
  DeadLetterDetail,
  DeadLetterGroup,
  DeadLettersQuery,
} from '#shared/contract/dead-letter-schemas.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import { OfApplication } from '#shared/contract/schemas.ts'
import type { DeadLetterFilter } from '#shared/facts/job.ts'
import type { GatewayServer } from '../app.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { decodeKey, encodeKey, linkNext } from '../paging.ts'
import { presentDeadLetter, presentDeadLetterGroup } from '../presenters/dead-letter.ts'
import { presentAttempt } from '../presenters/request-attempt.ts'
import { presentResponse } from '../presenters/response.ts'
import {
  type DeadLettersFilter,
  findDeadLetter,
  listDeadLetterGroups,
  listDeadLetters,
  listSeries,
} from '../queries/dead-letters.ts'
import { listAttemptsOfEvent } from '../queries/request-attempts.ts'
import { findResponse } from '../queries/responses.ts'
import { badQuery, labelsOfQuery, timeOfQuery, uuidOfPath, uuidOfQuery } from '../request-values.ts'
import { route } from './route.ts'

const tags = ['Dead letters']
const PAGE_SIZE = 50
const LIST_MAX = 100

/** What was given up, why, and since when. */
export function registerDeadLetterRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { orm, authorize, clock, config } = deps

  server.get(
    '/dead_letters',
    route('dead_letter.list', {
      operationId: 'deadLetters.list',
      tags,
      summary: 'List deliveries that were given up, the latest first; the open ones if not asked otherwise',
      querystring: DeadLettersQuery,
      response: { 200: Type.Array(DeadLetterAnswer) },
    }),
    async (request, reply) => {
      const { query, principal } = request
      const wanted = readQuery(query)
      const before = query.pagination_cursor === undefined ? null : decodeCursor(query.pagination_cursor)
      if (query.pagination_cursor !== undefined && before === null)
        throw badQuery('pagination_cursor is no cursor of this list')
      await authorize.application(principal, query.application_id, 'dead_letter.list')
      await request.catchUp(reply)
      const found = await listDeadLetters(orm, { ...wanted, before, limit: wanted.limit + 1 })
      const page = found.slice(0, wanted.limit)
      const last = page.at(-1)
      const hasMore = found.length > page.length && last !== undefined
      linkNext(request, reply, hasMore ? encodeCursor({ date: last.dead_at, id: last.delivery_id }) : null)
      return page.map((record) => presentDeadLetter(record, config.eventsKeptMs))
    },
  )

  server.get(
    '/dead_letters/groups',
    route('dead_letter.list', {
      operationId: 'deadLetters.groups',
      tags,
      summary: 'Count dead letters by subscription, cause, status and error, those with the latest one first',
      querystring: DeadLettersQuery,
      response: { 200: Type.Array(DeadLetterGroup) },
    }),
    async (request, reply) => {
      const { query, principal } = request
      const wanted = readQuery(query)
      const before = query.pagination_cursor === undefined ? null : groupCursor(query.pagination_cursor)
      await authorize.application(principal, query.application_id, 'dead_letter.list')
      await request.catchUp(reply)
      const nowMs = clock.nowMs()
      const found = await listDeadLetterGroups(orm, { ...wanted, before, nowMs, limit: wanted.limit + 1 })
      const page = found.slice(0, wanted.limit)
      const last = page.at(-1)
      const hasMore = found.length > page.length && last !== undefined
      linkNext(request, reply, hasMore ? encodeKey(`${last.last_dead_at}|${last.key}`) : null)
      return page.map(presentDeadLetterGroup)
    },
  )

  server.get(
    '/dead_letters/:delivery_id',
    route('dead_letter.get', {
      operationId: 'deadLetters.get',
      tags,
      summary: 'Get a dead letter with its last response and its whole history',
      params: Type.Object({ delivery_id: Type.String({ 'x-format': 'uuid' }) }),
      querystring: OfApplication,
      response: { 200: DeadLetterDetail },
    }),
    async (request, reply) => {
      const deliveryId = uuidOfPath(request.params.delivery_id)
      const { application_id: id } = request.query
      const { applicationId } = await authorize.application(request.principal, id, 'dead_letter.get')
      await request.catchUp(reply)
      const record = await findDeadLetter(orm, applicationId, deliveryId)
      if (record === null) throw new ProblemError('NotFound')
      const series = await listSeries(orm, deliveryId)
      const [attempts, response] = await Promise.all([
        listAttemptsOfEvent(orm, record.event_id, series),
        record.response_id === null ? null : findResponse(orm, record.response_id),
      ])
      return {
        ...presentDeadLetter(record, config.eventsKeptMs),
        last_response: response && presentResponse(response),
        attempts: attempts.map((attempt) => presentAttempt(attempt, clock.nowMs())),
        series,
      }
    },
  )
}

function readQuery(query: DeadLettersQuery): Omit<DeadLettersFilter, 'before'> {
  const causes = listOf('cause', query.cause)
  const unknown = causes.find((cause) => !(DEAD_LETTER_CAUSES as readonly string[]).includes(cause))
  if (unknown !== undefined) throw badQuery(`cause is one of ${DEAD_LETTER_CAUSES.join(', ')}`)
  const statusCodes = listOf('status_code', query.status_code).map(Number)
  if (statusCodes.some((status) => !Number.isInteger(status) || status < 100 || status > 999))
    throw badQuery('status_code takes statuses, comma separated')
  const labels = labelsOfQuery(query.label)
  const minDeadAt = timeOfQuery('min_dead_at', query.min_dead_at)
  const maxDeadAt = timeOfQuery('max_dead_at', query.max_dead_at)
  const filter: DeadLetterFilter = {
    ...(query.subscription_id === undefined ? {} : { subscriptionIds: [uuidOfQuery(query.subscription_id)] }),
    ...(query.event_id === undefined ? {} : { eventId: uuidOfQuery(query.event_id) }),
    eventTypes: listOf('event_types', query.event_types),
    causes,
    statusCodes,
    ...(query.error === undefined ? {} : { error: query.error }),
    ...(labels === null ? {} : { labels }),
    ...(minDeadAt === null ? {} : { minDeadAt }),
    ...(maxDeadAt === null ? {} : { maxDeadAt }),
  }
  return {
    applicationId: uuidOfQuery(query.application_id),
    filter,
    resolution: query.status ?? 'open',
    limit: query.limit ?? PAGE_SIZE,
  }
}

function listOf(name: string, text: string | undefined): string[] {
  const list = (text ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  if (list.length > LIST_MAX) throw badQuery(`${name} takes up to ${LIST_MAX} values`)
  return list
}

function groupCursor(cursor: string): { date: string; key: string } {
  const [date, key] = decodeKey(cursor).split('|')
  const time = timeOfQuery('pagination_cursor', date)
  if (time === null || key === undefined || !/^[0-9a-f]{32}$/.test(key))
    throw badQuery('pagination_cursor is no cursor of this list')
  return { date: time, key }
}
