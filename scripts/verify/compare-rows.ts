import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { auditProjection } from '#projections/audit.ts'
import { controlProjection } from '#projections/control.ts'
import { eventsProjection } from '#projections/events.ts'
import { ledgerProjection } from '#projections/ledger.ts'
import type { Placed, Projection } from '#projections/projection.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { readStreamState, STREAM_NAMES, type StreamName } from '#shared/runtime/streams.ts'
import { messagesOf } from './read-streams.ts'
import type { Violation } from './verify-ledger.ts'

export interface CompareRowsOptions {
  nats: Nats
  databaseUrl: string
  /** Nothing is under way: the rows have to be those of the streams' ends, soon. */
  isQuiet: boolean
}

/** How far a projection has come, by the database. */
interface Checkpoint {
  stream: StreamName
  streamCreatedAt: string
  seq: number
}

const BATCH_MAX = 1_000
const SHOWN_MAX = 5
const LAG_LIMIT_MS = 10_000
const LAG_POLL_MS = 100
/** Not folded from facts. */
const OWN_TABLES = new Set(['projection_checkpoints', 'migrations', 'expired_event_ids'])
/** CONTROL forgets older states, so these may hold rows that can't be folded any more. */
const MAY_HOLD_MORE = new Set(['audit_log', 'subscriptions'])

/**
 * Folds the streams anew, up to where the read model has come, with the projections' own code and into temporary tables
 * that are gone afterwards, and compares them row by row with the tables as they were at one moment. Postgres does the
 * work: memory is that of a batch.
 */
export async function compareRows({ nats, databaseUrl, isQuiet }: CompareRowsOptions): Promise<Violation[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const lags = isQuiet ? await waitForProjections(client, nats) : []
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    const checkpoints = await readCheckpoints(client)
    const states = await checkCheckpoints(nats, checkpoints)
    // On an older copy of a stream nothing can be compared.
    if (states.length > 0) return states
    const schema = await shadowTables(client)
    const fold = <Fact, State, Rows>(projection: Projection<Fact, State, Rows>) =>
      foldAnew({ client, nats, projection, throughSeq: checkpoints.get(projection.name)?.seq ?? 0 })
    await fold(controlProjection)
    await fold(auditProjection)
    await fold(eventsProjection)
    await fold(ledgerProjection)
    await forgetCleaned(client, schema)
    return [...lags, ...(await differences(client, schema, await isAllKept(nats)))]
  } finally {
    await client.query('ROLLBACK').catch(() => {})
    await client.end()
  }
}

async function readCheckpoints(client: pg.Client): Promise<Map<string, Checkpoint>> {
  const { rows } = await client.query<{ name: string; stream: StreamName; stream_created_at: string; seq: string }>(
    'SELECT name, stream, stream_created_at, seq FROM projection_checkpoints',
  )
  return new Map(
    rows.map(({ name, stream, stream_created_at, seq }) => [
      name,
      { stream, streamCreatedAt: stream_created_at, seq: Number(seq) },
    ]),
  )
}

/** @returns what has not got to the end of its stream after a while. */
async function waitForProjections(client: pg.Client, nats: Nats): Promise<Violation[]> {
  const untilMs = performance.now() + LAG_LIMIT_MS
  while (true) {
    const lags: Violation[] = []
    for (const [name, { stream, seq }] of await readCheckpoints(client)) {
      const { lastSeq } = await readStreamState(nats, stream)
      if (seq < lastSeq)
        lags.push({
          invariant: 'I20',
          subject: `projection ${name}`,
          detail: `is at ${seq} of ${lastSeq} in ${stream}`,
        })
    }
    if (lags.length === 0 || performance.now() > untilMs) return lags
    await delay(LAG_POLL_MS)
  }
}

async function checkCheckpoints(nats: Nats, checkpoints: ReadonlyMap<string, Checkpoint>): Promise<Violation[]> {
  const found: Violation[] = []
  for (const [name, { stream, streamCreatedAt, seq }] of checkpoints) {
    const { createdAt, lastSeq } = await readStreamState(nats, stream)
    const subject = `projection ${name}`
    if (createdAt !== streamCreatedAt)
      found.push({ invariant: 'I13', subject, detail: `was made from another stream ${stream} than the one of now` })
    else if (seq > lastSeq)
      found.push({ invariant: 'I13', subject, detail: `has read ${stream} up to ${seq}, which now ends at ${lastSeq}` })
  }
  return found
}

/** Puts an empty temporary table before each table: whoever names it without a schema means the temporary one. */
async function shadowTables(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `SELECT schemaname AS schema, tablename AS name FROM pg_tables WHERE schemaname = current_schema()`,
  )
  for (const { schema, name } of rows)
    await client.query(
      `CREATE TEMP TABLE ${quoted(name)} (LIKE ${quoted(schema)}.${quoted(name)} INCLUDING DEFAULTS INCLUDING INDEXES) ON COMMIT DROP`,
    )
  return rows[0]?.schema ?? 'public'
}

interface FoldOptions<Fact, State, Rows> {
  client: pg.Client
  nats: Nats
  projection: Projection<Fact, State, Rows>
  throughSeq: number
}

async function foldAnew<Fact, State, Rows>(options: FoldOptions<Fact, State, Rows>): Promise<void> {
  const { client, nats, projection, throughSeq } = options
  let state: State = await projection.loadState(client)
  let batch: Placed<Fact>[] = []
  const write = async () => {
    if (batch.length === 0) return
    const folded = projection.fold(state, batch)
    state = folded.state
    batch = []
    await projection.write(client, folded.rows)
  }
  for await (const message of messagesOf(nats, projection.stream)) {
    if (message.seq > throughSeq) break
    batch.push({ seq: message.seq, fact: projection.decode(message) })
    if (batch.length === BATCH_MAX) await write()
  }
  await write()
}

/**
 * What is gone for its age (services/cleaner) is none of what is missing: deliveries that ended more than a day ago with all
 * that belongs to them, and events as old. No application's things are kept for less than a day.
 */
async function forgetCleaned(client: pg.Client, schema: string): Promise<void> {
  const live = (name: string) => `${quoted(schema)}.${quoted(name)}`
  const isOld = (column: string) => `${column} < now() - interval '1 day'`
  const deliveries = `SELECT d.delivery_id FROM pg_temp.deliveries d WHERE ${isOld('d.finished_at')}
    AND NOT EXISTS (SELECT FROM ${live('deliveries')} l WHERE l.delivery_id = d.delivery_id)`
  const events = `SELECT e.event_id FROM pg_temp.events e WHERE ${isOld('e.received_at')}
    AND NOT EXISTS (SELECT FROM ${live('events')} l WHERE l.event_id = e.event_id)`
  for (const statement of [
    `DELETE FROM pg_temp.responses WHERE response_id IN (
       SELECT response_id FROM pg_temp.attempts WHERE delivery_id IN (${deliveries}))`,
    `DELETE FROM pg_temp.attempts WHERE delivery_id IN (${deliveries})`,
    `DELETE FROM pg_temp.dead_letters WHERE delivery_id IN (${deliveries})`,
    `DELETE FROM pg_temp.deliveries WHERE delivery_id IN (${deliveries})`,
    `DELETE FROM pg_temp.postponed_events WHERE event_id IN (${events})`,
    `DELETE FROM pg_temp.events WHERE event_id IN (${events})`,
    `DELETE FROM pg_temp.rejections r WHERE ${isOld('r.rejected_at')}
       AND NOT EXISTS (SELECT FROM ${live('rejections')} l WHERE l.rejection_id = r.rejection_id)`,
    ...['event_figures', 'attempt_figures', 'subscription_figures'].map(
      (name) => `DELETE FROM pg_temp.${name} WHERE ${isOld('at')} AND at < (SELECT min(at) FROM ${live(name)})`,
    ),
  ])
    await client.query(statement)
}

/** Whether the streams still hold everything from their first message on. */
async function isAllKept(nats: Nats): Promise<boolean> {
  const states = await Promise.all(
    [STREAM_NAMES.events, STREAM_NAMES.ledger].map((name) => readStreamState(nats, name)),
  )
  return states.every(({ firstSeq }) => firstSeq <= 1)
}

async function differences(client: pg.Client, schema: string, isWhole: boolean): Promise<Violation[]> {
  const { rows: tables } = await client.query<{ name: string; key: string[]; is_of_delivery: boolean }>(
    `SELECT c.relname AS name,
       array(SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
             WHERE i.indrelid = c.oid AND i.indisprimary) AS key,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'delivery_id') AS is_of_delivery
     FROM pg_class c WHERE c.relnamespace = pg_my_temp_schema() AND c.relkind = 'r' ORDER BY 1`,
  )
  const found: Violation[] = []
  for (const { name, key, is_of_delivery: isOfDelivery } of tables) {
    if (OWN_TABLES.has(name) || key.length === 0) continue
    const table: Table = { live: `${quoted(schema)}.${quoted(name)}`, folded: `pg_temp.${quoted(name)}`, key, name }
    if (isWhole) {
      found.push(...(await changedRows(client, table, '')))
      if (!MAY_HOLD_MORE.has(name)) found.push(...(await uncalledRows(client, table)))
    } else if (isOfDelivery) {
      // What is left of an older delivery's facts tells only a part of it.
      const isKnown = 'WHERE delivery_id IN (SELECT delivery_id FROM pg_temp.deliveries)'
      found.push(...(await changedRows(client, table, isKnown)))
    } else if (name === 'events') found.push(...(await changedRows(client, table, '')))
  }
  return found
}

interface Table {
  name: string
  live: string
  folded: string
  key: string[]
}

type Row = Record<string, unknown>

/** Rows that the facts come to and that are not there like that. */
async function changedRows(client: pg.Client, { name, live, folded, key }: Table, where: string): Promise<Violation[]> {
  const { rows } = await client.query<{ row: Row; live: Row | null; total: string }>(
    `SELECT to_jsonb(f) AS row, count(*) OVER () AS total,
       (SELECT to_jsonb(l) FROM ${live} l WHERE ${sameKey(key, 'l', 'f')}) AS live
     FROM (SELECT * FROM ${folded} ${where} EXCEPT SELECT * FROM ${live}) f LIMIT ${SHOWN_MAX}`,
  )
  return shown(
    rows.map(({ row, live: there, total }) => ({
      total,
      detail: howTheyDiffer(row, there),
      subject: nameOf(name, key, row),
    })),
  )
}

/** Rows that are there, and that no fact calls for. */
async function uncalledRows(client: pg.Client, { name, live, folded, key }: Table): Promise<Violation[]> {
  const { rows } = await client.query<{ row: Row; total: string }>(
    `SELECT to_jsonb(l) AS row, count(*) OVER () AS total FROM ${live} l
     WHERE NOT EXISTS (SELECT FROM ${folded} f WHERE ${sameKey(key, 'f', 'l')}) LIMIT ${SHOWN_MAX}`,
  )
  const detail = 'is there, though no fact calls for it'
  return shown(rows.map(({ row, total }) => ({ total, detail, subject: nameOf(name, key, row) })))
}

function shown(rows: readonly { total: string; subject: string; detail: string }[]): Violation[] {
  return rows.map(({ total, subject, detail }, i) => {
    const others = Number(total) - rows.length
    const rest = i === rows.length - 1 && others > 0 ? ` (and so ${others} more)` : ''
    return { invariant: 'I12', subject, detail: detail + rest }
  })
}

/** Names of columns only: what stands in them may be nobody's business. */
function howTheyDiffer(folded: Row, live: Row | null): string {
  if (live === null) return 'is missing'
  const columns = Object.keys(folded).filter(
    (column) => JSON.stringify(folded[column]) !== JSON.stringify(live[column]),
  )
  return `differs in ${columns.join(', ')}`
}

const nameOf = (name: string, key: readonly string[], row: Row) =>
  `row ${name} ${key.map((column) => String(row[column])).join(' ')}`
const sameKey = (key: readonly string[], a: string, b: string) =>
  key.map((column) => `${a}.${quoted(column)} = ${b}.${quoted(column)}`).join(' AND ')
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
