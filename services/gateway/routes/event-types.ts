import { Type } from 'typebox'
import { StorableText } from '#shared/contract/primitives.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import { EventTypeAnswer, EventTypePost, EventTypesQuery, OfApplication } from '#shared/contract/schemas.ts'
import { validateEventTypePost } from '#shared/domain/validate-event.ts'
import type { ApplicationState, EventTypeState, JsonSchema } from '#shared/facts/control.ts'
import type { GatewayServer } from '../app.ts'
import { actorOf, type Principal } from '../authentication.ts'
import { type Change, changeControl } from '../change-control.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { byKey, linkNext, pageOf } from '../paging.ts'
import { presentEventType } from '../presenters/event-type.ts'
import { refuseFullCatalogue } from '../quotas/refuse.ts'
import { changeCounted } from '../quotas/turns.ts'
import { refuseInvalid, route } from './route.ts'

const NameParams = Type.Object({ event_type_name: StorableText })
const tags = ['Event types']

/** @throws {ProblemError} Forbidden: jethook's own types are neither added to nor taken away. */
function refuseOperational({ isOperational }: ApplicationState): void {
  if (isOperational)
    throw new ProblemError('Forbidden', { detail: 'The event types of an operational application are fixed.' })
}

export function registerEventTypeRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, clock, authorize, freshRegistry, schemaChecker } = deps

  server.post(
    '/event_types',
    route('event_type.create', {
      operationId: 'eventTypes.create',
      tags,
      summary: 'Make an event type, or take an existing one up again',
      description:
        'With a schema, payloads of the type must satisfy it. Another schema for an existing type is its next version; `null` takes the schema away; left out, it stays.',
      body: EventTypePost,
      response: { 201: EventTypeAnswer },
    }),
    async ({ body, principal }, reply) => {
      const application = await authorize.application(principal, body.application_id, 'event_type.create')
      refuseOperational(application)
      refuseInvalid(validateEventTypePost(body))
      await refuseBadSchema(body.schema)
      let state: EventTypeState | null = null as EventTypeState | null
      await changeCounted(deps, application.applicationId, () => {
        const change = nextEventType(body, application, principal)
        state = change.fact
        return change.isNeeded ? [change] : []
      })
      reply.code(201)
      return presentEventType(state!)
    },
  )

  /** @throws {ProblemError} Validation, saying why the schema can't be used. */
  async function refuseBadSchema(schema: JsonSchema | null | undefined): Promise<void> {
    if (schema === null || schema === undefined) return
    const message = await schemaChecker.refusalOf(schema)
    if (message !== null) refuseInvalid({ schema: [{ code: 'json-schema', message, params: {} }] })
  }

  /** An existing type, even a deactivated one, is taken up again: making it twice is no error (behaviour.md §3). */
  function nextEventType(
    body: EventTypePost,
    application: ApplicationState,
    principal: Principal,
  ): Change<EventTypeState> & { isNeeded: boolean } {
    const { applicationId, organizationId } = application
    const name = `${body.service}.${body.resource_type}.${body.verb}`
    const known = registry.eventType(applicationId, name)
    const before = known?.state
    const schema = body.schema === undefined ? (before?.schema ?? null) : body.schema
    const isSameSchema = JSON.stringify(schema) === JSON.stringify(before?.schema ?? null)
    const isActive = before !== undefined && before.deactivatedAtMs === null
    if (isActive && isSameSchema) return { fact: before, seq: known!.seq, isNeeded: false }
    if (!isActive) refuseFullCatalogue(application, deps)
    const nowMs = clock.nowMs()
    const fact: EventTypeState = {
      v: 1,
      type: 'event_type',
      applicationId,
      organizationId,
      name,
      service: body.service,
      resourceType: body.resource_type,
      verb: body.verb,
      schema,
      schemaVersion: (before?.schemaVersion ?? 0) + (isSameSchema ? 0 : 1),
      createdAtMs: before?.createdAtMs ?? nowMs,
      deactivatedAtMs: null,
      changedAtMs: nowMs,
      changedBy: actorOf(principal),
    }
    return { fact, seq: known?.seq ?? 0, isNeeded: true }
  }

  /** @throws {ProblemError} NotFound when it is not there, or deactivated. */
  function find(applicationId: string, name: string) {
    const found = registry.eventType(applicationId, name)
    if (!found || found.state.deactivatedAtMs !== null) throw new ProblemError('NotFound')
    return found
  }

  server.get(
    '/event_types',
    route('event_type.list', {
      operationId: 'eventTypes.list',
      tags,
      summary: 'List the event types of an application, by name',
      querystring: EventTypesQuery,
      response: { 200: Type.Array(EventTypeAnswer) },
    }),
    async (request, reply) => {
      const { query, principal } = request
      const { applicationId } = await authorize.application(principal, query.application_id, 'event_type.list')
      await freshRegistry.catchUp()
      const keyOf = ({ name }: EventTypeState) => name
      const active = registry
        .eventTypesOf(applicationId)
        .map(({ state }) => state)
        .filter(({ deactivatedAtMs, name }) => deactivatedAtMs === null && name.startsWith(query.prefix ?? ''))
        .sort(byKey(keyOf))
      const { items, nextCursor } = pageOf(active, keyOf, query)
      linkNext(request, reply, nextCursor)
      return items.map(presentEventType)
    },
  )

  server.get(
    '/event_types/:event_type_name',
    route('event_type.get', {
      operationId: 'eventTypes.get',
      tags,
      summary: 'Get an event type',
      params: NameParams,
      querystring: OfApplication,
      response: { 200: EventTypeAnswer },
    }),
    async ({ params, query, principal }) => {
      const { applicationId } = await authorize.application(principal, query.application_id, 'event_type.get')
      await freshRegistry.catchUp()
      return presentEventType(find(applicationId, params.event_type_name).state)
    },
  )

  server.delete(
    '/event_types/:event_type_name',
    route('event_type.delete', {
      operationId: 'eventTypes.delete',
      tags,
      summary: 'Deactivate an event type: its events are refused from now on',
      params: NameParams,
      querystring: OfApplication,
      response: { 204: Type.Null() },
    }),
    async ({ params, query, principal }, reply) => {
      const application = await authorize.application(principal, query.application_id, 'event_type.delete')
      refuseOperational(application)
      const { applicationId } = application
      await changeControl<EventTypeState>(deps, () => {
        const { state, seq } = find(applicationId, params.event_type_name)
        const nowMs = clock.nowMs()
        const changed = { deactivatedAtMs: nowMs, changedAtMs: nowMs, changedBy: actorOf(principal) }
        return { fact: { ...state, ...changed }, seq }
      })
      return reply.code(204).send(null)
    },
  )
}
