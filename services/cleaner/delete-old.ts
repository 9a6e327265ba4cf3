import type { Orm } from '#shared/runtime/postgres.ts'

const TIME = 'to_timestamp(?::float8 / 1000)'

/**
 * Deletes some of the oldest deliveries that have ended, with all that belongs to them. One that is open, or a dead letter
 * that may still be redriven, stays, however old it is.
 * @returns how many.
 */
export async function deleteOldDeliveries(
  orm: Orm,
  applicationId: string,
  { endedBeforeMs, deadBeforeMs, limit }: { endedBeforeMs: number; deadBeforeMs: number; limit: number },
): Promise<number> {
  const oldestFirstMs = Math.max(endedBeforeMs, deadBeforeMs)
  const rows = await orm.em.getConnection().execute<{ count: number }[]>(
    `WITH old AS (
       SELECT d.delivery_id, a.event_id
       FROM attempts a
       JOIN deliveries d ON d.delivery_id = a.delivery_id
       LEFT JOIN dead_letters l ON l.delivery_id = d.delivery_id AND l.resolution IS NULL
       WHERE a.application_id = ? AND a.attempt_number = 1 AND a.created_at < ${TIME} AND d.status <> 'pending'
         AND CASE WHEN l.delivery_id IS NULL THEN d.finished_at < ${TIME} ELSE l.dead_at < ${TIME} END
       ORDER BY a.created_at LIMIT ${Math.floor(limit)}
     ), their_attempts AS (
       DELETE FROM attempts a USING old o WHERE a.event_id = o.event_id AND a.delivery_id = o.delivery_id
       RETURNING a.response_id
     ), their_responses AS (
       DELETE FROM responses r USING their_attempts a WHERE r.response_id = a.response_id
     ), their_letters AS (
       DELETE FROM dead_letters l USING old o WHERE l.delivery_id = o.delivery_id
     ), gone AS (
       DELETE FROM deliveries d USING old o WHERE d.delivery_id = o.delivery_id RETURNING 1
     )
     SELECT count(*)::int AS count FROM gone`,
    [applicationId, oldestFirstMs, endedBeforeMs, deadBeforeMs],
  )
  return rows[0]!.count
}

/**
 * Deletes some of the oldest events that nothing is left to be done with: none of their deliveries is open or a dead letter
 * that may be redriven, and they don't wait for their time. Their ids stay taken.
 * @returns how many.
 */
export async function deleteOldEvents(
  orm: Orm,
  applicationId: string,
  { receivedBeforeMs, limit }: { receivedBeforeMs: number; limit: number },
): Promise<number> {
  const rows = await orm.em.getConnection().execute<{ count: number }[]>(
    `WITH old AS (
       SELECT e.event_id FROM events e
       WHERE e.application_id = ? AND e.received_at < ${TIME}
         AND NOT EXISTS (SELECT 1 FROM postponed_events p WHERE p.event_id = e.event_id AND p.status = 'waiting')
         AND NOT EXISTS (
           SELECT 1 FROM attempts a
           JOIN deliveries d ON d.delivery_id = a.delivery_id
           LEFT JOIN dead_letters l ON l.delivery_id = d.delivery_id AND l.resolution IS NULL
           WHERE a.event_id = e.event_id AND (d.status = 'pending' OR l.delivery_id IS NOT NULL))
       ORDER BY e.received_at LIMIT ${Math.floor(limit)}
     ), their_postponements AS (
       DELETE FROM postponed_events p USING old o WHERE p.event_id = o.event_id
     ), gone AS (
       DELETE FROM events e USING old o WHERE e.event_id = o.event_id RETURNING e.event_id, e.received_at
     ), their_ids AS (
       INSERT INTO expired_event_ids (event_id, received_at) SELECT event_id, received_at FROM gone
       ON CONFLICT (event_id) DO NOTHING
     )
     SELECT count(*)::int AS count FROM gone`,
    [applicationId, receivedBeforeMs],
  )
  return rows[0]!.count
}

/**
 * Deletes some of the oldest rejections.
 * @param applicationId Null: of whatever was named as an application.  @returns how many.
 */
export async function deleteOldRejections(
  orm: Orm,
  applicationId: string | null,
  { rejectedBeforeMs, limit }: { rejectedBeforeMs: number; limit: number },
): Promise<number> {
  const ofApplication = applicationId === null ? '' : 'application_id = ? AND '
  const rows = await orm.em.getConnection().execute<{ count: number }[]>(
    `WITH gone AS (
       DELETE FROM rejections WHERE rejection_id IN (
         SELECT rejection_id FROM rejections WHERE ${ofApplication}rejected_at < ${TIME}
         ORDER BY rejected_at LIMIT ${Math.floor(limit)})
       RETURNING 1
     )
     SELECT count(*)::int AS count FROM gone`,
    applicationId === null ? [rejectedBeforeMs] : [applicationId, rejectedBeforeMs],
  )
  return rows[0]!.count
}

/** Deletes figures of before; few rows, which nobody changes any more. @returns how many. */
export async function deleteOldFigures(orm: Orm, beforeMs: number): Promise<number> {
  let deleted = 0
  for (const table of ['event_figures', 'attempt_figures', 'subscription_figures']) {
    const [row] = await orm.em
      .getConnection()
      .execute<{ count: number }[]>(
        `WITH gone AS (DELETE FROM ${table} WHERE at < ${TIME} RETURNING 1) SELECT count(*)::int AS count FROM gone`,
        [beforeMs],
      )
    deleted += row!.count
  }
  return deleted
}

/**
 * Frees some ids of events of which nothing is left, neither in a stream nor in a table: a new event of the same id would
 * make the same deliveries.
 * @returns how many.
 */
export async function freeOldEventIds(
  orm: Orm,
  { receivedBeforeMs, limit }: { receivedBeforeMs: number; limit: number },
): Promise<number> {
  const rows = await orm.em.getConnection().execute<{ count: number }[]>(
    `WITH gone AS (
       DELETE FROM expired_event_ids WHERE event_id IN (
         SELECT i.event_id FROM expired_event_ids i
         WHERE i.received_at < ${TIME} AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.event_id = i.event_id)
         ORDER BY i.received_at LIMIT ${Math.floor(limit)})
       RETURNING 1
     )
     SELECT count(*)::int AS count FROM gone`,
    [receivedBeforeMs],
  )
  return rows[0]!.count
}
