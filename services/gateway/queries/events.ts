import type { EVENT_STATUSES, EventAnswer } from '#shared/contract/schemas.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { timestampSql } from './timestamp.ts'

const COLUMNS = `e.event_id, e.seq, e.event_type AS event_type_name, e.payload_content_type, e.ip, e.metadata, e.labels,
  ${timestampSql('e.occurred_at')} AS occurred_at, ${timestampSql('e.received_at')} AS received_at,
  ${timestampSql('p.deliver_at')} AS deliver_at`
const FROM = 'FROM events e LEFT JOIN postponed_events p ON p.event_id = e.event_id'

/** An event as the API shows it, and where its payload stands in EVENTS. */
export interface PagedEvent extends Omit<EventAnswer, 'deliver_at'> {
  seq: string
  deliver_at: string | null
}

export type EventStatus = (typeof EVENT_STATUSES)[number]

export interface EventsFilter {
  applicationId: string
  eventTypes: string[]
  labels: Record<string, string> | null
  minReceivedAt: string | null
  maxReceivedAt: string | null
  status: EventStatus | null
  /** Only what comes after this one in the list. */
  before: { receivedAt: string; eventId: string } | null
  limit: number
}

const hasDelivery = (status: string) =>
  `EXISTS (SELECT 1 FROM attempts a JOIN deliveries d ON d.delivery_id = a.delivery_id
           WHERE a.event_id = e.event_id AND d.status = '${status}')`
/** What was given up or called off has a row of its own there: few among many events are found without a look at all. */
const hasDeadLetter = (condition: string) =>
  `e.event_id IN (SELECT l.event_id FROM dead_letters l WHERE l.application_id = e.application_id AND ${condition})`
/** An event has a status for each way in which one of its deliveries stands. */
const STATUS_SQL: Record<EventStatus, string> = {
  waiting: `p.status = 'waiting'`,
  withdrawn: `p.status = 'withdrawn'`,
  unmatched: `p.status IS DISTINCT FROM 'waiting' AND p.status IS DISTINCT FROM 'withdrawn'
    AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.event_id = e.event_id)`,
  pending: `e.event_id IN (SELECT d.event_id FROM deliveries d WHERE d.application_id = e.application_id AND d.status = 'pending')`,
  succeeded: hasDelivery('succeeded'),
  dead_lettered: hasDeadLetter(`l.reason <> 'cancelled'`),
  cancelled: hasDeadLetter(`l.reason = 'cancelled'`),
}

/** Events of an application, newest first, those of one moment by id. */
export function listEvents(orm: Orm, filter: EventsFilter): Promise<PagedEvent[]> {
  const conditions = ['e.application_id = ?']
  const values: unknown[] = [filter.applicationId]
  const where = (condition: string, ...more: unknown[]) => {
    conditions.push(condition)
    values.push(...more)
  }
  if (filter.eventTypes.length > 0)
    where(`e.event_type IN (${filter.eventTypes.map(() => '?').join(', ')})`, ...filter.eventTypes)
  if (filter.labels) where('e.labels @> ?::jsonb', JSON.stringify(filter.labels))
  if (filter.minReceivedAt) where('e.received_at >= ?::timestamptz', filter.minReceivedAt)
  if (filter.maxReceivedAt) where('e.received_at <= ?::timestamptz', filter.maxReceivedAt)
  if (filter.status) where(STATUS_SQL[filter.status])
  if (filter.before)
    where('(e.received_at, e.event_id) < (?::timestamptz, ?::uuid)', filter.before.receivedAt, filter.before.eventId)
  return orm.em.getConnection().execute<PagedEvent[]>(
    `SELECT ${COLUMNS} ${FROM} WHERE ${conditions.join(' AND ')}
       ORDER BY e.received_at DESC, e.event_id DESC LIMIT ${Math.floor(filter.limit)}`,
    values,
  )
}

export async function findEvent(orm: Orm, applicationId: string, eventId: string): Promise<PagedEvent | null> {
  const [row] = await orm.em
    .getConnection()
    .execute<PagedEvent[]>(`SELECT ${COLUMNS} ${FROM} WHERE e.event_id = ? AND e.application_id = ?`, [
      eventId,
      applicationId,
    ])
  return row ?? null
}

/** What became of an event that was to be delivered later, or null when it never was. */
export async function findPostponed(
  orm: Orm,
  applicationId: string,
  eventId: string,
): Promise<{ status: 'waiting' | 'released' | 'withdrawn' } | null> {
  const [row] = await orm.em
    .getConnection()
    .execute<{ status: 'waiting' | 'released' | 'withdrawn' }[]>(
      'SELECT status FROM postponed_events WHERE event_id = ? AND application_id = ?',
      [eventId, applicationId],
    )
  return row ?? null
}
