import pg from 'pg'
import { REBUILD_LOCK, REBUILD_SCHEMA } from '#shared/readmodel/rebuild-names.ts'

/** Where the new rows are made, and where those stay that were replaced. */
export const SHADOW = REBUILD_SCHEMA
export const BEFORE = 'jethook_before'

const CONNECT_TIMEOUT_MS = 5_000

/** It can't be done now, or not so; nothing has changed. The message says what to do. */
export class RebuildRefusedError extends Error {
  override name = 'RebuildRefusedError'
}

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** A connection whose unqualified names mean `schema`; left out: as the address says. */
export async function openClient(databaseUrl: string, schema?: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  // What is under way fails by itself.
  client.on('error', () => {})
  await client.connect()
  if (schema !== undefined) await client.query(`SET search_path = ${quoted(schema)}`)
  return client
}

export async function liveSchemaOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ schema: string }>('SELECT current_schema() AS schema')
  return rows[0]!.schema
}

/** @throws {RebuildRefusedError} when another one is under way. The lock goes with the connection. */
export async function lockRebuilds(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ is_mine: boolean }>('SELECT pg_try_advisory_lock($1) AS is_mine', [
    REBUILD_LOCK,
  ])
  if (!rows[0]!.is_mine)
    throw new RebuildRefusedError(
      'Another rebuild or rollback is under way in this database: wait until it is done (jethook projections status), or stop it.',
    )
}

export async function isRebuildUnderWay(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ is_held: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND classid = 0 AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS is_held`,
    [REBUILD_LOCK],
  )
  return rows[0]!.is_held
}

export async function hasTable(client: pg.Client, schema: string, table: string): Promise<boolean> {
  const { rows } = await client.query<{ is_there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS is_there', [
    `${quoted(schema)}.${quoted(table)}`,
  ])
  return rows[0]!.is_there
}

/** Names, types and order of a table's columns; empty: there is no such table. */
export async function columnsOf(client: pg.Client, schema: string, table: string): Promise<string> {
  const { rows } = await client.query<{ columns: string | null }>(
    `SELECT string_agg(format('%s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull), ', ' ORDER BY a.attnum) AS columns
     FROM pg_attribute a WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`,
    [`${quoted(schema)}.${quoted(table)}`],
  )
  return rows[0]?.columns ?? ''
}
