import { isIP } from 'node:net'
import type { FastifyRequest, RouteShorthandOptions } from 'fastify'
import { Type } from 'typebox'
import { ProblemError } from '#shared/contract/problems.ts'
import {
  EventAnswer,
  EventBatchAnswer,
  EventBatchPost,
  EventPost,
  EventsQuery,
  EventWithPayload,
  IngestedEvent,
  MaybeOfApplication,
  OfApplication,
  ReplayPost,
} from '#shared/contract/schemas.ts'
import { decodeEvent } from '#shared/facts/event.ts'
import type { EventWithdrawn } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS, WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import { readStored, STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { GatewayServer } from '../app.ts'
import { actorOf } from '../authentication.ts'
import { postOfRequest } from '../cloud-event-body.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { problemOf } from '../error-handler.ts'
import { findInStream } from '../find-in-stream.ts'
import { type BatchResult, createIngest, type Sender } from '../ingest.ts'
import { decodeKey, encodeKey, linkNext } from '../paging.ts'
import { presentIngested } from '../presenters/ingested-event.ts'
import { countDeliveries, NO_DELIVERIES } from '../queries/event-deliveries.ts'
import { type EventsFilter, findEvent, findPostponed, listEvents, type PagedEvent } from '../queries/events.ts'
import { replayEvent } from '../replay.ts'
import { traceparentOf } from '../request-traces.ts'
import { badQuery, labelsOfQuery, timeOfQuery, uuidOfPath, uuidOfQuery } from '../request-values.ts'
import { refuseInvalid, route } from './route.ts'

const tags = ['Events']
const IdParams = Type.Object({ event_id: Type.String({ 'x-format': 'uuid' }) })
const BATCH_MAX = 1_000
const BATCH_BODY_MAX_BYTES = 16 * 1024 * 1024
/** The contract's list has the newest 100. */
const NEWEST_MAX = 100

export function registerEventRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { nats, orm, clock, authorize, appenders, recordAction } = deps
  const ingest = createIngest(deps, 'rest')

  const post = route('event.ingest', {
    operationId: 'events.ingest',
    tags,
    summary: 'Post an event; it is on disk when this is answered',
    description:
      'Also takes CloudEvents: as application/cloudevents+json, or their data with the attributes in headers ce-…. Of which application they are is said by the query, or by a secret of the application.',
    querystring: MaybeOfApplication,
    body: EventPost,
    response: { 201: IngestedEvent },
  })
  const takesCloudEvents: Pick<RouteShorthandOptions, 'preValidation'> = {
    preValidation(request, _, done) {
      try {
        const read = postOfRequest(request, clock.nowMs())
        if (read !== null) request.body = read
        done()
      } catch (error) {
        done(error as Error)
      }
    },
  }
  server.post(
    '/event',
    { ...post, ...takesCloudEvents, config: { ...post.config, isIngest: true, takesCloudEvents: true } },
    async (request, reply) => {
      const event = await ingest.one(request.body, senderOf(request))
      reply.code(201)
      return presentIngested(event)
    },
  )

  const postBatch = route('event.ingest', {
    operationId: 'events.ingestBatch',
    tags,
    summary: 'Post up to 1,000 events at once; each has its own answer, in the same order',
    body: EventBatchPost,
    response: { 200: EventBatchAnswer },
  })
  server.post(
    '/events/batch',
    { ...postBatch, config: { ...postBatch.config, isIngest: true }, bodyLimit: BATCH_BODY_MAX_BYTES },
    async (request) => {
      const { body, principal } = request
      await authorize.application(principal, body.application_id, 'event.ingest')
      const count = body.events.length
      if (count < 1 || count > BATCH_MAX) {
        const message = `A batch has 1 to ${BATCH_MAX} events`
        refuseInvalid({ events: [{ code: 'length', message, params: { min: 1, max: BATCH_MAX } }] })
      }
      const sender = senderOf(request)
      const posts = body.events.map((event) => ({ post: { ...event, application_id: body.application_id }, sender }))
      const answers = (await ingest.batch(posts)).map(answerOf)
      for (const { problem } of answers) if (problem) deps.figures.rejected('rest', problem.id)
      return answers
    },
  )

  server.get(
    '/events',
    route('event.list', {
      operationId: 'events.list',
      tags,
      summary: 'List events, newest first; without a limit the newest 100',
      querystring: EventsQuery,
      response: { 200: Type.Array(EventAnswer) },
    }),
    async (request, reply) => {
      const { query, principal } = request
      const filter = readFilter(query)
      await authorize.application(principal, query.application_id, 'event.list')
      await request.catchUp(reply)
      const found = await listEvents(orm, { ...filter, limit: filter.limit + 1 })
      const page = found.slice(0, filter.limit)
      const last = page.at(-1)
      const isPaged = query.limit !== undefined || query.pagination_cursor !== undefined
      const hasMore = isPaged && found.length > page.length && last !== undefined
      linkNext(request, reply, hasMore ? encodeKey(`${last.received_at}|${last.event_id}`) : null)
      if (query.include === undefined) return page.map(withoutNulls)
      const counts = await countDeliveries(
        orm,
        page.map(({ event_id }) => event_id),
      )
      return page.map((event) => ({ ...withoutNulls(event), deliveries: counts.get(event.event_id) ?? NO_DELIVERIES }))
    },
  )

  server.get(
    '/events/:event_id',
    route('event.get', {
      operationId: 'events.get',
      tags,
      summary: 'Get an event with its payload, in base64',
      params: IdParams,
      querystring: OfApplication,
      response: { 200: EventWithPayload },
    }),
    async (request, reply) => {
      const eventId = uuidOfPath(request.params.event_id)
      const { application_id: id } = request.query
      const { applicationId } = await authorize.application(request.principal, id, 'event.get')
      await request.catchUp(reply)
      const found = await findEvent(orm, applicationId, eventId)
      const stored = found && (await readStored(nats, STREAM_NAMES.events, Number(found.seq)))
      if (!found || !stored) throw new ProblemError('NotFound')
      const { payload, event } = decodeEvent(stored.data)
      return {
        ...withoutNulls(found),
        payload: Buffer.from(payload).toString('base64'),
        ...(event.clientName === undefined ? {} : { client_name: event.clientName }),
      }
    },
  )

  server.post(
    '/events/:event_id/replay',
    route('event.replay', {
      operationId: 'events.replay',
      tags,
      summary: 'Match an event anew, against the subscriptions of now, and deliver it again',
      params: IdParams,
      body: ReplayPost,
      response: { 204: Type.Null() },
    }),
    async (request, reply) => {
      const eventId = uuidOfPath(request.params.event_id)
      const { application_id: id } = request.body
      const application = await authorize.application(request.principal, id, 'event.replay')
      const { applicationId } = application
      const eventSeq = await seqOf()
      if (eventSeq === null) throw new ProblemError('NotFound')
      const by = actorOf(request.principal)
      await recordAction({ action: 'replayed', resourceKind: 'event', resourceId: eventId }, application, by)
      await replayEvent(deps, eventSeq, by)
      return reply.code(204).send(null)

      /** A read model that is away only makes it take longer. */
      async function seqOf(): Promise<number | null> {
        try {
          await request.catchUp(reply)
          const found = await findEvent(orm, applicationId, eventId)
          return found && Number(found.seq)
        } catch (error) {
          const seq = await findInStream(nats, applicationId, eventId)
          if (seq === null) throw error
          return seq
        }
      }
    },
  )

  server.post(
    '/events/:event_id/cancel',
    route('event.cancel', {
      operationId: 'events.cancel',
      tags,
      summary: 'Withdraw an event that was to be delivered later, as long as its time has not come',
      params: IdParams,
      body: ReplayPost,
      response: { 204: Type.Null() },
    }),
    async (request, reply) => {
      const eventId = uuidOfPath(request.params.event_id)
      const { application_id: id } = request.body
      const application = await authorize.application(request.principal, id, 'event.cancel')
      const { applicationId } = application
      await request.catchUp(reply)
      const statusOf = async () => (await findPostponed(orm, applicationId, eventId))?.status
      const before = await statusOf()
      if (before === undefined) throw new ProblemError('NotFound', { detail: 'No such event waits for its time.' })
      if (before === 'waiting') {
        const by = actorOf(request.principal)
        await recordAction({ action: 'withdrawn', resourceKind: 'event', resourceId: eventId }, application, by)
        const fact: EventWithdrawn = {
          v: 1,
          type: 'withdrawn',
          eventId,
          applicationId,
          withdrawnAtMs: clock.nowMs(),
          withdrawnBy: by,
        }
        await appenders.ledger.append({ subject: LEDGER_SUBJECTS.postponed, body: JSON.stringify(fact) })
        await nats.jsm.streams.purge(STREAM_NAMES.waiting, {
          filter: WAITING_SUBJECTS.postponed(applicationId, eventId),
        })
        await request.catchUp(reply)
      }
      switch (await statusOf()) {
        case 'withdrawn':
          return reply.code(204).send(null)
        case 'released':
          throw new ProblemError('Conflict', { detail: 'The event has been handed to its subscriptions already.' })
        default:
          throw new ProblemError('ServiceUnavailable', {
            detail: 'Whether it was in time is not known yet; ask again.',
          })
      }
    },
  )
}

function answerOf(result: BatchResult): EventBatchAnswer[number] {
  if ('event' in result) return { status: 201, event: presentIngested(result.event) }
  const problem = problemOf(result.error)
  return { status: problem.status, problem }
}

function readFilter(query: EventsQuery): EventsFilter {
  return {
    applicationId: uuidOfQuery(query.application_id),
    eventTypes: (query.event_types ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    labels: labelsOfQuery(query.label),
    minReceivedAt: timeOfQuery('min_received_at', query.min_received_at),
    maxReceivedAt: timeOfQuery('max_received_at', query.max_received_at),
    status: query.status ?? null,
    before: query.pagination_cursor === undefined ? null : readCursor(query.pagination_cursor),
    limit: query.limit ?? NEWEST_MAX,
  }
}

function readCursor(cursor: string): { receivedAt: string; eventId: string } {
  const [receivedAt, eventId] = decodeKey(cursor).split('|')
  const time = timeOfQuery('pagination_cursor', receivedAt)
  if (time === null || eventId === undefined) throw badQuery('pagination_cursor is no cursor of this list')
  return { receivedAt: time, eventId: uuidOfQuery(eventId) }
}

/** `deliver_at` is only there where it was given, `seq` is ours. */
function withoutNulls({ deliver_at, seq: _, ...event }: PagedEvent): EventAnswer {
  return deliver_at === null ? event : { ...event, deliver_at }
}

function senderOf(request: FastifyRequest): Sender {
  return { principal: request.principal, ip: addressOf(request), traceparent: traceparentOf(request) }
}

/** The sender's address: what a trusted proxy says, if that is one; IPv4 in its own form where the socket is IPv6. */
export function addressOf({ ip, socket }: FastifyRequest): string {
  const address = isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
