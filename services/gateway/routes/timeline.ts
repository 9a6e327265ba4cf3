import { Type } from 'typebox'
import { ProblemError } from '#shared/contract/problems.ts'
import { OfApplication } from '#shared/contract/schemas.ts'
import { TimelineAnswer } from '#shared/contract/timeline-schemas.ts'
import { decodeEvent } from '#shared/facts/event.ts'
import { readStored, STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { GatewayServer } from '../app.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { readCheckpoints } from '../queries/checkpoints.ts'
import { findEvent } from '../queries/events.ts'
import { listAttemptsOfEvent } from '../queries/request-attempts.ts'
import { findPostponement, listDeliveriesOfEvent, subscriptionsAt } from '../queries/timeline.ts'
import { uuidOfPath } from '../request-values.ts'
import { timelineOf } from '../timeline.ts'
import { route } from './route.ts'

/** The answer to "why did I not get it?". */
export function registerTimelineRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { orm, nats, authorize, registry, clock, freshRegistry } = deps
  server.get(
    '/events/:event_id/timeline',
    route('event.timeline', {
      operationId: 'events.timeline',
      tags: ['Events'],
      summary: 'Get the way of an event: for each subscription its deliveries and attempts, or why there are none',
      params: Type.Object({ event_id: Type.String({ 'x-format': 'uuid' }) }),
      querystring: OfApplication,
      response: { 200: TimelineAnswer },
    }),
    async (request, reply) => {
      const eventId = uuidOfPath(request.params.event_id)
      const { application_id: id } = request.query
      const { applicationId } = await authorize.application(request.principal, id, 'event.timeline')
      await Promise.all([request.catchUp(reply), freshRegistry.catchUp()])
      const found = await findEvent(orm, applicationId, eventId)
      if (found === null) throw new ProblemError('NotFound')
      const { seq, deliver_at, ...event } = found
      const [stored, deliveries, attempts, postponement, checkpoints] = await Promise.all([
        readStored(nats, STREAM_NAMES.events, Number(seq)),
        listDeliveriesOfEvent(orm, eventId),
        listAttemptsOfEvent(orm, eventId),
        findPostponement(orm, eventId),
        readCheckpoints(orm),
      ])
      const matchable = stored === null ? null : decodeEvent(stored.data)
      const endedAt = postponement?.ended_at ?? null
      const statesThen = await subscriptionsAt(
        orm,
        applicationId,
        endedAt === null && matchable !== null
          ? { controlSeq: matchable.event.controlSeq }
          : { at: endedAt ?? event.received_at },
      )
      const status = statusOf()
      return {
        event: deliver_at === null ? event : { ...event, deliver_at },
        stream_seq: Number(seq),
        status,
        is_kept: stored !== null,
        subscriptions: timelineOf(
          {
            applicationId,
            receivedAtMs: Date.parse(event.received_at),
            status,
            matchable,
            deliveries,
            attempts,
            statesThen,
            nowMs: clock.nowMs(),
          },
          registry,
        ),
      }

      function statusOf(): TimelineAnswer['status'] {
        if (postponement !== null && postponement.status !== 'released') return postponement.status
        if (deliveries.length > 0) return 'matched'
        return checkpoints.matchedEvents >= Number(seq) ? 'unmatched' : 'not_matched_yet'
      }
    },
  )
}
