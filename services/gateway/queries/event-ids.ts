import type { Orm } from '#shared/runtime/postgres.ts'

/** Whether any application has an event of this id, and up to which EVENTS sequence that is known. */
export interface FoundEventId {
  isKnown: boolean
  checkpointSeq: number
}

/** One statement, so that both answers are of the same moment. */
export async function findEventId(orm: Orm, eventId: string): Promise<FoundEventId> {
  const [row] = await orm.em.getConnection().execute<{ is_known: boolean; seq: string | null }[]>(
    `SELECT EXISTS (SELECT 1 FROM events WHERE event_id = ?)
              OR EXISTS (SELECT 1 FROM expired_event_ids WHERE event_id = ?) AS is_known,
            (SELECT seq FROM projection_checkpoints WHERE name = 'events') AS seq`,
    [eventId, eventId],
  )
  return { isKnown: row?.is_known ?? false, checkpointSeq: Number(row?.seq ?? 0) }
}

/** Where the events of these ids stand in EVENTS; what isn't known is left out. */
export async function findEventSeqs(orm: Orm, eventIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await orm.em
    .getConnection()
    .execute<{ event_id: string; seq: string }[]>('SELECT event_id, seq FROM events WHERE event_id = ANY(?::uuid[])', [
      `{${eventIds.join(',')}}`,
    ])
  return new Map(rows.map(({ event_id, seq }) => [event_id, Number(seq)]))
}
