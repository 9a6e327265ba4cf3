import { randomUUID } from 'node:crypto'
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { ProblemError } from '#shared/contract/problems.ts'
import { EventAnswer, EventPost, EventWithPayload, IngestedEvent, OfApplication } from '#shared/contract/schemas.ts'
import type { EventTypeState } from '#shared/facts/control.ts'
import { decodeEvent, type EventAccepted, encodeEvent } from '#shared/facts/event.ts'
import { eventSubject } from '#shared/facts/subjects.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import {
  acceptEvent,
  activeEventType,
  isCoveredByWindow,
  type ReadEvent,
  readEvent,
  reliableWindowMs,
} from '../admit.ts'
import type { GatewayServer } from '../app.ts'
import { authorizeApplication } from '../authentication.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { presentIngested } from '../presenters/ingested-event.ts'
import { findEventId } from '../queries/event-ids.ts'
import { findEvent, listEvents } from '../queries/events.ts'
import { uuidOfPath, uuidOfQuery } from '../request-values.ts'
import { createUsedIds } from '../used-ids.ts'

const INGEST = {
  schema: {
    operationId: 'events.ingest',
    tags: ['Events'],
    body: EventPost,
    response: { 201: IngestedEvent },
  },
}

/** Room for the subject and the headers of a message beside its body. */
const MESSAGE_OVERHEAD_BYTES = 8_192
const PAYLOAD_MAX_DEFAULT_BYTES = 1_048_576

export function registerEventRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { nats, orm, registry, appenders, config, clock, freshRegistry, readYourWrites } = deps
  const appendPrefix = `${randomUUID()}-`
  let appendCounter = 0
  const window = { windowMs: config.duplicateWindowMs, appendTimeoutMs: config.appendTimeoutMs }
  const usedIds = createUsedIds({ nats, orm, clock, windowMs: reliableWindowMs(window) })

  server.post('/event', INGEST, async (request, reply) => {
    const { body: post, principal } = request
    let read = freshRegistry.decide(() => readEvent(post, principal, registry))
    if (read instanceof Promise) read = await read
    const nowMs = clock.nowMs()
    const { givenId } = read
    if (givenId !== null && !isCoveredByWindow(givenId, nowMs, window)) await usedIds.refuseIfUsed(givenId)
    const type = await typeOf(read)
    const event = acceptEvent(read, {
      eventType: type.name,
      nowMs,
      ip: addressOf(request),
      controlSeq: registry.seq,
      appendId: appendPrefix + (appendCounter++).toString(36),
    })
    await appendEvent(event, read.payload, type)
    reply.code(201)
    return presentIngested(event)
  })

  /** The event's type; when there is none, a known id is still the contract's first complaint. */
  async function typeOf(read: ReadEvent): Promise<EventTypeState> {
    try {
      return await freshRegistry.decide(() => activeEventType(read, registry))
    } catch (error) {
      if (read.givenId === null) throw error
      await readYourWrites.catchUp()
      if ((await findEventId(orm, read.givenId)).isKnown) throw new ProblemError('EventAlreadyIngested')
      throw error
    }
  }

  async function appendEvent(event: EventAccepted, payload: Uint8Array, type: EventTypeState): Promise<void> {
    const body = encodeEvent(event, payload)
    const bytesMax = (nats.connection.info?.max_payload ?? PAYLOAD_MAX_DEFAULT_BYTES) - MESSAGE_OVERHEAD_BYTES
    // The client library would take it for a lost connection, and a whole batch would be sent again and again.
    if (body.length > bytesMax)
      throw new ProblemError('JsonPayload', { detail: `Body is too big (maximum is ${bytesMax} bytes)` })
    const { isDuplicate } = await appenders.events.append({
      subject: eventSubject(event.applicationId, type),
      body,
      msgId: `${event.applicationId}:${event.eventId}`,
    })
    if (isDuplicate) throw new ProblemError('EventAlreadyIngested')
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

/** The sender's address: what a trusted proxy says, if that is one; IPv4 in its own form where the socket is IPv6. */
function addressOf({ ip, socket }: FastifyRequest): string {
  const address = isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
