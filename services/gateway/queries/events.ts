import type { EventAnswer } from '#shared/contract/schemas.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { timestampSql } from './timestamp.ts'

const NEWEST_MAX = 100

const COLUMNS = `event_id, event_type AS event_type_name, payload_content_type, ip, metadata, labels,
  ${timestampSql('occurred_at')} AS occurred_at, ${timestampSql('received_at')} AS received_at`

/** An event as the API shows it, and where its payload stands in EVENTS. */
export interface FoundEvent extends EventAnswer {
  seq: string
}

/** The newest 100 events of an application, newest first. */
export function listEvents(orm: Orm, applicationId: string): Promise<EventAnswer[]> {
  return orm.em
    .getConnection()
    .execute<EventAnswer[]>(
      `SELECT ${COLUMNS} FROM events WHERE application_id = ? ORDER BY received_at DESC, event_id DESC LIMIT ${NEWEST_MAX}`,
      [applicationId],
    )
}

export async function findEvent(orm: Orm, applicationId: string, eventId: string): Promise<FoundEvent | null> {
  const [row] = await orm.em
    .getConnection()
    .execute<FoundEvent[]>(`SELECT ${COLUMNS}, seq FROM events WHERE event_id = ? AND application_id = ?`, [
      eventId,
      applicationId,
    ])
  return row ?? null
}
