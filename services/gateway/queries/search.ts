import type { SearchHit } from '#shared/contract/search-schemas.ts'
import { CAUSE_SQL } from '#shared/readmodel/dead-letter-filter.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { timestampSql } from './timestamp.ts'

export interface IdRange {
  from: string
  to: string
}

/** Labels and texts have no index, which would cost every event: so many of the newest rows are looked at. */
const NEWEST_EVENTS = 50_000
const NEWEST_ATTEMPTS = 20_000
const NEWEST_LETTERS = 20_000

/** Events, attempts, deliveries and dead letters whose id lies in a range; each found by its primary key. */
export async function searchIds(orm: Orm, applicationId: string, { from, to }: IdRange, limit: number) {
  const among = (id: string) =>
    `x.${id} BETWEEN ?::uuid AND ?::uuid AND x.application_id = ? ORDER BY x.${id} LIMIT ${Math.floor(limit)}`
  const found = (sql: string) => orm.em.getConnection().execute<SearchHit[]>(sql, [from, to, applicationId])
  const hits = await Promise.all([
    found(
      `SELECT 'event' AS kind, x.event_id AS id, x.event_id, x.event_type AS title, x.event_id AS detail,
         ${timestampSql('x.received_at')} AS at FROM events x WHERE ${among('event_id')}`,
    ),
    found(
      `SELECT 'dead_letter' AS kind, x.delivery_id AS id, x.event_id, x.subscription_id, x.event_type AS title,
         coalesce(x.error_message, x.reason) AS detail, ${timestampSql('x.dead_at')} AS at
       FROM dead_letters x WHERE ${among('delivery_id')}`,
    ),
    found(
      `SELECT 'delivery' AS kind, x.delivery_id AS id, x.event_id, x.subscription_id, 'Delivery' AS title,
         replace(x.status, '-', '_') AS detail, ${timestampSql('x.created_at')} AS at
       FROM deliveries x WHERE ${among('delivery_id')}`,
    ),
    found(
      `SELECT 'attempt' AS kind, x.attempt_id AS id, x.event_id, x.subscription_id,
         x.event_type || ', attempt ' || x.attempt_number AS title, coalesce(x.error_message, x.outcome, 'open') AS detail,
         ${timestampSql('x.created_at')} AS at
       FROM attempts x WHERE ${among('attempt_id')}`,
    ),
  ])
  return hits.flat()
}

/** The newest events of types that begin so. */
export function searchEventsOfTypes(orm: Orm, applicationId: string, types: readonly string[], limit: number) {
  if (types.length === 0) return Promise.resolve([])
  return orm.em.getConnection().execute<SearchHit[]>(
    `SELECT 'event' AS kind, e.event_id AS id, e.event_id, e.event_type AS title, e.event_id AS detail,
       ${timestampSql('e.received_at')} AS at
     FROM unnest(ARRAY[${types.map(() => '?').join(', ')}]::text[]) AS t (name)
     CROSS JOIN LATERAL (
       SELECT event_id, event_type, received_at FROM events
       WHERE application_id = ? AND event_type = t.name ORDER BY received_at DESC LIMIT ${Math.floor(limit)}
     ) e ORDER BY e.received_at DESC LIMIT ${Math.floor(limit)}`,
    [...types, applicationId],
  )
}

/** Of the newest events those with a label. */
export function searchLabel(orm: Orm, applicationId: string, label: Record<string, string>, limit: number) {
  return orm.em.getConnection().execute<SearchHit[]>(
    `SELECT 'event' AS kind, e.event_id AS id, e.event_id, e.event_type AS title, e.labels::text AS detail,
       ${timestampSql('e.received_at')} AS at
     FROM (SELECT event_id, event_type, labels, received_at FROM events WHERE application_id = ?
           ORDER BY received_at DESC LIMIT ${NEWEST_EVENTS}) e
     WHERE e.labels @> ?::jsonb ORDER BY e.received_at DESC LIMIT ${Math.floor(limit)}`,
    [applicationId, JSON.stringify(label)],
  )
}

const newestAttempts = (outcome: string) =>
  `(SELECT * FROM attempts WHERE application_id = ? AND outcome = '${outcome}' ORDER BY created_at DESC LIMIT ${NEWEST_ATTEMPTS})`

/** Of the newest failures those whose error holds a text. */
export async function searchErrors(orm: Orm, applicationId: string, text: string, limit: number) {
  const values = [applicationId, text]
  const [letters, attempts] = await Promise.all([
    orm.em.getConnection().execute<SearchHit[]>(
      `SELECT 'dead_letter' AS kind, d.delivery_id AS id, d.event_id, d.subscription_id, d.event_type AS title,
         coalesce(d.error_message, ${CAUSE_SQL}) AS detail, ${timestampSql('d.dead_at')} AS at
       FROM (SELECT * FROM dead_letters WHERE application_id = ? ORDER BY dead_at DESC LIMIT ${NEWEST_LETTERS}) d
       WHERE position(? IN lower(d.error_message)) > 0 ORDER BY d.dead_at DESC LIMIT ${Math.floor(limit)}`,
      values,
    ),
    orm.em.getConnection().execute<SearchHit[]>(
      `SELECT 'attempt' AS kind, a.attempt_id AS id, a.event_id, a.subscription_id,
         a.event_type || ', attempt ' || a.attempt_number AS title, a.error_message AS detail,
         ${timestampSql('a.created_at')} AS at
       FROM (${newestAttempts('failed')} UNION ALL ${newestAttempts('timeout')}) a
       WHERE position(? IN lower(a.error_message)) > 0 ORDER BY a.created_at DESC LIMIT ${Math.floor(limit)}`,
      [applicationId, ...values],
    ),
  ])
  return [...letters, ...attempts]
}

/** From when the oldest event is that a search for labels looks at; null: all are looked at. */
export async function labelsLookedBackTo(orm: Orm, applicationId: string): Promise<string | null> {
  const [row] = await orm.em.getConnection().execute<{ at: string }[]>(
    `SELECT ${timestampSql('received_at')} AS at FROM events WHERE application_id = ?
     ORDER BY received_at DESC OFFSET ${NEWEST_EVENTS} LIMIT 1`,
    [applicationId],
  )
  return row?.at ?? null
}
