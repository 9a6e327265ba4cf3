import pg from 'pg'
import { judgeClock } from './clock.ts'
import { bad, type Finding, ok, warn } from './finding.ts'

const CONNECT_TIMEOUT_MS = 5_000
const FULL_SHARE = 0.8
const POSTGRES_VERSION_MIN = 130_000

/** @param maxBytes Not above 0: no bound. */
export function judgeStore(usedBytes: number, maxBytes: number): Finding {
  const mib = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`
  if (maxBytes <= 0) return ok('store', `${mib(usedBytes)} in JetStream.`)
  const says = `${mib(usedBytes)} of ${mib(maxBytes)} in JetStream.`
  return usedBytes > maxBytes * FULL_SHARE
    ? warn(
        'store',
        says,
        'Give the account more storage, or let streams keep less (EVENTS_MAX_AGE_DAYS): nothing is accepted when it is full.',
      )
    : ok('store', says)
}

/** The database, its version and its clock. */
export async function examinePostgres(url: string): Promise<Finding[]> {
  if (url === '') return [bad('postgres', 'DATABASE_URL is not given.', 'Give it, as the running jethook has it.')]
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ version: string; number: number; now_ms: string }>(
      "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number, extract(epoch FROM clock_timestamp()) * 1000 AS now_ms",
    )
    const { version, number, now_ms } = rows[0]!
    return [
      number >= POSTGRES_VERSION_MIN
        ? ok('postgres', `Postgres ${version} at ${placeOf(url)}.`)
        : bad('postgres', `Postgres ${version}.`, 'Use Postgres 13 or later.'),
      judgeClock("Postgres's", Number(now_ms) - Date.now()),
    ]
  } catch (error) {
    const remedy = 'Start it, or mend DATABASE_URL. Events are accepted and delivered meanwhile; reading waits.'
    return [bad('postgres', `Postgres at ${placeOf(url)} can't be used: ${(error as Error).message}`, remedy)]
  } finally {
    await client.end().catch(() => {})
  }
}

/** Without the password. */
export function placeOf(url: string): string {
  return url
    .split(',')
    .map((each) => URL.parse(each)?.host ?? 'an address that is no URL')
    .join(', ')
}
