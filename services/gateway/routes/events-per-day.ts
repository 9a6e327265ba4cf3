import { Type } from 'typebox'
import { EventsPerDayEntry } from '#shared/contract/account-schemas.ts'
import { Uuid } from '#shared/contract/primitives.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import type { ApplicationState } from '#shared/facts/control.ts'
import type { GatewayServer } from '../app.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { listEventCounts } from '../queries/event-counts.ts'
import { badQuery } from '../request-values.ts'
import { route } from './route.ts'

const tags = ['Events per day']
const DAY_MS = 24 * 3_600_000
const DEFAULT_DAYS = 30
const Day = Type.Optional(Type.String({ 'x-format': 'date', examples: ['2026-01-31'] }))
const Range = { from: Day, to: Day }

export function registerEventsPerDayRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, orm, clock, authorize } = deps

  server.get(
    '/events_per_day/application',
    route('events_per_day.application', {
      operationId: 'events_per_day.list_for_application',
      tags,
      summary: 'Count the events of an application by day (UTC)',
      querystring: Type.Object({ application_id: Uuid, ...Range }),
      response: { 200: Type.Array(EventsPerDayEntry) },
    }),
    async (request, reply) => {
      const range = readRange(request.query)
      const { application_id: id } = request.query
      const application = await authorize.application(request.principal, id, 'events_per_day.application')
      await request.catchUp(reply)
      return entries([application], range)
    },
  )

  server.get(
    '/events_per_day/organization',
    route('events_per_day.organization', {
      operationId: 'events_per_day.list_for_organization',
      tags,
      summary: 'Count the events of all applications of an organization by day (UTC)',
      querystring: Type.Object({ organization_id: Uuid, ...Range }),
      response: { 200: Type.Array(EventsPerDayEntry) },
    }),
    async (request, reply) => {
      const range = readRange(request.query)
      const { organization_id: id } = request.query
      const { organizationId } = await authorize.organization(request.principal, id, 'events_per_day.organization')
      await request.catchUp(reply)
      const applications = registry.applicationsOf(organizationId).map(({ state }) => state)
      return entries(
        applications.filter(({ deletedAtMs }) => deletedAtMs === null),
        range,
      )
    },
  )

  /** By day, then by name. */
  async function entries(
    applications: readonly ApplicationState[],
    range: { from: string; to: string },
  ): Promise<EventsPerDayEntry[]> {
    const names = new Map(applications.map(({ applicationId, name }) => [applicationId, name]))
    const counts = await listEventCounts(orm, [...names.keys()], range)
    const today = dayOf(clock.nowMs())
    return counts
      .map((count) => ({
        application_id: count.application_id,
        application_name: names.get(count.application_id)!,
        date: count.date,
        amount: count.amount,
        is_provisional: count.date >= today,
      }))
      .sort((a, b) => compare(a.date, b.date) || compare(a.application_name, b.application_name))
  }

  /** @throws {ProblemError} InvalidDateRange, before anything else is looked at. */
  function readRange(query: { from?: string; to?: string }): { from: string; to: string } {
    const to = readDay('to', query.to) ?? dayOf(clock.nowMs())
    const from = readDay('from', query.from) ?? dayOf(Date.parse(to) - DEFAULT_DAYS * DAY_MS)
    if (from > to) throw new ProblemError('InvalidDateRange')
    return { from, to }
  }
}

function readDay(name: string, text: string | undefined): string | null {
  if (text === undefined) return null
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) && !text.startsWith('0000') ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(ms) || dayOf(ms) !== text) throw badQuery(`${name} is no day such as 2026-01-31`)
  return text
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
