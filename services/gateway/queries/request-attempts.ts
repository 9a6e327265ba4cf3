import type { Orm } from '#shared/runtime/postgres.ts'
import { timestampSql } from './timestamp.ts'

export const PAGE_SIZE = 50

/** A request attempt as the read model has it; times as text of RFC 3339. */
export interface AttemptRecord {
  attempt_id: string
  delivery_id: string
  event_id: string
  event_type: string
  application_id: string
  subscription_id: string
  description: string | null
  attempt_number: number
  created_at: string
  delay_until: string | null
  picked_at: string | null
  succeeded_at: string | null
  failed_at: string | null
  outcome: string | null
  status_code: number | null
  error_message: string | null
  duration_ms: number | null
  response_id: string | null
  next_attempt_at: string | null
  replay_id: string | null
  redrive_of: string | null
}

export interface AttemptCursor {
  date: string
  id: string
}

export interface AttemptFilter {
  applicationId: string
  eventId: string | null
  subscriptionId: string | null
  eventTypes: string[]
  minCreatedAt: string | null
  maxCreatedAt: string | null
  cursor: AttemptCursor | null
  /** `open`: not ended yet. */
  outcome: 'open' | 'success' | 'failed' | 'timeout' | 'cancelled' | null
  limit: number
}

const TIMES = ['created_at', 'delay_until', 'picked_at', 'succeeded_at', 'failed_at', 'next_attempt_at']
const SELECT = `
  SELECT a.attempt_id, a.delivery_id, a.event_id, a.event_type, a.application_id, a.subscription_id, s.description, a.attempt_number,
    a.outcome, a.status_code, a.error_message, a.duration_ms, a.response_id, d.replay_id, d.redrive_of,
    ${TIMES.map((column) => `${timestampSql(`a.${column}`)} AS ${column}`).join(', ')}
  FROM attempts a LEFT JOIN subscriptions s ON s.subscription_id = a.subscription_id
  LEFT JOIN deliveries d ON d.delivery_id = a.delivery_id`

/** One page, newest first, attempts of one moment by id; every attempt is on exactly one page. */
export function listAttempts(orm: Orm, filter: AttemptFilter): Promise<AttemptRecord[]> {
  const conditions = ['a.application_id = ?']
  const values: unknown[] = [filter.applicationId]
  const where = (condition: string, ...more: unknown[]) => {
    conditions.push(condition)
    values.push(...more)
  }
  if (filter.eventId) where('a.event_id = ?', filter.eventId)
  if (filter.subscriptionId) where('a.subscription_id = ?', filter.subscriptionId)
  if (filter.eventTypes.length > 0)
    where(`a.event_type IN (${filter.eventTypes.map(() => '?').join(', ')})`, ...filter.eventTypes)
  if (filter.minCreatedAt) where('a.created_at >= ?::timestamptz', filter.minCreatedAt)
  if (filter.maxCreatedAt) where('a.created_at <= ?::timestamptz', filter.maxCreatedAt)
  if (filter.outcome === 'open') where('a.outcome IS NULL')
  else if (filter.outcome) where('a.outcome = ?', filter.outcome)
  if (filter.cursor) {
    const { date, id } = filter.cursor
    where(
      'a.created_at <= ?::timestamptz AND (a.created_at < ?::timestamptz OR a.attempt_id > ?::uuid)',
      date,
      date,
      id,
    )
  }
  const sql = `${SELECT} WHERE ${conditions.join(' AND ')} ORDER BY a.created_at DESC, a.attempt_id ASC LIMIT ${Math.floor(filter.limit)}`
  return orm.em.getConnection().execute<AttemptRecord[]>(sql, values)
}

export async function findAttempt(orm: Orm, attemptId: string): Promise<AttemptRecord | null> {
  const [row] = await orm.em.getConnection().execute<AttemptRecord[]>(`${SELECT} WHERE a.attempt_id = ?`, [attemptId])
  return row ?? null
}

const ATTEMPTS_OF_EVENT_MAX = 10_000

/** All attempts of an event, the oldest first; of some of its deliveries, or of all. */
export function listAttemptsOfEvent(
  orm: Orm,
  eventId: string,
  deliveryIds: readonly string[] | null = null,
): Promise<AttemptRecord[]> {
  const among = deliveryIds === null ? '' : 'AND a.delivery_id = ANY(?::uuid[])'
  return orm.em
    .getConnection()
    .execute<AttemptRecord[]>(
      `${SELECT} WHERE a.event_id = ? ${among} ORDER BY a.created_at, a.attempt_number, a.attempt_id LIMIT ${ATTEMPTS_OF_EVENT_MAX}`,
      deliveryIds === null ? [eventId] : [eventId, `{${deliveryIds.join(',')}}`],
    )
}
