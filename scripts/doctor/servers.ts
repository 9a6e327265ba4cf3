import pg from 'pg'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectNats, isVersionAtLeast, NATS_SERVER_VERSION_MIN } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import { judgeClock } from './clock.ts'
import { bad, type Finding, ok, warn } from './finding.ts'

const CONNECT_TIMEOUT_MS = 5_000
const FULL_SHARE = 0.8
const POSTGRES_VERSION_MIN = 130_000

/** The server, its version, and whether the streams have room. */
export async function examineNats(url: string): Promise<Finding[]> {
  try {
    const nats = await connectNats(url, 'doctor', createLogger('silent'))
    try {
      const version = nats.connection.info?.version ?? '?'
      const account = await nats.jsm.getAccountInfo()
      const streams = await nats.jsm.streams.names().next()
      const missing = Object.values(STREAM_NAMES).filter((name) => !streams.includes(name))
      return [
        isVersionAtLeast(version, NATS_SERVER_VERSION_MIN)
          ? ok('nats', `nats-server ${version} at ${placeOf(url)}.`)
          : bad('nats', `nats-server ${version}.`, `Update it to ${NATS_SERVER_VERSION_MIN} or later.`),
        ...(missing.length > 0
          ? [warn('streams', `${missing.join(', ')} are not there.`, 'Start jethook once: it makes them.')]
          : []),
        judgeStore(account.storage, account.limits.max_storage),
      ]
    } finally {
      await nats.connection.close()
    }
  } catch (error) {
    return [
      bad(
        'nats',
        (error as Error).message,
        'Start it, or mend NATS_URL. What is not accepted meanwhile is refused, not lost.',
      ),
    ]
  }
}

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
function placeOf(url: string): string {
  return url
    .split(',')
    .map((each) => URL.parse(each)?.host ?? 'an address that is no URL')
    .join(', ')
}
