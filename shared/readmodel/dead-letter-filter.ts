import type { DeadLetterFilter } from '../facts/job.ts'

/** SQL for why a delivery was given up, as the API names it. */
export const CAUSE_SQL = `CASE WHEN d.error_name = 'E_INVALID_TARGET' THEN 'refused_address' ELSE replace(d.reason, '-', '_') END`

const ERROR_SHOWN_CHARACTERS = 200

/** SQL for what went wrong, without what differs from one delivery to the next: numbers and ids. */
export const ERROR_SQL = `regexp_replace(left(d.error_message, ${ERROR_SHOWN_CHARACTERS}),
  '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9]+', '#', 'g')`

/** A condition with `?` for each of its values. */
export interface SqlCondition {
  sql: string
  values: unknown[]
}

/** What `dead_letters d` must satisfy to be chosen by a filter. */
export function deadLetterConditions(applicationId: string, filter: DeadLetterFilter): SqlCondition {
  const conditions = ['d.application_id = ?']
  const values: unknown[] = [applicationId]
  const where = (condition: string, ...more: unknown[]) => {
    conditions.push(condition)
    values.push(...more)
  }
  const among = (expression: string, list: readonly unknown[] | undefined) => {
    if (list !== undefined && list.length > 0) where(`${expression} IN (${list.map(() => '?').join(', ')})`, ...list)
  }
  among('d.subscription_id', filter.subscriptionIds)
  among('d.event_type', filter.eventTypes)
  among(CAUSE_SQL, filter.causes)
  among('d.status_code', filter.statusCodes)
  if (filter.eventId !== undefined) where('d.event_id = ?', filter.eventId)
  if (filter.error !== undefined) where(`${ERROR_SQL} = ?`, filter.error)
  if (filter.minDeadAt !== undefined) where('d.dead_at >= ?::timestamptz', filter.minDeadAt)
  if (filter.maxDeadAt !== undefined) where('d.dead_at <= ?::timestamptz', filter.maxDeadAt)
  if (filter.labels !== undefined)
    where(
      'EXISTS (SELECT 1 FROM events e WHERE e.event_id = d.event_id AND e.labels @> ?::jsonb)',
      JSON.stringify(filter.labels),
    )
  return { sql: conditions.join(' AND '), values }
}
