import { type Static, Type } from 'typebox'
import { nullable, Timestamp, Uuid, UuidAnswer } from './primitives.ts'

const Count = Type.Integer({ minimum: 0 })
const Milliseconds = nullable(Type.Integer({ minimum: 0 }))
const Ratio = Type.Number({ minimum: 0, maximum: 1 })
const Breaker = Type.Enum(['closed', 'open'])

export const BUCKETS_MAX = 300
export const OverviewQuery = Type.Object({
  application_id: Uuid,
  from: Type.Optional(Type.String({ description: 'RFC 3339; default: a day before `to`' })),
  to: Type.Optional(Type.String({ description: 'RFC 3339; default: now' })),
  buckets: Type.Optional(Type.Integer({ minimum: 1, maximum: BUCKETS_MAX, description: 'Default: 60' })),
})

const Bucket = Type.Object(
  {
    at: Timestamp,
    events: Count,
    attempts: Count,
    succeeded: Count,
    failed: Count,
    dead: Type.Integer({ minimum: 0, description: 'Deliveries that were given up' }),
    p50_ms: Milliseconds,
    p95_ms: Milliseconds,
  },
  { title: 'OverviewBucket' },
)

const Totals = Type.Object(
  {
    events: Count,
    attempts: Count,
    succeeded: Count,
    failed: Count,
    dead_letters: Count,
    success_rate: nullable(Ratio),
    p50_ms: Milliseconds,
    p95_ms: Milliseconds,
    p50_delivery_ms: Milliseconds,
    p95_delivery_ms: Milliseconds,
  },
  { title: 'OverviewTotals' },
)

const WorstEndpoint = Type.Object(
  {
    subscription_id: UuidAnswer,
    description: nullable(Type.String()),
    url: Type.String(),
    attempts: Count,
    error_rate: Ratio,
    p95_ms: Milliseconds,
    breaker: Breaker,
    waiting: Count,
    is_paused: Type.Boolean(),
  },
  { title: 'WorstEndpoint' },
)

/** Times of attempts and deliveries are right to 19 %: they come from histograms that are kept for each minute. */
export const OverviewAnswer = Type.Object(
  {
    from: Timestamp,
    to: Timestamp,
    bucket_seconds: Type.Integer({ minimum: 60, description: 'Whole minutes' }),
    as_of: nullable(Type.String({ 'x-format': 'date-time', description: 'Everything before this is counted' })),
    buckets: Type.Array(Bucket),
    totals: Totals,
    oldest_waiting: nullable(
      Type.Object(
        {
          event_id: UuidAnswer,
          delivery_id: UuidAnswer,
          subscription_id: UuidAnswer,
          due_at: nullable(Timestamp),
          accepted_at: Timestamp,
        },
        { title: 'OldestWaiting' },
      ),
    ),
    worst_endpoints: Type.Array(WorstEndpoint, { description: 'Of the hours that the range touches' }),
    forecast: Type.Array(Type.Object({ at: Timestamp, retries: Count }, { title: 'ForecastStep' })),
    dead_letters_by_cause: Type.Array(Type.Object({ cause: Type.String(), count: Count }, { title: 'CauseCount' })),
  },
  { title: 'Overview' },
)
export type OverviewAnswer = Static<typeof OverviewAnswer>

export const SubscriptionHealthQuery = Type.Object({
  application_id: Uuid,
  subscription_id: Type.Optional(Uuid),
})

export const SubscriptionHealth = Type.Object(
  {
    subscription_id: UuidAnswer,
    spark: Type.Array(Type.Object({ at: Timestamp, succeeded: Count, failed: Count }, { title: 'SparkHour' }), {
      description: 'The last 24 hours, the oldest first',
    }),
    error_rate: nullable(Ratio),
    p95_ms: Milliseconds,
    breaker: Breaker,
    waiting: Type.Integer({ minimum: 0, description: 'Deliveries that have not ended' }),
    parked: nullable(
      Type.Integer({
        minimum: 0,
        description:
          'Those of them that the receiver does not take now; null: not counted, there are too many subscriptions',
      }),
    ),
    is_paused: Type.Boolean(),
    last_success_at: nullable(Timestamp),
    last_failure_at: nullable(Timestamp),
  },
  { title: 'SubscriptionHealth' },
)
export type SubscriptionHealth = Static<typeof SubscriptionHealth>
