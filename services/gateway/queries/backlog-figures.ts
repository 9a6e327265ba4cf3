import type { Orm } from '#shared/runtime/postgres.ts'

/** What is open, of all applications together. */
export interface OpenWork {
  deliveries: number
  /** When the oldest one came into being; null: there is none. */
  oldestDeliveryMs: number | null
  deadLetters: number
}

export async function countOpenWork(orm: Orm): Promise<OpenWork> {
  const [row] = await orm.em
    .getConnection()
    .execute<{ deliveries: string; oldest_ms: number | null; dead_letters: string }[]>(
      `SELECT count(*) AS deliveries, extract(epoch FROM min(created_at))::float8 * 1000 AS oldest_ms,
         (SELECT count(*) FROM dead_letters WHERE resolution IS NULL) AS dead_letters
       FROM deliveries WHERE status = 'pending'`,
    )
  return {
    deliveries: Number(row?.deliveries ?? 0),
    oldestDeliveryMs: row?.oldest_ms == null ? null : Number(row.oldest_ms),
    deadLetters: Number(row?.dead_letters ?? 0),
  }
}
