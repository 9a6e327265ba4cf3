import type { ClientBase } from 'pg'

/** Whether so many events have rows, all of them are matched, and nothing of them is open, as far as the read model knows. */
export async function isAtRest(client: ClientBase, accepted: number): Promise<boolean> {
  const { rows } = await client.query<{ events: string; is_done: boolean }>(
    `SELECT (SELECT count(*) FROM events) AS events,
       (SELECT matched_event_seq FROM projection_checkpoints WHERE name = 'ledger') >= (SELECT max(seq) FROM events)
         AND NOT EXISTS (SELECT FROM deliveries WHERE status = 'pending')
         AND NOT EXISTS (SELECT FROM postponed_events WHERE status = 'waiting') AS is_done`,
  )
  return Number(rows[0]!.events) >= accepted && rows[0]!.is_done
}
