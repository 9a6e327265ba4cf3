import type { FigureKind } from '#shared/readmodel/attempt-figure.entity.ts'
import { HOUR_STEP, hourSql, MINUTE_STEP } from '#shared/readmodel/figures-sql.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { timestampSql } from './timestamp.ts'

const TIME = 'to_timestamp(?::float8 / 1000)'

/** Times in ms since 1970; `from` and the length of a bucket are whole minutes, or both are whole hours. */
export interface FigureRange {
  fromMs: number
  toMs: number
  bucketMs: number
}

export interface BucketFigure {
  bucket: number
  kind: FigureKind
  bin: number
  amount: number
}

const HOUR_MS = HOUR_STEP * 1_000
const stepOf = (...lengthsMs: number[]) => (lengthsMs.every((ms) => ms % HOUR_MS === 0) ? HOUR_STEP : MINUTE_STEP)

const bucketSql = `floor(extract(epoch FROM at - ${TIME}) * 1000 / ?::float8)::int`

/** What came of an application's attempts, by bucket of the range. */
export async function listAttemptFigures(
  orm: Orm,
  applicationId: string,
  { fromMs, toMs, bucketMs }: FigureRange,
): Promise<BucketFigure[]> {
  return orm.em.getConnection().execute<BucketFigure[]>(
    `SELECT ${bucketSql} AS bucket, kind, bin, sum(amount)::float8 AS amount FROM attempt_figures
     WHERE application_id = ? AND step = ? AND at >= ${TIME} AND at < ${TIME} GROUP BY 1, 2, 3`,
    [fromMs, bucketMs, applicationId, stepOf(fromMs, bucketMs), fromMs, toMs],
  )
}

export async function listEventFigures(
  orm: Orm,
  applicationId: string,
  { fromMs, toMs, bucketMs }: FigureRange,
): Promise<{ bucket: number; amount: number }[]> {
  return orm.em.getConnection().execute<{ bucket: number; amount: number }[]>(
    `SELECT ${bucketSql} AS bucket, sum(amount)::float8 AS amount FROM event_figures
     WHERE application_id = ? AND at >= ${TIME} AND at < ${TIME} GROUP BY 1`,
    [fromMs, bucketMs, applicationId, fromMs, toMs],
  )
}

export interface SubscriptionFigure {
  subscription_id: string
  kind: FigureKind
  bin: number
  amount: number
}

/** What came of each subscription's attempts, in the hours that the range touches. */
export async function listSubscriptionFigures(
  orm: Orm,
  subscriptionIds: readonly string[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<SubscriptionFigure[]> {
  return orm.em.getConnection().execute<SubscriptionFigure[]>(
    `SELECT subscription_id, kind, bin, sum(amount)::float8 AS amount FROM subscription_figures
     WHERE subscription_id = ANY(?::uuid[]) AND at >= ${hourSql(TIME)} AND at < ${TIME} GROUP BY 1, 2, 3`,
    [arrayOf(subscriptionIds), fromMs, toMs],
  )
}

export interface SparkFigure {
  subscription_id: string
  at_ms: number
  kind: 'succeeded' | 'failed'
  amount: number
}

/** Answers of each subscription by hour. */
export async function listSparkFigures(
  orm: Orm,
  subscriptionIds: readonly string[],
  fromMs: number,
): Promise<SparkFigure[]> {
  return orm.em.getConnection().execute<SparkFigure[]>(
    `SELECT subscription_id, (extract(epoch FROM at) * 1000)::float8 AS at_ms, kind, sum(amount)::float8 AS amount
     FROM subscription_figures
     WHERE subscription_id = ANY(?::uuid[]) AND at >= ${TIME} AND kind IN ('succeeded', 'failed') GROUP BY 1, 2, 3`,
    [arrayOf(subscriptionIds), fromMs],
  )
}

export interface LastAnswers {
  subscription_id: string
  last_success_at: string | null
  last_failure_at: string | null
}

/** When each subscription has had its last success and its last failure, however long ago. */
export async function listLastAnswers(orm: Orm, subscriptionIds: readonly string[]): Promise<LastAnswers[]> {
  const last = (kind: string) => `(SELECT f.last_at FROM subscription_figures f
    WHERE f.subscription_id = s.id AND f.kind = '${kind}' ORDER BY f.at DESC, f.last_at DESC LIMIT 1)`
  return orm.em.getConnection().execute<LastAnswers[]>(
    `SELECT s.id AS subscription_id, ${timestampSql(last('succeeded'))} AS last_success_at,
       ${timestampSql(last('failed'))} AS last_failure_at
     FROM unnest(?::uuid[]) AS s (id)`,
    [arrayOf(subscriptionIds)],
  )
}

/** Deliveries that have not ended, by subscription; one that has none is absent. */
export async function countWaiting(orm: Orm, subscriptionIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await orm.em.getConnection().execute<{ subscription_id: string; count: number }[]>(
    `SELECT subscription_id, count(*)::float8 AS count FROM deliveries
     WHERE subscription_id = ANY(?::uuid[]) AND status = 'pending' GROUP BY 1`,
    [arrayOf(subscriptionIds)],
  )
  return new Map(rows.map(({ subscription_id, count }) => [subscription_id, count]))
}

const arrayOf = (ids: readonly string[]) => `{${ids.join(',')}}`
