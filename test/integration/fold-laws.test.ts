import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { JsMsg } from '@nats-io/jetstream'
import fc from 'fast-check'
import pg from 'pg'
import { ledgerProjection } from '#projections/ledger.ts'
import { PARTS } from '#projections/rebuild/parts.ts'
import { type EmbeddedServers, startEmbeddedServers } from '#scripts/embedded/servers.ts'
import type { LedgerFact } from '#shared/facts/ledger.ts'
import { connectPostgres, migrate } from '#shared/runtime/postgres.ts'
import { ledgerFacts } from '../support/ledger-facts.ts'

const { tables, projections } = PARTS.find(({ name }) => name === 'ledger')!
const [rebuiltLedger] = projections

let home: string
let servers: EmbeddedServers
let client: pg.Client

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'jethook-laws-'))
  servers = await startEmbeddedServers({ home, hasOpenUser: true })
  const orm = await connectPostgres(servers.databaseUrl)
  await migrate(orm)
  await orm.close()
  client = new pg.Client({ connectionString: servers.databaseUrl })
  await client.connect()
})
after(async () => {
  await client?.end()
  await servers?.stop()
  await rm(home, { recursive: true, force: true })
})

/** Lets `write` fill empty tables, and gives every row. */
async function rowsAfter(write: () => Promise<void>): Promise<Record<string, string[]>> {
  await client.query(`BEGIN; DELETE FROM ${tables.join('; DELETE FROM ')}`)
  await write()
  const rows: Record<string, string[]> = {}
  for (const table of tables) {
    const found = await client.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${table} t ORDER BY 1`)
    rows[table] = found.rows.map(({ row }) => row)
  }
  await client.query('ROLLBACK')
  return rows
}

function stretches(count: number, cuts: readonly number[]): [number, number][] {
  const ends = [...new Set([...cuts.map((cut) => cut % (count + 1)), count])]
    .filter((end) => end > 0)
    .sort((a, b) => a - b)
  return ends.map((end, i) => [i === 0 ? 0 : ends[i - 1]!, end])
}

const placed = (facts: readonly LedgerFact[]) => facts.map((fact, i) => ({ seq: i + 1, fact }))

/** As the runner does it: state is carried from batch to batch, and loaded when it starts anew. */
async function incrementally(facts: readonly LedgerFact[], cuts: readonly number[]): Promise<void> {
  let state = await ledgerProjection.loadState(client)
  for (const [from, to] of stretches(facts.length, cuts)) {
    const folded = ledgerProjection.fold(state, placed(facts).slice(from, to))
    await ledgerProjection.write(client, folded.rows)
    state = from % 2 === 0 ? folded.state : await ledgerProjection.loadState(client)
  }
}

/** As a rebuild does it: from messages, and broken off and gone on with at each of `cuts`. */
async function rebuilding(facts: readonly LedgerFact[], cuts: readonly number[]): Promise<void> {
  const messages = facts.map((fact, i) => ({ seq: i + 1, string: () => JSON.stringify(fact) }) as JsMsg)
  for (const [from, to] of stretches(facts.length, cuts)) {
    const write = await rebuiltLedger!.begin(client)
    const middle = Math.ceil((from + to) / 2)
    for (const batch of [messages.slice(from, middle), messages.slice(middle, to)]) await write(batch)
  }
}

const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 8 })

test('whatever the facts: folded at once, as they come, or rebuilt in parts, the rows are the same', async () => {
  await fc.assert(
    fc.asyncProperty(ledgerFacts, cuts, cuts, async (facts, liveCuts, rebuildCuts) => {
      const fold = await rowsAfter(() => incrementally(facts, []))
      assert.deepEqual(await rowsAfter(() => incrementally(facts, liveCuts)), fold, 'incremental')
      assert.deepEqual(await rowsAfter(() => rebuilding(facts, rebuildCuts)), fold, 'rebuilt')
    }),
    { numRuns: 100 },
  )
})

test('rows of before the figures are counted when these come', async () => {
  await client.query('CREATE DATABASE older')
  const url = new URL(servers.databaseUrl)
  url.pathname = '/older'
  const orm = await connectPostgres(url.href)
  const older = new pg.Client({ connectionString: url.href })
  await older.connect()
  try {
    await orm.migrator.up({ to: '20261125-generations' })
    const [event, delivery, one, two] = [1, 2, 3, 4].map((n) => `00000000-0000-8000-8000-00000000000${n}`)
    const values = [event, delivery, one, two]
    await older.query(`
      INSERT INTO projection_checkpoints (name, version, stream, stream_created_at, seq, matched_event_seq)
      VALUES ('events', 1, 'EVENTS', 'then', 1, 0), ('ledger', 2, 'LEDGER', 'then', 4, 1)`)
    await older.query(
      `INSERT INTO events SELECT $1, 1, 'app', 'a.b.c', 'text/plain', '{}', '{}', '', at, at FROM (VALUES ('2026-01-01 10:00:30+00'::timestamptz)) t (at)`,
      [event],
    )
    await older.query(
      `INSERT INTO deliveries (delivery_id, event_id, application_id, subscription_id, control_seq, status, created_at, event_seq)
       VALUES ($2, $1, 'app', $1, 1, 'succeeded', '2026-01-01 10:00:30+00', 1)`,
      [event, delivery],
    )
    const attempt = (place: number, number: number, at: string, succeeded: string, failed: string) =>
      `($${place}, $2, $1, 'a.b.c', 'app', $1, ${number}, '${at}', ${succeeded}, ${failed}, '${succeeded === 'null' ? 'failed' : 'success'}', 7, $${place})`
    await older.query(
      `INSERT INTO attempts (attempt_id, delivery_id, event_id, event_type, application_id, subscription_id, attempt_number, created_at,
         succeeded_at, failed_at, outcome, duration_ms, response_id)
       VALUES ${attempt(3, 1, '2026-01-01 10:00:30+00', 'null', `'2026-01-01 10:00:31+00'`)},
         ${attempt(4, 2, '2026-01-01 10:00:31+00', `'2026-01-01 10:01:34+00'`, 'null')}`,
      values,
    )
    await orm.migrator.up()
    const { rows } = await older.query<{ figure: string }>(
      `SELECT concat_ws(' ', kind, to_char(at AT TIME ZONE 'UTC', 'HH24:MI'), bin, amount) AS figure FROM attempt_figures WHERE step = 60 ORDER BY 1`,
    )
    // 7 ms lie in bin 12, the 64 s from the delivery's beginning in bin 64.
    assert.deepEqual(
      rows.map(({ figure }) => figure),
      ['delivered 10:01 64 1', 'failed 10:00 12 1', 'succeeded 10:01 12 1'],
    )
    const { rows: versions } = await older.query<{ name: string; version: number }>(
      'SELECT name, version FROM projection_checkpoints ORDER BY 1',
    )
    assert.deepEqual(
      versions.map(({ version }) => version),
      [2, 3],
    )
  } finally {
    await older.end()
    await orm.close()
  }
})
