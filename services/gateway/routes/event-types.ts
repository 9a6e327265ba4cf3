import { Type } from 'typebox'
import { ProblemError } from '#shared/contract/problems.ts'
import { EventTypeAnswer, EventTypePost, OfApplication, StorableText } from '#shared/contract/schemas.ts'
import { validateEventTypePost } from '#shared/domain/validate-event.ts'
import { describeErrors } from '#shared/domain/validation.ts'
import type { EventTypeState } from '#shared/facts/control.ts'
import type { GatewayServer } from '../app.ts'
import { actorOf, authorizeApplication } from '../authentication.ts'
import { changeControl } from '../change-control.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { findEventType, listEventTypes } from '../queries/event-types.ts'
import { uuidOfBody, uuidOfQuery } from '../request-values.ts'

const NameParams = Type.Object({ event_type_name: StorableText })

export function registerEventTypeRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { orm, registry, clock } = deps

  server.post(
    '/event_types',
    {
      schema: {
        operationId: 'eventTypes.create',
        tags: ['Event types'],
        body: EventTypePost,
        response: { 201: EventTypeAnswer },
      },
    },
    async (request, reply) => {
      const { body, principal } = request
      const { applicationId } = authorizeApplication(principal, uuidOfBody(body.application_id), registry)
      const errors = validateEventTypePost(body)
      if (errors !== null) throw new ProblemError('Validation', { validation: errors, detail: describeErrors(errors) })
      const name = `${body.service}.${body.resource_type}.${body.verb}`
      // An existing one, even a deactivated one, is taken up again: creating twice is no error.
      await changeControl<EventTypeState>(deps, () => {
        const known = registry.eventType(applicationId, name)
        if (known && known.state.deactivatedAtMs === null) return null
        const fact: EventTypeState = {
          v: 1,
          type: 'event_type',
          applicationId,
          name,
          service: body.service,
          resourceType: body.resource_type,
          verb: body.verb,
          deactivatedAtMs: null,
          changedAtMs: clock.nowMs(),
          changedBy: actorOf(principal),
        }
        return { fact, seq: known?.seq ?? 0 }
      })
      reply.code(201)
      return {
        service_name: body.service,
        resource_type_name: body.resource_type,
        verb_name: body.verb,
        event_type_name: name,
      }
    },
  )

  server.get(
    '/event_types',
    {
      schema: {
        operationId: 'eventTypes.list',
        tags: ['Event types'],
        querystring: OfApplication,
        response: { 200: Type.Array(EventTypeAnswer) },
      },
    },
    async (request, reply) => {
      const { applicationId } = authorizeApplication(
        request.principal,
        uuidOfQuery(request.query.application_id),
        registry,
      )
      await request.catchUp(reply)
      return listEventTypes(orm, applicationId)
    },
  )

  server.get(
    '/event_types/:event_type_name',
    {
      schema: {
        operationId: 'eventTypes.get',
        tags: ['Event types'],
        params: NameParams,
        querystring: OfApplication,
        response: { 200: EventTypeAnswer },
      },
    },
    async (request, reply) => {
      const { applicationId } = authorizeApplication(
        request.principal,
        uuidOfQuery(request.query.application_id),
        registry,
      )
      await request.catchUp(reply)
      const found = await findEventType(orm, applicationId, request.params.event_type_name)
      if (found === null) throw new ProblemError('NotFound')
      return found
    },
  )

  server.delete(
    '/event_types/:event_type_name',
    {
      schema: {
        operationId: 'eventTypes.delete',
        tags: ['Event types'],
        params: NameParams,
        querystring: OfApplication,
      },
    },
    async (request, reply) => {
      const { applicationId } = authorizeApplication(
        request.principal,
        uuidOfQuery(request.query.application_id),
        registry,
      )
      await changeControl<EventTypeState>(deps, () => {
        const known = registry.eventType(applicationId, request.params.event_type_name)
        if (!known || known.state.deactivatedAtMs !== null) throw new ProblemError('NotFound')
        const nowMs = clock.nowMs()
        return {
          fact: { ...known.state, deactivatedAtMs: nowMs, changedAtMs: nowMs, changedBy: actorOf(request.principal) },
          seq: known.seq,
        }
      })
      reply.code(204)
    },
  )
}
