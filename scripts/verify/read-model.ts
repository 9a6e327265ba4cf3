import pg from 'pg'
import type { VerifyReport } from './verify-ledger.ts'

/**
 * Where the read model's figures differ from what the verifier has counted; empty: nowhere. The verifier has its own way of
 * counting, which `compareRows`, with the projections' code, has not.
 */
export async function compareReadModel(databaseUrl: string, report: VerifyReport): Promise<string[]> {
  // The rows tell of more than the streams still do.
  if (report.firstSeqs.events > 1 || report.firstSeqs.ledger > 1) return []
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
    const found = Object.entries(wanted).flatMap(([name, count]) =>
      Number(rows[0]![name] ?? 0) === count ? [] : [`${name}: ${rows[0]![name]} in Postgres, ${count} in the streams`],
    )
    return [...found, ...(await compareTenants(client, report))]
  } finally {
    await client.end()
  }
}

/** I17 of the rows: what each application's deliveries have come to. */
async function compareTenants(client: pg.Client, { tenants }: VerifyReport): Promise<string[]> {
  const { rows } = await client.query<{ application_id: string; status: string; count: string }>(
    'SELECT application_id, status, count(*) FROM deliveries GROUP BY 1, 2',
  )
  const inPostgres = new Map(rows.map(({ application_id, status, count }) => [`${application_id} ${status}`, count]))
  return [...tenants].flatMap(([applicationId, { succeeded, deadLettered, cancelled, open }]) =>
    Object.entries({ succeeded, 'dead-lettered': deadLettered, cancelled, pending: open }).flatMap(
      ([status, count]) => {
        const found = Number(inPostgres.get(`${applicationId} ${status}`) ?? 0)
        return found === count
          ? []
          : [`application ${applicationId}: ${found} ${status} in Postgres, ${count} in LEDGER`]
      },
    ),
  )
}
