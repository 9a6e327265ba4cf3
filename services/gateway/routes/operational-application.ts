import { randomUUID } from 'node:crypto'
import { Type } from 'typebox'
import { ApplicationAnswer } from '#shared/contract/account-schemas.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import { OPERATIONAL_EVENT_TYPES } from '#shared/domain/operational-event.ts'
import { type Actor, type ApplicationState, type EventTypeState, NO_APPLICATION_QUOTAS } from '#shared/facts/control.ts'
import type { GatewayServer } from '../app.ts'
import { actorOf } from '../authentication.ts'
import { type Change, changeSeveral } from '../change-control.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { presentApplication } from '../presenters/application.ts'
import { nextGuard } from '../quotas/turns.ts'
import { uuidOfPath } from '../request-values.ts'
import { route } from './route.ts'

const NAME = 'jethook events'

export function registerOperationalApplicationRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, clock, authorize } = deps

  server.post(
    '/organizations/:organization_id/operational_application',
    route('application.create_operational', {
      operationId: 'applications.createOperational',
      tags: ['Applications'],
      summary: "Make the application that holds jethook's own events about an organization, or get it",
      description: 'Subscribe to its event types as in any application. Only jethook posts events into it.',
      params: Type.Object({ organization_id: Type.String({ 'x-format': 'uuid' }) }),
      response: { 200: ApplicationAnswer },
    }),
    async ({ principal, params }) => {
      const id = uuidOfPath(params.organization_id)
      const { organizationId } = await authorize.organization(principal, id, 'application.create_operational')
      const making = { nowMs: clock.nowMs(), by: actorOf(principal) }
      let application: ApplicationState | null = null as ApplicationState | null
      await changeSeveral(deps, () => {
        const organization = registry.organizations.get(organizationId)!
        if (organization.state.deletedAtMs !== null) throw new ProblemError('Forbidden')
        application = registry.operationalApplicationOf(organizationId)
        if (application !== null) return []
        const { made, changes } = newOperationalApplication(organizationId, making)
        application = made
        return [...changes, nextGuard(deps, organizationId)]
      })
      return presentApplication(application!)
    },
  )
}

function newOperationalApplication(
  organizationId: string,
  { nowMs, by }: { nowMs: number; by: Actor },
): { made: ApplicationState; changes: Change[] } {
  const base = { v: 1, createdAtMs: nowMs, changedAtMs: nowMs, changedBy: by } as const
  const applicationId = randomUUID()
  const made: ApplicationState = {
    ...base,
    type: 'application',
    applicationId,
    organizationId,
    name: NAME,
    quotas: NO_APPLICATION_QUOTAS,
    isOperational: true,
    deletedAtMs: null,
  }
  const types = OPERATIONAL_EVENT_TYPES.map((name): Change<EventTypeState> => {
    const [service = '', resourceType = '', verb = ''] = name.split('.')
    const place = { applicationId, organizationId, name, service, resourceType, verb }
    return {
      fact: { ...base, type: 'event_type', ...place, schema: null, schemaVersion: 0, deactivatedAtMs: null },
      seq: 0,
    }
  })
  return { made, changes: [{ fact: made, seq: 0 }, ...types] }
}
