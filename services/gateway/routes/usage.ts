import { Type } from 'typebox'
import { Uuid } from '#shared/contract/primitives.ts'
import { UsageAnswer } from '#shared/contract/usage-schemas.ts'
import type { GatewayServer } from '../app.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { type EventCount, listEventCounts } from '../queries/event-counts.ts'
import { applicationLimits, NO_LIMIT, organizationLimits } from '../quotas/limits.ts'
import { route } from './route.ts'

const tags = ['Overview']
const DAY_MS = 24 * 3_600_000
const DAYS = 31

/** What has been used of quotas, and what is left. */
export function registerUsageRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, orm, clock, authorize, config } = deps

  server.get(
    '/usage/application',
    route('usage.application', {
      operationId: 'usage.application',
      tags,
      summary: 'See the events of an application by day, and its quotas',
      querystring: Type.Object({ application_id: Uuid }),
      response: { 200: UsageAnswer },
    }),
    async (request, reply): Promise<UsageAnswer> => {
      const { application_id: id } = request.query
      const application = await authorize.application(request.principal, id, 'usage.application')
      const { applicationId, organizationId } = application
      const ofOrganization = organizationLimits(registry.organizations.get(organizationId)!.state, config.quotas)
      await request.catchUp(reply)
      return {
        ...(await eventsOf([applicationId], applicationLimits(application, ofOrganization))),
        subscriptions: {
          used: registry.subscriptionCountOf(applicationId),
          limit: limitOf(ofOrganization.subscriptionsPerApplication),
        },
        event_types: {
          used: registry.eventTypesOf(applicationId).filter(({ state }) => state.deactivatedAtMs === null).length,
          limit: limitOf(ofOrganization.eventTypesPerApplication),
        },
      }
    },
  )

  server.get(
    '/usage/organization',
    route('usage.organization', {
      operationId: 'usage.organization',
      tags,
      summary: 'See the events of an organization by day, and its quotas',
      querystring: Type.Object({ organization_id: Uuid }),
      response: { 200: UsageAnswer },
    }),
    async (request, reply): Promise<UsageAnswer> => {
      const { organization_id: id } = request.query
      const organization = await authorize.organization(request.principal, id, 'usage.organization')
      const { organizationId } = organization
      const limits = organizationLimits(organization, config.quotas)
      await request.catchUp(reply)
      const live = registry.applicationsOf(organizationId).filter(isLive)
      const ids = live.map(({ state }) => state.applicationId)
      const counts = await countsOf(ids)
      const today = dayOf(clock.nowMs())
      const counted = live.filter(({ state }) => !state.isOperational)
      return {
        ...(await eventsOf(ids, limits, counts)),
        members: {
          used: registry.accounts.membersOf(organizationId).filter(isLive).length,
          limit: limitOf(limits.members),
        },
        applications: {
          used: counted.length,
          limit: limitOf(limits.applications),
          items: live.map(({ state: { applicationId, name } }) => ({
            application_id: applicationId,
            name,
            events_today: amountOf(
              counts.filter((count) => count.application_id === applicationId),
              today,
            ),
          })),
        },
      }
    },
  )

  const daysBack = (days: number) => dayOf(clock.nowMs() - days * DAY_MS)
  const countsOf = (ids: readonly string[]) => listEventCounts(orm, ids, { from: daysBack(DAYS - 1), to: daysBack(0) })

  async function eventsOf(
    ids: readonly string[],
    limits: { eventsPerDay: number; daysOfEventsRetention: number },
    known?: readonly EventCount[],
  ): Promise<UsageAnswer> {
    const counts = known ?? (await countsOf(ids))
    const days = Array.from({ length: DAYS }, (_, i) => {
      const date = daysBack(DAYS - 1 - i)
      return { date, events: amountOf(counts, date) }
    })
    const { date: today, events: used } = days.at(-1)!
    const ofMonth = days.filter(({ date }) => date.slice(0, 7) === today.slice(0, 7))
    return {
      is_enforced: config.quotas.isEnforced,
      events_today: { used, limit: limitOf(limits.eventsPerDay) },
      events_this_month: ofMonth.reduce((sum, { events }) => sum + events, 0),
      days,
      days_of_events_retention: limitOf(limits.daysOfEventsRetention),
    }
  }
}

const isLive = ({ state }: { state: { deletedAtMs: number | null } }) => state.deletedAtMs === null
const limitOf = (limit: number) => (limit >= NO_LIMIT ? null : limit)
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

function amountOf(counts: readonly EventCount[], date: string): number {
  return counts.reduce((sum, count) => sum + (count.date === date ? count.amount : 0), 0)
}
