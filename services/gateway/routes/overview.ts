import { Type } from 'typebox'
import {
  OverviewAnswer,
  OverviewQuery,
  SubscriptionHealth,
  SubscriptionHealthQuery,
} from '#shared/contract/overview-schemas.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import type { SubscriptionState } from '#shared/facts/control.ts'
import { readStored, readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { GatewayServer } from '../app.ts'
import { countBacklog } from '../backlog.ts'
import type { RouteDependencies } from '../dependencies.ts'
import {
  breakerOf,
  bucketsOf,
  type EndpointFigures,
  endpointFigures,
  forecastOf,
  rangeOf,
  worstOf,
} from '../overview.ts'
import { timeText } from '../presenters/time.ts'
import { readCheckpoints } from '../queries/checkpoints.ts'
import {
  countWaiting,
  listAttemptFigures,
  listEventFigures,
  listLastAnswers,
  listSparkFigures,
  listSubscriptionFigures,
} from '../queries/figures.ts'
import { countOpenByCause, findOldestWaiting, listRetriesDue } from '../queries/outlook.ts'
import { badQuery, timeOfQuery, uuidOfQuery } from '../request-values.ts'
import { openSubscription } from '../subscription-states.ts'
import { route } from './route.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const RANGE_DAYS_MAX = 400
const BUCKETS_DEFAULT = 60
const WORST_MAX = 10
const FORECAST = { stepMs: 10 * MINUTE_MS, steps: 36 }
const SPARK_HOURS = 24
/** Counting what is parked asks NATS for each subscription. */
const COUNTED_MAX = 20

/** How an application and its receivers do, from figures that are added up as rows are written. */
export function registerOverviewRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, secretBox, clock, freshRegistry, authorize, orm, nats } = deps

  const liveSubscriptions = (applicationId: string): SubscriptionState[] =>
    registry
      .allSubscriptionsOf(applicationId)
      .map(({ state }) => state)
      .filter(({ deletedAtMs }) => deletedAtMs === null)

  server.get(
    '/overview',
    route('overview.get', {
      operationId: 'overview.get',
      tags: ['Overview'],
      summary: 'See how an application does: volume, rate of success, latencies, what waits and what is due',
      querystring: OverviewQuery,
      response: { 200: OverviewAnswer },
    }),
    async ({ query, principal }): Promise<OverviewAnswer> => {
      const nowMs = clock.nowMs()
      const { fromMs, toMs } = readRange(query, nowMs)
      const { applicationId } = await authorize.application(principal, query.application_id, 'overview.get')
      await freshRegistry.catchUp()
      const range = rangeOf(fromMs, toMs, query.buckets ?? BUCKETS_DEFAULT)
      const ids = liveSubscriptions(applicationId).map(({ subscriptionId }) => subscriptionId)
      const forecast = { ...FORECAST, fromMs: nowMs }
      const [asOf, figures, events, endpoints, oldest, due, causes] = await Promise.all([
        projectedUpTo(),
        listAttemptFigures(orm, applicationId, range),
        listEventFigures(orm, applicationId, range),
        listSubscriptionFigures(orm, ids, range),
        findOldestWaiting(orm, ids),
        listRetriesDue(orm, applicationId, { ...forecast, toMs: nowMs + FORECAST.stepMs * FORECAST.steps }),
        countOpenByCause(orm, applicationId),
      ])
      const worst = worstOf(endpointFigures(endpoints), WORST_MAX)
      const waiting = await countWaiting(
        orm,
        worst.map(({ subscriptionId }) => subscriptionId),
      )
      return {
        from: timeText(range.fromMs),
        to: timeText(range.toMs),
        bucket_seconds: range.bucketMs / 1_000,
        as_of: asOf,
        ...bucketsOf(range, figures, events),
        oldest_waiting: oldest,
        worst_endpoints: worst.map((endpoint) => presentEndpoint(endpoint, waiting)),
        forecast: forecastOf(forecast, due),
        dead_letters_by_cause: causes,
      }
    },
  )

  function presentEndpoint(
    { subscriptionId, attempts, errorRate, p95Ms }: EndpointFigures,
    waiting: ReadonlyMap<string, number>,
  ): OverviewAnswer['worst_endpoints'][number] {
    const { state } = registry.subscriptions.get(subscriptionId)!
    return {
      subscription_id: subscriptionId,
      description: state.description,
      url: openSubscription(secretBox, state).targetUrl ?? state.target.url,
      attempts,
      error_rate: errorRate,
      p95_ms: p95Ms,
      breaker: breakerOf(state, registry.receivers.get(subscriptionId)?.state),
      waiting: waiting.get(subscriptionId) ?? 0,
      is_paused: state.pausedAtMs !== null,
    }
  }

  /** Now, if everything in LEDGER has been folded, else when the next fact was stored; null while NATS is away. */
  async function projectedUpTo(): Promise<string | null> {
    const nowMs = clock.nowMs()
    const { ledger } = await readCheckpoints(orm)
    if (!nats.isUp()) return null
    const { lastSeq } = await readStreamState(nats, STREAM_NAMES.ledger)
    if (ledger >= lastSeq) return timeText(nowMs)
    const next = await readStored(nats, STREAM_NAMES.ledger, ledger + 1)
    return timeText(next?.time.getTime() ?? nowMs)
  }

  server.get(
    '/subscriptions/health',
    route('subscription.list', {
      operationId: 'subscriptions.health',
      tags: ['Subscriptions'],
      summary: 'See how the receivers of an application do: the last day by hour, breaker, what waits',
      querystring: SubscriptionHealthQuery,
      response: { 200: Type.Array(SubscriptionHealth) },
    }),
    async ({ query, principal }): Promise<SubscriptionHealth[]> => {
      const wanted = query.subscription_id === undefined ? null : uuidOfQuery(query.subscription_id)
      const { applicationId } = await authorize.application(principal, query.application_id, 'subscription.list')
      await freshRegistry.catchUp()
      const states = liveSubscriptions(applicationId).filter(
        ({ subscriptionId }) => wanted === null || subscriptionId === wanted,
      )
      if (wanted !== null && states.length === 0) throw new ProblemError('NotFound')
      return healthOf(states)
    },
  )

  async function healthOf(states: readonly SubscriptionState[]): Promise<SubscriptionHealth[]> {
    const ids = states.map(({ subscriptionId }) => subscriptionId)
    const nowMs = clock.nowMs()
    const fromMs = (Math.floor(nowMs / HOUR_MS) - SPARK_HOURS + 1) * HOUR_MS
    const [sparks, figures, waiting, last, parked] = await Promise.all([
      listSparkFigures(orm, ids, fromMs),
      listSubscriptionFigures(orm, ids, { fromMs, toMs: nowMs }),
      countWaiting(orm, ids),
      listLastAnswers(orm, ids),
      ids.length <= COUNTED_MAX && nats.isUp() ? Promise.all(ids.map((id) => countBacklog(deps, id))) : null,
    ])
    const sparksOf = Map.groupBy(sparks, ({ subscription_id }) => subscription_id)
    const endpoints = new Map(endpointFigures(figures).map((each) => [each.subscriptionId, each]))
    const lastOf = new Map(last.map((each) => [each.subscription_id, each]))
    return states.map((state, i) => {
      const { subscriptionId } = state
      const endpoint = endpoints.get(subscriptionId)
      return {
        subscription_id: subscriptionId,
        spark: Array.from({ length: SPARK_HOURS }, (_, hour) => {
          const atMs = fromMs + hour * HOUR_MS
          const amountOf = (kind: string) =>
            sparksOf.get(subscriptionId)?.find((each) => each.at_ms === atMs && each.kind === kind)?.amount ?? 0
          return { at: timeText(atMs), succeeded: amountOf('succeeded'), failed: amountOf('failed') }
        }),
        error_rate: endpoint && endpoint.attempts > 0 ? endpoint.errorRate : null,
        p95_ms: endpoint?.p95Ms ?? null,
        breaker: breakerOf(state, registry.receivers.get(subscriptionId)?.state),
        waiting: waiting.get(subscriptionId) ?? 0,
        parked: parked?.[i]?.parked ?? null,
        is_paused: state.pausedAtMs !== null,
        last_success_at: lastOf.get(subscriptionId)?.last_success_at ?? null,
        last_failure_at: lastOf.get(subscriptionId)?.last_failure_at ?? null,
      }
    })
  }
}

/** @throws {ProblemError} 400 or InvalidDateRange. */
function readRange(query: { from?: string; to?: string }, nowMs: number): { fromMs: number; toMs: number } {
  const msOf = (name: 'from' | 'to') => {
    const time = timeOfQuery(name, query[name])
    return time === null ? null : Date.parse(time)
  }
  const toMs = msOf('to') ?? nowMs
  const fromMs = msOf('from') ?? toMs - DAY_MS
  if (fromMs >= toMs) throw new ProblemError('InvalidDateRange', { detail: 'from must come before to.' })
  if (toMs - fromMs > RANGE_DAYS_MAX * DAY_MS) throw badQuery(`from and to may be ${RANGE_DAYS_MAX} days apart at most`)
  return { fromMs, toMs }
}
