import type { Orm } from '#shared/runtime/postgres.ts'

/** Events of today (UTC) by application; one that has none is absent. */
export async function countEventsToday(orm: Orm, applicationIds: readonly string[]): Promise<Map<string, number>> {
  if (applicationIds.length === 0) return new Map()
  const rows = await orm.em.getConnection().execute<{ application_id: string; amount: string }[]>(
    `SELECT application_id, amount FROM event_counts
     WHERE application_id IN (${applicationIds.map(() => '?').join(', ')}) AND day = (now() AT TIME ZONE 'UTC')::date`,
    [...applicationIds],
  )
  return new Map(rows.map((row) => [row.application_id, Number(row.amount)]))
}

export interface EventCount {
  application_id: string
  /** `YYYY-MM-DD`, UTC. */
  date: string
  amount: number
}

/** Events by application and day, both days included; days without events are absent. */
export async function listEventCounts(
  orm: Orm,
  applicationIds: readonly string[],
  { from, to }: { from: string; to: string },
): Promise<EventCount[]> {
  if (applicationIds.length === 0) return []
  const rows = await orm.em.getConnection().execute<{ application_id: string; date: string; amount: string }[]>(
    `SELECT application_id, to_char(day, 'YYYY-MM-DD') AS date, amount FROM event_counts
     WHERE application_id IN (${applicationIds.map(() => '?').join(', ')}) AND day BETWEEN ?::date AND ?::date
     ORDER BY day`,
    [...applicationIds, from, to],
  )
  return rows.map((row) => ({ ...row, amount: Number(row.amount) }))
}

/** Whether each of these applications has ever posted an event. */
export async function applicationsWithEvents(orm: Orm, applicationIds: readonly string[]): Promise<Set<string>> {
  if (applicationIds.length === 0) return new Set()
  const rows = await orm.em
    .getConnection()
    .execute<{ application_id: string }[]>(
      `SELECT DISTINCT application_id FROM event_counts WHERE application_id IN (${applicationIds.map(() => '?').join(', ')})`,
      [...applicationIds],
    )
  return new Set(rows.map((row) => row.application_id))
}
