import type pg from 'pg'
import type { Nats } from '#shared/runtime/nats.ts'
import { readStreamState } from '#shared/runtime/streams.ts'
import { readCheckpoints } from './checkpoints.ts'
import type { Part } from './parts.ts'
import { columnsOf, hasTable, quoted, SHADOW } from './schemas.ts'

/** What folding itself looks rows up by; all other indexes are made when the rows are there. */
const NEEDED_INDEXES = new Set(['deliveries_open', 'attempts_open', 'attempts_of_event'])

/**
 * Sees to the tables of a part in the shadow schema: those of a rebuild that was broken off are gone on with if they are of the
 * same shape, version and stream.
 * @returns whether they are gone on with.
 */
export async function prepareShadow(
  { client, nats, live, isFresh }: { client: pg.Client; nats: Nats; live: string; isFresh: boolean },
  part: Part,
): Promise<boolean> {
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${SHADOW}`)
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${SHADOW}.projection_checkpoints (LIKE ${quoted(live)}.projection_checkpoints INCLUDING ALL)`,
  )
  if (!isFresh && (await canGoOn({ client, nats, live }, part))) return true
  await client.query('BEGIN')
  for (const table of part.tables) await createTable(client, live, table)
  for (const { name, version, stream } of part.projections) {
    const { createdAt } = await readStreamState(nats, stream)
    await client.query(`DELETE FROM ${SHADOW}.projection_checkpoints WHERE name = $1`, [name])
    await client.query(
      `INSERT INTO ${SHADOW}.projection_checkpoints (name, version, stream, stream_created_at, seq, matched_event_seq)
       VALUES ($1, $2, $3, $4, 0, 0)`,
      [name, version, stream, createdAt],
    )
  }
  await client.query('COMMIT')
  return false
}

async function canGoOn(
  { client, nats, live }: { client: pg.Client; nats: Nats; live: string },
  { tables, projections }: Part,
): Promise<boolean> {
  for (const table of tables)
    if ((await columnsOf(client, SHADOW, table)) !== (await columnsOf(client, live, table))) return false
  const checkpoints = await readCheckpoints(client, SHADOW)
  for (const { name, version, stream } of projections) {
    const found = checkpoints.get(name)
    const { createdAt, firstSeq, lastSeq } = await readStreamState(nats, stream)
    if (found?.version !== version || found.streamCreatedAt !== createdAt || found.seq > lastSeq) return false
    // What has aged out since it was broken off would be missing in the middle.
    if (found.seq > 0 && firstSeq > found.seq + 1) return false
  }
  return true
}

async function createTable(client: pg.Client, live: string, table: string): Promise<void> {
  const name = `${SHADOW}.${quoted(table)}`
  await client.query(`DROP TABLE IF EXISTS ${name}`)
  await client.query(`CREATE TABLE ${name} (LIKE ${quoted(live)}.${quoted(table)} INCLUDING ALL EXCLUDING INDEXES)`)
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
     WHERE conrelid = to_regclass($1) AND contype IN ('p', 'u')`,
    [`${quoted(live)}.${quoted(table)}`],
  )
  for (const constraint of rows)
    await client.query(`ALTER TABLE ${name} ADD CONSTRAINT ${quoted(constraint.name)} ${constraint.definition}`)
  await createIndexes(client, live, table, (index) => NEEDED_INDEXES.has(index))
}

/** Makes the indexes that the live tables have and those of the shadow don't, and lets the planner know the tables. */
export async function finishIndexes(client: pg.Client, live: string, part: Part): Promise<void> {
  for (const table of part.tables) {
    await createIndexes(client, live, table, () => true)
    await client.query(`ANALYZE ${SHADOW}.${quoted(table)}`)
  }
}

async function createIndexes(
  client: pg.Client,
  live: string,
  table: string,
  isWanted: (index: string) => boolean,
): Promise<void> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    'SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE schemaname = $1 AND tablename = $2',
    [live, table],
  )
  for (const { name, definition } of rows) {
    if (!isWanted(name) || (await hasTable(client, SHADOW, name))) continue
    // The definition always names the table with its schema, quoted where that is needed.
    await client.query(definition.replace(/ ON \S+ USING /, ` ON ${SHADOW}.${quoted(table)} USING `))
  }
}
