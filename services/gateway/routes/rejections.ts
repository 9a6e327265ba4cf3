import { Type } from 'typebox'
import { RejectionAnswer, RejectionsQuery } from '#shared/contract/rejection-schemas.ts'
import type { GatewayServer } from '../app.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { decodeKey, encodeKey, linkNext } from '../paging.ts'
import { listRejections, type RejectionRecord } from '../queries/rejections.ts'
import { badQuery, timeOfQuery, uuidOfQuery } from '../request-values.ts'
import { route } from './route.ts'

const PAGE_SIZE = 50
const NAMES_MAX = 100

/** What was published over NATS and refused: its publisher was told only that INBOX has it. */
export function registerRejectionRoutes(server: GatewayServer, { orm, authorize }: RouteDependencies): void {
  server.get(
    '/rejections',
    route('rejection.list', {
      operationId: 'rejections.list',
      tags: ['Events'],
      summary: 'List events that were published over NATS and refused, the latest first',
      querystring: RejectionsQuery,
      response: { 200: Type.Array(RejectionAnswer) },
    }),
    async (request, reply) => {
      const { query, principal } = request
      const limit = query.limit ?? PAGE_SIZE
      const filter = {
        applicationId: uuidOfQuery(query.application_id),
        eventId: query.event_id === undefined ? null : uuidOfQuery(query.event_id),
        eventTypes: namesOf('event_types', query.event_types),
        problemIds: namesOf('problem_id', query.problem_id),
        minRejectedAt: timeOfQuery('min_rejected_at', query.min_rejected_at),
        maxRejectedAt: timeOfQuery('max_rejected_at', query.max_rejected_at),
        beforeSeq: query.pagination_cursor === undefined ? null : seqOf(query.pagination_cursor),
      }
      await authorize.application(principal, query.application_id, 'rejection.list')
      await request.catchUp(reply)
      const found = await listRejections(orm, { ...filter, limit: limit + 1 })
      const page = found.slice(0, limit)
      linkNext(request, reply, found.length > limit ? encodeKey(page.at(-1)!.ledger_seq) : null)
      return page.map(presentRejection)
    },
  )
}

function presentRejection(record: RejectionRecord): RejectionAnswer {
  const { rejection_id, application_id, event_id, event_type, published_at, rejected_at } = record
  const problem = { id: record.problem_id, status: record.status, detail: record.detail }
  return { rejection_id, application_id, event_id, event_type_name: event_type, problem, published_at, rejected_at }
}

function namesOf(name: string, text: string | undefined): string[] {
  const names = (text ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  if (names.length > NAMES_MAX) throw badQuery(`${name} takes up to ${NAMES_MAX} values`)
  return names
}

function seqOf(cursor: string): number {
  const key = decodeKey(cursor)
  if (!/^\d{1,15}$/.test(key)) throw badQuery('pagination_cursor is no cursor of this list')
  return Number(key)
}
