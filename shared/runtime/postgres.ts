import { Migrator } from '@mikro-orm/migrations'
import { MikroORM } from '@mikro-orm/postgresql'
import pg from 'pg'
import { ENTITIES, MIGRATIONS } from '../readmodel/schema.ts'

export type Orm = MikroORM

/** A database that can't be used; the message says why, without the password. */
export class PostgresUnusableError extends Error {
  override name = 'PostgresUnusableError'
}

const CONNECT_TIMEOUT_MS = 5_000
const QUERY_TIMEOUT_MS = 10_000
const POOL_MAX = 10
/** Whoever migrates holds this advisory lock: two processes that start at once migrate one after the other. */
const MIGRATION_LOCK = 0x6a_65_74_01

/** @throws {PostgresUnusableError} when the server can't be reached now or refuses the credentials. */
export async function connectPostgres(databaseUrl: string): Promise<Orm> {
  try {
    await withClient(databaseUrl, (client) => client.query('SELECT 1'))
  } catch (error) {
    throw new PostgresUnusableError(
      `Postgres at ${placeOf(databaseUrl)} can't be used: ${(error as Error).message || 'no answer'}`,
    )
  }
  return new MikroORM({
    entities: ENTITIES,
    clientUrl: databaseUrl,
    pool: { min: 0, max: POOL_MAX },
    driverOptions: { connectionTimeoutMillis: CONNECT_TIMEOUT_MS, statement_timeout: QUERY_TIMEOUT_MS },
    extensions: [Migrator],
    migrations: { migrationsList: MIGRATIONS, transactional: true, snapshot: false, tableName: 'migrations' },
    allowGlobalContext: true,
    discovery: { warnWhenNoEntities: true },
    debug: false,
    logger: () => {},
  })
}

/** Brings the schema to the newest version; doing it again changes nothing. */
export async function migrate(orm: Orm): Promise<void> {
  const databaseUrl = orm.config.get('clientUrl')
  if (!databaseUrl) throw new TypeError('migrate needs an ORM that was made by connectPostgres')
  await withClient(databaseUrl, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
    await orm.migrator.up()
  })
}

/** Runs `use` on a connection of its own. */
async function withClient<T>(databaseUrl: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  client.on('error', () => {})
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.end().catch(() => {})
  }
}

function placeOf(databaseUrl: string): string {
  try {
    const { host, pathname } = new URL(databaseUrl)
    return `${host}${pathname}`
  } catch {
    return 'DATABASE_URL (which is no URL)'
  }
}
