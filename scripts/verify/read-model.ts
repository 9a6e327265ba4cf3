import pg from 'pg'
import type { VerifyReport } from './verify-ledger.ts'

/** Where the read model differs from what the streams come to; empty: nowhere. */
export async function compareReadModel(databaseUrl: string, report: VerifyReport): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, string>>(`
      SELECT (SELECT count(*) FROM events) AS events,
        (SELECT sum(amount) FROM event_counts) AS counted,
        (SELECT count(*) FROM deliveries) AS deliveries,
        (SELECT count(*) FROM deliveries WHERE status = 'succeeded') AS succeeded,
        (SELECT count(*) FROM deliveries WHERE status = 'dead-lettered') AS dead_lettered,
        (SELECT count(*) FROM dead_letters) AS dead_letters,
        (SELECT count(*) FROM deliveries WHERE status = 'cancelled') AS cancelled,
        (SELECT count(*) FROM deliveries WHERE status = 'pending') AS open,
        (SELECT count(*) FROM attempts WHERE response_id IS NOT NULL) AS attempts`)
    const wanted: Record<string, number> = {
      events: report.events,
      counted: report.events,
      deliveries: report.deliveries,
      succeeded: report.succeeded,
      dead_lettered: report.deadLettered,
      dead_letters: report.deadLettered + report.cancelled,
      cancelled: report.cancelled,
      open: report.open,
      attempts: report.attempts,
    }
    return Object.entries(wanted).flatMap(([name, count]) =>
      Number(rows[0]![name] ?? 0) === count ? [] : [`${name}: ${rows[0]![name]} in Postgres, ${count} in the streams`],
    )
  } finally {
    await client.end()
  }
}
