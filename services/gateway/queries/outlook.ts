import { CAUSE_SQL } from '#shared/readmodel/dead-letter-filter.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { timestampSql } from './timestamp.ts'

const TIME = 'to_timestamp(?::float8 / 1000)'

export interface OldestWaiting {
  event_id: string
  delivery_id: string
  subscription_id: string
  due_at: string | null
  accepted_at: string
}

/** The delivery that has not ended for the longest time, of some subscriptions. */
export async function findOldestWaiting(orm: Orm, subscriptionIds: readonly string[]): Promise<OldestWaiting | null> {
  const [row] = await orm.em.getConnection().execute<OldestWaiting[]>(
    `SELECT d.event_id, d.delivery_id, d.subscription_id, ${timestampSql('d.created_at')} AS accepted_at,
       (SELECT ${timestampSql('coalesce(a.delay_until, a.created_at)')} FROM attempts a
        WHERE a.delivery_id = d.delivery_id AND a.outcome IS NULL LIMIT 1) AS due_at
     FROM unnest(?::uuid[]) AS s (id)
     CROSS JOIN LATERAL (
       SELECT event_id, delivery_id, subscription_id, created_at FROM deliveries
       WHERE subscription_id = s.id AND status = 'pending' ORDER BY created_at LIMIT 1
     ) d
     ORDER BY d.created_at LIMIT 1`,
    [`{${subscriptionIds.join(',')}}`],
  )
  return row ?? null
}

/** How many retries come due, by step from `fromMs` on; a step without any is absent. */
export async function listRetriesDue(
  orm: Orm,
  applicationId: string,
  { fromMs, toMs, stepMs }: { fromMs: number; toMs: number; stepMs: number },
): Promise<{ step: number; retries: number }[]> {
  return orm.em.getConnection().execute<{ step: number; retries: number }[]>(
    `SELECT floor(extract(epoch FROM delay_until - ${TIME}) * 1000 / ?::float8)::int AS step, count(*)::float8 AS retries
     FROM attempts
     WHERE application_id = ? AND outcome IS NULL AND delay_until IS NOT NULL AND delay_until >= ${TIME} AND delay_until < ${TIME}
     GROUP BY 1`,
    [fromMs, stepMs, applicationId, fromMs, toMs],
  )
}

/** Of more open dead letters than this, the oldest are counted. */
const LETTERS_MAX = 200_000

export async function countOpenByCause(orm: Orm, applicationId: string): Promise<{ cause: string; count: number }[]> {
  return orm.em.getConnection().execute<{ cause: string; count: number }[]>(
    `SELECT ${CAUSE_SQL} AS cause, count(*)::float8 AS count FROM (
       SELECT error_name, reason FROM dead_letters
       WHERE application_id = ? AND resolution IS NULL ORDER BY ledger_seq LIMIT ${LETTERS_MAX}
     ) d GROUP BY 1 ORDER BY 2 DESC, 1`,
    [applicationId],
  )
}
