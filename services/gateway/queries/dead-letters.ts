import type { DeadLetterFilter } from '#shared/facts/job.ts'
import { CAUSE_SQL, deadLetterConditions, ERROR_SQL } from '#shared/readmodel/dead-letter-filter.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { timestampSql } from './timestamp.ts'

export interface DeadLetterRecord {
  delivery_id: string
  event_id: string
  event_type: string
  application_id: string
  subscription_id: string
  description: string | null
  cause: string
  status_code: number | null
  error_name: string | null
  error_message: string | null
  attempt_count: number
  last_attempt_id: string | null
  response_id: string | null
  dead_at: string
  received_ms: number | null
  redrive_of: string | null
  replay_id: string | null
  resolution: 'redriven' | 'discarded' | null
  resolved_at: string | null
  resolved_by_kind: string | null
  resolved_by_id: string | null
  job_id: string | null
  discard_reason: string | null
  redriven_as: string | null
}

export interface DeadLettersFilter {
  applicationId: string
  filter: DeadLetterFilter
  resolution: 'open' | 'redriven' | 'discarded' | 'all'
  /** Only what comes after this one in the list. */
  before: { date: string; id: string } | null
  limit: number
}

const SELECT = `
  SELECT d.delivery_id, d.event_id, d.event_type, d.application_id, d.subscription_id, s.description, ${CAUSE_SQL} AS cause,
    d.status_code, d.error_name, d.error_message, d.attempt_count, d.last_attempt_id, a.response_id,
    ${timestampSql('d.dead_at')} AS dead_at, (extract(epoch FROM e.received_at) * 1000)::float8 AS received_ms,
    o.redrive_of, o.replay_id, d.resolution, ${timestampSql('d.resolved_at')} AS resolved_at, d.resolved_by_kind,
    d.resolved_by_id, d.job_id, d.discard_reason, n.delivery_id AS redriven_as
  FROM dead_letters d
  JOIN deliveries o ON o.delivery_id = d.delivery_id
  LEFT JOIN deliveries n ON n.redrive_of = d.delivery_id
  LEFT JOIN attempts a ON a.attempt_id = d.last_attempt_id
  LEFT JOIN events e ON e.event_id = d.event_id
  LEFT JOIN subscriptions s ON s.subscription_id = d.subscription_id`

function resolutionSql(resolution: DeadLettersFilter['resolution']): string {
  switch (resolution) {
    case 'open':
      return ' AND d.resolution IS NULL'
    case 'all':
      return ''
    default:
      return ` AND d.resolution = '${resolution}'`
  }
}

/** One page, the latest first, those of one moment by id; every dead letter is on exactly one page. */
export function listDeadLetters(orm: Orm, wanted: DeadLettersFilter): Promise<DeadLetterRecord[]> {
  const { sql, values } = deadLetterConditions(wanted.applicationId, wanted.filter)
  let condition = sql + resolutionSql(wanted.resolution)
  if (wanted.before) {
    condition += ' AND (d.dead_at, d.delivery_id) < (?::timestamptz, ?::uuid)'
    values.push(wanted.before.date, wanted.before.id)
  }
  return orm.em
    .getConnection()
    .execute<DeadLetterRecord[]>(
      `${SELECT} WHERE ${condition} ORDER BY d.dead_at DESC, d.delivery_id DESC LIMIT ${Math.floor(wanted.limit)}`,
      values,
    )
}

export async function findDeadLetter(
  orm: Orm,
  applicationId: string,
  deliveryId: string,
): Promise<DeadLetterRecord | null> {
  const [row] = await orm.em
    .getConnection()
    .execute<DeadLetterRecord[]>(`${SELECT} WHERE d.delivery_id = ? AND d.application_id = ?`, [
      deliveryId,
      applicationId,
    ])
  return row ?? null
}

const SERIES_MAX = 100

/** A delivery and those that it sends again, one after the other, the oldest first. */
export async function listSeries(orm: Orm, deliveryId: string): Promise<string[]> {
  const rows = await orm.em.getConnection().execute<{ delivery_id: string }[]>(
    `WITH RECURSIVE series AS (
       SELECT delivery_id, redrive_of, 1 AS place FROM deliveries WHERE delivery_id = ?
       UNION ALL
       SELECT d.delivery_id, d.redrive_of, s.place + 1
       FROM series s JOIN deliveries d ON d.delivery_id = s.redrive_of WHERE s.place < ${SERIES_MAX}
     )
     SELECT delivery_id FROM series ORDER BY place DESC`,
    [deliveryId],
  )
  return rows.map((row) => row.delivery_id)
}

export interface DeadLetterGroupRecord {
  subscription_id: string
  description: string | null
  cause: string
  status_code: number | null
  error_name: string | null
  error: string | null
  count: number
  first_dead_at: string
  last_dead_at: string
  sample_delivery_id: string
  sample_event_id: string
  sample_error_message: string | null
  /** Counts by hours ago, from 0 to 23. */
  trend: Record<string, number>
  key: string
}

export interface GroupsFilter extends Omit<DeadLettersFilter, 'before'> {
  nowMs: number
  before: { date: string; key: string } | null
}

const NOW_SQL = 'to_timestamp(?::float8 / 1000)'

/**
 * By subscription, cause, status and error, those with the latest dead letter first. What is told of many in the same words is
 * added up before the words are looked into.
 */
export function listDeadLetterGroups(orm: Orm, wanted: GroupsFilter): Promise<DeadLetterGroupRecord[]> {
  const { sql, values } = deadLetterConditions(wanted.applicationId, wanted.filter)
  const chosen = sql + resolutionSql(wanted.resolution)
  const before = wanted.before === null ? '' : 'WHERE (g.last_at, g.key) < (?::timestamptz, ?)'
  return orm.em.getConnection().execute<DeadLetterGroupRecord[]>(
    `WITH told AS (
       SELECT d.subscription_id, d.reason, d.status_code, d.error_name, d.error_message,
         CASE WHEN d.dead_at > ${NOW_SQL} - interval '24 hours'
           THEN greatest(floor(extract(epoch FROM ${NOW_SQL} - d.dead_at) / 3600)::int, 0) ELSE 24 END AS hour,
         count(*)::int AS n, min(d.dead_at) AS first_at, max(d.dead_at) AS last_at
       FROM dead_letters d WHERE ${chosen} GROUP BY 1, 2, 3, 4, 5, 6
     ), hours AS (
       SELECT d.subscription_id, ${CAUSE_SQL} AS cause, d.status_code, d.error_name, ${ERROR_SQL} AS error, d.hour, sum(d.n)::int AS n,
         min(d.first_at) AS first_at, max(d.last_at) AS last_at
       FROM told d GROUP BY 1, 2, 3, 4, 5, 6
     ), groups AS (
       SELECT subscription_id, cause, status_code, error_name, error, sum(n)::int AS count, min(first_at) AS first_at,
         max(last_at) AS last_at, coalesce(jsonb_object_agg(hour, n) FILTER (WHERE hour < 24), '{}') AS trend,
         md5(concat_ws('|', subscription_id, cause, status_code, error_name, error)) AS key
       FROM hours GROUP BY 1, 2, 3, 4, 5
     ), page AS (
       SELECT * FROM groups g ${before} ORDER BY g.last_at DESC, g.key DESC LIMIT ${Math.floor(wanted.limit)}
     )
     SELECT g.subscription_id, s.description, g.cause, g.status_code, g.error_name, g.error, g.count,
       ${timestampSql('g.first_at')} AS first_dead_at, ${timestampSql('g.last_at')} AS last_dead_at,
       latest.delivery_id AS sample_delivery_id, latest.event_id AS sample_event_id, latest.error_message AS sample_error_message,
       g.trend, g.key
     FROM page g
     CROSS JOIN LATERAL (
       SELECT d.delivery_id, d.event_id, d.error_message FROM dead_letters d
       WHERE ${chosen} AND d.dead_at = g.last_at AND d.subscription_id = g.subscription_id AND ${CAUSE_SQL} = g.cause
         AND d.status_code IS NOT DISTINCT FROM g.status_code AND d.error_name IS NOT DISTINCT FROM g.error_name
         AND ${ERROR_SQL} IS NOT DISTINCT FROM g.error
       ORDER BY d.delivery_id DESC LIMIT 1
     ) latest
     LEFT JOIN subscriptions s ON s.subscription_id = g.subscription_id
     ORDER BY g.last_at DESC, g.key DESC`,
    [
      wanted.nowMs,
      wanted.nowMs,
      ...values,
      ...(wanted.before === null ? [] : [wanted.before.date, wanted.before.key]),
      ...values,
    ],
  )
}

export interface DeadLetterCount {
  subscription_id: string
  count: number
  oldest_ms: number
  bytes_seqs: string[]
}

const SAMPLES_PER_SUBSCRIPTION = 20

/** How many open ones a selection comes to, by subscription; and some of their places in EVENTS. */
export function countDeadLetters(
  orm: Orm,
  wanted: {
    applicationId: string
    filter: DeadLetterFilter
    deliveryIds: readonly string[] | null
    throughLedgerSeq: number
  },
): Promise<DeadLetterCount[]> {
  const { sql, values } = deadLetterConditions(wanted.applicationId, wanted.filter)
  const ids = wanted.deliveryIds === null ? '' : 'AND d.delivery_id = ANY(?::uuid[])'
  return orm.em.getConnection().execute<DeadLetterCount[]>(
    `SELECT d.subscription_id, count(*)::int AS count, (extract(epoch FROM min(d.dead_at)) * 1000)::float8 AS oldest_ms,
       (array_agg(o.event_seq ORDER BY md5(d.delivery_id::text)))[1:${SAMPLES_PER_SUBSCRIPTION}] AS bytes_seqs
     FROM dead_letters d JOIN deliveries o ON o.delivery_id = d.delivery_id
     WHERE ${sql} AND d.resolution IS NULL AND d.ledger_seq <= ? ${ids}
     GROUP BY 1 ORDER BY 2 DESC`,
    [...values, wanted.throughLedgerSeq, ...(wanted.deliveryIds === null ? [] : [`{${wanted.deliveryIds.join(',')}}`])],
  )
}
