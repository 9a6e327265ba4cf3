import { Type } from 'typebox'
import { ProblemError } from '#shared/contract/problems.ts'
import { EventAnswer, EventPost, EventWithPayload, IngestedEvent, OfApplication } from '#shared/contract/schemas.ts'
import { decodeEvent, encodeEvent } from '#shared/facts/event.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import { admitEvent } from '../admit.ts'
import type { GatewayServer } from '../app.ts'
import { authorizeApplication } from '../authentication.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { presentTime } from '../presenters/subscription.ts'
import { eventExists, findEvent, listEvents } from '../queries/events.ts'
import { uuidOfPath, uuidOfQuery } from '../request-values.ts'

export function registerEventRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { nats, orm, registry, appenders, config, clock, readYourWrites } = deps
  const appendPrefix = `${process.pid.toString(36)}-${clock.nowMs().toString(36)}-`
  let appendCounter = 0

  server.post(
    '/event',
    { schema: { operationId: 'events.ingest', tags: ['Events'], body: EventPost, response: { 201: IngestedEvent } } },
    async (request, reply) => {
      const admitted = admitEvent(request.body, {
        registry,
        principal: request.principal,
        ip: addressOf(request.ip),
        nowMs: clock.nowMs(),
        appendId: appendPrefix + (appendCounter++).toString(36),
        duplicateWindowMs: config.duplicateWindowMs,
      })
      const { event, payload, subject } = admitted
      if (admitted.mustLookUpId) await refuseUsedId(event.eventId)
      const { isDuplicate } = await appenders.events.append({
        subject,
        body: encodeEvent(event, payload),
        msgId: `${event.applicationId}:${event.eventId}`,
      })
      if (isDuplicate) throw new ProblemError('EventAlreadyIngested')
      reply.code(201)
      return {
        application_id: event.applicationId,
        event_id: event.eventId,
        received_at: presentTime(new Date(event.receivedAtMs)),
      }
    },
  )

  /** The read model knows every id that is older than JetStream's window, unless it lags. */
  async function refuseUsedId(eventId: string): Promise<void> {
    if (!(await readYourWrites.catchUp())) {
      throw new ProblemError('ServiceUnavailable', {
        detail: 'Whether this event_id was used before cannot be told right now.',
      })
    }
    if (await eventExists(orm, eventId)) throw new ProblemError('EventAlreadyIngested')
  }

  server.get(
    '/events',
    {
      schema: {
        operationId: 'events.list',
        tags: ['Events'],
        querystring: OfApplication,
        response: { 200: Type.Array(EventAnswer) },
      },
    },
    async (request, reply) => {
      const { applicationId } = authorizeApplication(
        request.principal,
        uuidOfQuery(request.query.application_id),
        registry,
      )
      await request.catchUp(reply)
      return listEvents(orm, applicationId)
    },
  )

  server.get(
    '/events/:event_id',
    {
      schema: {
        operationId: 'events.get',
        tags: ['Events'],
        params: Type.Object({ event_id: Type.String() }),
        querystring: OfApplication,
        response: { 200: EventWithPayload },
      },
    },
    async (request, reply) => {
      const eventId = uuidOfPath(request.params.event_id)
      const { applicationId } = authorizeApplication(
        request.principal,
        uuidOfQuery(request.query.application_id),
        registry,
      )
      await request.catchUp(reply)
      const found = await findEvent(orm, applicationId, eventId)
      const stored = found && (await nats.jsm.direct.getMessage(STREAM_NAMES.events, { seq: Number(found.seq) }))
      if (!found || !stored) throw new ProblemError('NotFound')
      const { payload } = decodeEvent(stored.data)
      return { ...found, payload: Buffer.from(payload).toString('base64') }
    },
  )
}

/** An IPv4 address in its own form also where the socket is one of IPv6. */
function addressOf(ip: string): string {
  return ip.startsWith('::ffff:') ? ip.slice(7) : ip
}
