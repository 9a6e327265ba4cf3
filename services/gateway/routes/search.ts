import { setImmediate as nextTurn } from 'node:timers/promises'
import { SearchAnswer, type SearchHit, SearchQuery } from '#shared/contract/search-schemas.ts'
import type { GatewayServer } from '../app.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { labelsLookedBackTo, searchErrors, searchEventsOfTypes, searchIds, searchLabel } from '../queries/search.ts'
import { badQuery } from '../request-values.ts'
import { readTerms, type SearchTerms } from '../search-terms.ts'
import { openSubscription } from '../subscription-states.ts'
import { route } from './route.ts'

const LIMIT_DEFAULT = 20
const TEXT_MIN = 2
const TEXT_MAX = 500
/** Of event types that begin alike, so many are looked for events of. */
const TYPES_MAX = 20
const OPENED_AT_ONCE = 200

/** One box for everything: ids, types, labels, addresses and what went wrong. */
export function registerSearchRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, secretBox, freshRegistry, authorize, orm, logger } = deps

  server.get(
    '/search',
    route('search.get', {
      operationId: 'search.get',
      tags: ['Overview'],
      summary: 'Find events, types, subscriptions, attempts, deliveries and dead letters',
      description:
        'By an id or its first 8 digits or more, the beginning of an event type, a label (`key:value`), a part of an address or description of a subscription, or an error text.',
      querystring: SearchQuery,
      response: { 200: SearchAnswer },
    }),
    async (request, reply): Promise<SearchAnswer> => {
      const { query, principal } = request
      const { applicationId } = await authorize.application(principal, query.application_id, 'search.get')
      const terms = readTerms(query.q)
      if (terms.text.length < TEXT_MIN || terms.text.length > TEXT_MAX)
        throw badQuery(`q needs ${TEXT_MIN} to ${TEXT_MAX} characters`)
      await freshRegistry.catchUp()
      const limit = query.limit ?? LIMIT_DEFAULT
      const known = await fromRegistry(applicationId, terms, limit)
      try {
        await request.catchUp(reply)
        const { hits, lookedBackTo } = await fromRows(applicationId, terms, limit)
        return { hits: [...known, ...hits].slice(0, limit), is_partial: false, looked_back_to: lookedBackTo }
      } catch (error) {
        // Types and subscriptions are known without Postgres.
        logger.warn({ err: error }, 'a search could not look at rows')
        return { hits: known.slice(0, limit), is_partial: true, looked_back_to: null }
      }
    },
  )

  async function fromRegistry(applicationId: string, terms: SearchTerms, limit: number): Promise<SearchHit[]> {
    const types = registry
      .eventTypesOf(applicationId)
      .filter(({ state }) => state.deactivatedAtMs === null && state.name.toLowerCase().startsWith(terms.text))
      .map(({ state: { name } }): SearchHit => ({ kind: 'event_type', id: name, title: name, detail: 'Event type' }))
    return [...(await subscriptionHits(applicationId, terms, limit)), ...types]
  }

  /** Addresses are sealed: to open those of many subscriptions takes its time, in which others have their turn. */
  async function subscriptionHits(applicationId: string, terms: SearchTerms, limit: number): Promise<SearchHit[]> {
    const hits: SearchHit[] = []
    for (const [i, { state }] of registry.allSubscriptionsOf(applicationId).entries()) {
      if (hits.length >= limit) break
      if (i % OPENED_AT_ONCE === OPENED_AT_ONCE - 1) await nextTurn()
      if (state.deletedAtMs !== null) continue
      const { subscriptionId, description } = state
      const url = openSubscription(secretBox, state).targetUrl ?? state.target.url
      if (!isWanted({ subscriptionId, url, description: description ?? '' }, terms)) continue
      const hit = { kind: 'subscription', id: subscriptionId, subscription_id: subscriptionId } as const
      hits.push({ ...hit, title: description ?? url, detail: url })
    }
    return hits
  }

  async function fromRows(
    applicationId: string,
    { ids, label, text }: SearchTerms,
    limit: number,
  ): Promise<{ hits: SearchHit[]; lookedBackTo: string | null }> {
    const types = registry
      .eventTypesOf(applicationId)
      .map(({ state }) => state.name)
      .filter((name) => name.toLowerCase().startsWith(text))
    const found = await Promise.all([
      ids === null ? [] : searchIds(orm, applicationId, ids, limit),
      label === null ? [] : searchLabel(orm, applicationId, label, limit),
      ids === null ? searchErrors(orm, applicationId, text, limit) : [],
      searchEventsOfTypes(orm, applicationId, types.slice(0, TYPES_MAX), limit),
    ])
    const lookedBackTo = label === null ? null : await labelsLookedBackTo(orm, applicationId)
    return { hits: found.flat().map(withoutNulls), lookedBackTo }
  }
}

function isWanted(
  { subscriptionId, url, description }: { subscriptionId: string; url: string; description: string },
  { ids, text }: SearchTerms,
): boolean {
  if (ids !== null && subscriptionId >= ids.from && subscriptionId <= ids.to) return true
  return url.toLowerCase().includes(text) || description.toLowerCase().includes(text)
}

function withoutNulls(hit: SearchHit): SearchHit {
  return Object.fromEntries(Object.entries(hit).filter(([, value]) => value !== null)) as SearchHit
}
