import { randomUUID } from 'node:crypto'
import { Type } from 'typebox'
import {
  ApplicationAnswer,
  ApplicationInfo,
  ApplicationPost,
  ApplicationQuotasPut,
} from '#shared/contract/account-schemas.ts'
import { Uuid } from '#shared/contract/primitives.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import { PAGE_FIELDS } from '#shared/contract/schemas.ts'
import { validateName } from '#shared/domain/validate-account.ts'
import { type ApplicationState, NO_APPLICATION_QUOTAS } from '#shared/facts/control.ts'
import type { GatewayServer } from '../app.ts'
import { actorOf, type Principal } from '../authentication.ts'
import { requireMaster } from '../authorization.ts'
import { cancelDeliveries } from '../cancel-deliveries.ts'
import { changeControl } from '../change-control.ts'
import { newApplicationSecret } from '../credentials.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { creationKey, livePage } from '../paging.ts'
import { presentApplication, presentApplicationInfo } from '../presenters/application.ts'
import { applicationsWithEvents, countEventsToday } from '../queries/event-counts.ts'
import { applicationLimits, organizationLimits } from '../quotas/limits.ts'
import { refuseFullOrganization } from '../quotas/refuse.ts'
import { changeCounted } from '../quotas/turns.ts'
import { uuidOfPath } from '../request-values.ts'
import { refuseInvalid, route } from './route.ts'

const tags = ['Applications']
const IdParams = Type.Object({ application_id: Type.String({ 'x-format': 'uuid' }) })
/** Each application is born with a secret of this name (contract, behaviour.md §1). */
const FIRST_SECRET_NAME = 'Default'

export function registerApplicationRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, clock, orm, authorize, config, secretBox } = deps

  server.get(
    '/applications',
    route('application.list', {
      operationId: 'applications.list',
      tags,
      summary: 'List the applications of an organization',
      querystring: Type.Object({ organization_id: Uuid, ...PAGE_FIELDS }),
      response: { 200: Type.Array(ApplicationAnswer) },
    }),
    async (request, reply) => {
      const { organization_id: id } = request.query
      const { organizationId } = await authorize.organization(request.principal, id, 'application.list')
      await deps.freshRegistry.catchUp()
      const keyOf = (each: ApplicationState) => creationKey(each.createdAtMs, each.applicationId)
      return livePage({ request, reply }, registry.applicationsOf(organizationId), keyOf).map(presentApplication)
    },
  )

  server.post(
    '/applications',
    route('application.create', {
      operationId: 'applications.create',
      tags,
      summary: 'Make an application, with a first secret named Default',
      body: ApplicationPost,
      response: { 201: ApplicationAnswer },
    }),
    async ({ principal, body }, reply) => {
      const organization = await authorize.organization(principal, body.organization_id, 'application.create')
      refuseInvalid(validateName(body.name))
      const { organizationId } = organization
      const applicationId = randomUUID()
      const making = { nowMs: clock.nowMs(), by: actorOf(principal) }
      const fact: ApplicationState = {
        v: 1,
        type: 'application',
        applicationId,
        organizationId,
        name: body.name,
        quotas: NO_APPLICATION_QUOTAS,
        isOperational: false,
        createdAtMs: making.nowMs,
        deletedAtMs: null,
        changedAtMs: making.nowMs,
        changedBy: making.by,
      }
      const secret = newApplicationSecret(secretBox, { applicationId, organizationId, name: FIRST_SECRET_NAME }, making)
      await changeCounted(deps, organizationId, () => {
        const current = registry.organizations.get(organizationId)!.state
        if (current.deletedAtMs !== null) throw new ProblemError('Forbidden')
        refuseFullOrganization(current, deps)
        return [
          { fact, seq: 0 },
          { fact: secret.state, seq: 0 },
        ]
      })
      reply.code(201)
      return presentApplication(fact)
    },
  )

  server.get(
    '/applications/:application_id',
    route('application.get', {
      operationId: 'applications.get',
      tags,
      summary: 'Get an application with its quotas and what is used of them',
      params: IdParams,
      response: { 200: ApplicationInfo },
    }),
    async (request, reply) => {
      const id = uuidOfPath(request.params.application_id)
      const application = await authorize.application(request.principal, id, 'application.get')
      await request.catchUp(reply)
      return infoOf(application)
    },
  )

  async function infoOf(application: ApplicationState): Promise<ApplicationInfo> {
    const ids = [application.applicationId]
    const [counts, withEvents] = await Promise.all([countEventsToday(orm, ids), applicationsWithEvents(orm, ids)])
    const organization = registry.organizations.get(application.organizationId)!.state
    return presentApplicationInfo({
      application,
      eventsToday: counts.get(application.applicationId) ?? 0,
      withEvents,
      limits: applicationLimits(application, organizationLimits(organization, config.quotas)),
      registry,
    })
  }

  function changeApplication(applicationId: string, principal: Principal, fields: Partial<ApplicationState>) {
    return changeControl<ApplicationState>(
      deps,
      () => {
        const { state, seq } = registry.applications.get(applicationId)!
        if (state.deletedAtMs !== null) throw new ProblemError('Forbidden')
        return { fact: { ...state, ...fields, changedAtMs: clock.nowMs(), changedBy: actorOf(principal) }, seq }
      },
      { onConflict: 'refuse' },
    )
  }

  server.put(
    '/applications/:application_id',
    route('application.edit', {
      operationId: 'applications.update',
      tags,
      summary: 'Rename an application',
      params: IdParams,
      body: ApplicationPost,
      response: { 200: ApplicationAnswer },
    }),
    async ({ principal, params, body }) => {
      const id = uuidOfPath(params.application_id)
      await authorize.application(principal, id, 'application.edit')
      refuseInvalid(validateName(body.name))
      const changed = await changeApplication(id, principal, { name: body.name })
      return presentApplication(changed!.fact)
    },
  )

  server.put(
    '/applications/:application_id/quotas',
    route('application.edit_quotas', {
      operationId: 'applications.editQuotas',
      tags,
      summary: "Set an application's own quotas (master key)",
      params: IdParams,
      body: ApplicationQuotasPut,
      response: { 200: ApplicationInfo },
    }),
    async ({ principal, params, body }) => {
      requireMaster(principal)
      const id = uuidOfPath(params.application_id)
      await authorize.application(principal, id, 'application.edit')
      const changed = await changeApplication(id, principal, {
        quotas: {
          eventsPerDay: body.events_per_day_limit ?? null,
          daysOfEventsRetention: body.days_of_events_retention_limit ?? null,
          daysOfAttemptsRetention: body.days_of_attempts_retention_limit ?? null,
          daysOfDeadLettersRetention: body.days_of_dead_letters_retention_limit ?? null,
        },
      })
      return infoOf(changed!.fact)
    },
  )

  server.delete(
    '/applications/:application_id',
    route('application.delete', {
      operationId: 'applications.delete',
      tags,
      summary: 'Delete an application: its secrets stop working, what is not delivered yet is cancelled',
      params: IdParams,
      response: { 204: Type.Null() },
    }),
    async ({ principal, params }, reply) => {
      const id = uuidOfPath(params.application_id)
      await authorize.application(principal, id, 'application.delete')
      const changed = await changeControl<ApplicationState>(deps, () => {
        const { state, seq } = registry.applications.get(id)!
        if (state.deletedAtMs !== null) return null
        const nowMs = clock.nowMs()
        const fact = { ...state, deletedAtMs: nowMs, changedAtMs: nowMs, changedBy: actorOf(principal) }
        return { fact, seq }
      })
      if (changed) {
        const scope = { applicationId: id, subscriptionId: null }
        await cancelDeliveries(deps, scope, { controlSeq: changed.seq, atMs: changed.fact.changedAtMs })
      }
      return reply.code(204).send(null)
    },
  )
}
