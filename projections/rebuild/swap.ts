import type pg from 'pg'
import type { Nats } from '#shared/runtime/nats.ts'
import { type Checkpoint, readCheckpoints, targetOf } from './checkpoints.ts'
import { foldThrough } from './fold-through.ts'
import type { Part } from './parts.ts'
import { BEFORE, quoted, RebuildRefusedError, SHADOW } from './schemas.ts'

/** Below Postgres' own deadlock_timeout (1 s): whoever has to give way is always the swap, never a reader or the runner. */
const LOCK_TIMEOUT_MS = 400
/** lock_not_available, deadlock_detected */
const LOCK_CODES = new Set(['55P03', '40P01'])

export interface SwapOptions {
  /** Its unqualified names mean the shadow's tables. */
  client: pg.Client
  nats: Nats
  live: string
  parts: readonly Part[]
  signal: AbortSignal
}

/**
 * One transaction: lets nobody write the tables (they can still be read), folds what has come since, puts the new tables in the
 * place of the live ones, which are kept, and moves the checkpoints. A runner that waited meanwhile finds another generation
 * and goes on from its checkpoint.
 * @returns false when somebody else's locks were in the way: nothing has changed.
 */
export function swapIn(options: SwapOptions): Promise<boolean> {
  const { client, nats, live, parts, signal } = options
  return unlessLocked(client, async () => {
    await holdWriters(client, live, parts)
    const checkpoints = await readCheckpoints(client, live)
    for (const projection of parts.flatMap(({ projections }) => projections)) {
      const { seq } = await targetOf(nats, projection, checkpoints.get(projection.name))
      await foldThrough({ client, nats, projection, isCommitting: false, signal }, seq)
    }
    await holdReaders(client, live, parts)
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${BEFORE}`)
    await client.query(
      `CREATE TABLE IF NOT EXISTS ${BEFORE}.projection_checkpoints (LIKE ${quoted(live)}.projection_checkpoints INCLUDING ALL)`,
    )
    for (const table of tablesOf(parts)) {
      await client.query(`DROP TABLE IF EXISTS ${BEFORE}.${quoted(table)}`)
      await client.query(`ALTER TABLE ${quoted(live)}.${quoted(table)} SET SCHEMA ${BEFORE}`)
      await client.query(`ALTER TABLE ${SHADOW}.${quoted(table)} SET SCHEMA ${quoted(live)}`)
    }
    const made = await readCheckpoints(client, SHADOW)
    for (const name of namesOf(parts)) {
      await writeCheckpoint(client, BEFORE, name, checkpoints.get(name))
      await writeCheckpoint(client, live, name, made.get(name))
      await writeCheckpoint(client, SHADOW, name, undefined)
    }
  })
}

/**
 * Puts the kept tables back, in one transaction; those that were live are kept in their stead. Rows of the version that this program
 * makes are brought to where the live ones are first.
 * @param options Unqualified names of its client mean the kept tables.
 */
export function swapBack(options: SwapOptions): Promise<boolean> {
  const { client, live, parts } = options
  return unlessLocked(client, async () => {
    await holdWriters(client, live, parts)
    await foldKept(options, false)
    await holdReaders(client, live, parts)
    await client.query('CREATE SCHEMA jethook_exchange')
    for (const table of tablesOf(parts).map(quoted)) {
      await client.query(`ALTER TABLE ${quoted(live)}.${table} SET SCHEMA jethook_exchange`)
      await client.query(`ALTER TABLE ${BEFORE}.${table} SET SCHEMA ${quoted(live)}`)
      await client.query(`ALTER TABLE jethook_exchange.${table} SET SCHEMA ${BEFORE}`)
    }
    await client.query('DROP SCHEMA jethook_exchange')
    const [now, before] = [await readCheckpoints(client, live), await readCheckpoints(client, BEFORE)]
    for (const name of namesOf(parts)) {
      await writeCheckpoint(client, live, name, before.get(name))
      await writeCheckpoint(client, BEFORE, name, now.get(name))
    }
  })
}

/** Folds what has come since into the kept rows; another version's are left to its own runner. */
export async function foldKept(
  { client, nats, live, parts, signal }: SwapOptions,
  isCommitting: boolean,
): Promise<void> {
  const [now, kept] = [await readCheckpoints(client, live), await readCheckpoints(client, BEFORE)]
  for (const projection of parts.flatMap(({ projections }) => projections)) {
    if (kept.get(projection.name)?.version !== projection.version) continue
    const { seq } = await targetOf(nats, projection, now.get(projection.name))
    await foldThrough({ client, nats, projection, isCommitting, signal }, seq)
  }
}

/** @returns false when a lock could not be had: all is as it was. */
async function unlessLocked(client: pg.Client, change: () => Promise<void>): Promise<boolean> {
  await client.query(`BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`)
  try {
    await change()
    await client.query('COMMIT')
    return true
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    if (LOCK_CODES.has((error as { code?: string }).code ?? '')) return false
    throw dependsOnTables(error as Error)
  }
}

/** A person's view of a kept table stands in the way of dropping it. */
function dependsOnTables(error: Error & { code?: string; detail?: string }): Error {
  if (error.code !== '2BP01') return error
  return new RebuildRefusedError(
    `What depends on the tables that are kept is in the way: ${error.detail ?? error.message}`,
  )
}

/** Runner and cleaner end what they have in hand, and wait. */
function holdWriters(client: pg.Client, live: string, parts: readonly Part[]): Promise<unknown> {
  return client.query(
    `LOCK TABLE ${[...tablesOf(parts), 'projection_checkpoints'].map((table) => `${quoted(live)}.${quoted(table)}`).join(', ')}
     IN SHARE ROW EXCLUSIVE MODE`,
  )
}

function holdReaders(client: pg.Client, live: string, parts: readonly Part[]): Promise<unknown> {
  const names = tablesOf(parts).map((table) => `${quoted(live)}.${quoted(table)}`)
  return client.query(`LOCK TABLE ${names.join(', ')} IN ACCESS EXCLUSIVE MODE`)
}

const tablesOf = (parts: readonly Part[]) => parts.flatMap(({ tables }) => tables)
const namesOf = (parts: readonly Part[]) => parts.flatMap(({ projections }) => projections.map(({ name }) => name))

/** Counts the generation on: whoever knows the row as it was must not go on with it. */
async function writeCheckpoint(
  client: pg.Client,
  schema: string,
  name: string,
  checkpoint: Checkpoint | undefined,
): Promise<void> {
  const table = `${quoted(schema)}.projection_checkpoints`
  if (checkpoint === undefined) {
    await client.query(`DELETE FROM ${table} WHERE name = $1`, [name])
    return
  }
  const { version, stream, streamCreatedAt, seq, matchedEventSeq } = checkpoint
  await client.query(
    `INSERT INTO ${table} AS c (name, version, stream, stream_created_at, seq, matched_event_seq, generation)
     VALUES ($1, $2, $3, $4, $5, $6, 1)
     ON CONFLICT (name) DO UPDATE SET version = excluded.version, stream = excluded.stream,
       stream_created_at = excluded.stream_created_at, seq = excluded.seq, matched_event_seq = excluded.matched_event_seq,
       generation = c.generation + 1`,
    [name, version, stream, streamCreatedAt, seq, matchedEventSeq],
  )
}
