import { ProblemError } from '#shared/contract/problems.ts'
import { SystemAnswer } from '#shared/contract/system-schemas.ts'
import type { GatewayServer } from '../app.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { shareRuns } from '../share-runs.ts'
import { describeSystem } from '../system/system.ts'
import { visibleOrganizations } from '../visible-organizations.ts'
import { route } from './route.ts'

/** The installation's own state: for editors of an organisation and the master key. */
export function registerSystemRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, freshRegistry } = deps
  const describe = shareRuns(() => describeSystem(deps))

  server.get(
    '/system',
    route('system.get', {
      operationId: 'system.get',
      tags: ['Instance'],
      summary: 'See streams, consumers, projections, lanes and disk, and what to do about what is wrong',
      description: 'For editors of an organization and the master key.',
      response: { 200: SystemAnswer },
    }),
    async ({ principal }) => {
      await freshRegistry.decide(() => {
        if (
          !visibleOrganizations(principal, registry).some(({ role }) => role !== 'viewer') &&
          principal.kind !== 'master'
        )
          throw new ProblemError('Forbidden')
      })
      return describe()
    },
  )
}
