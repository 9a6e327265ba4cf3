import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { type RebuildOptions, rebuild } from '#projections/rebuild/rebuild.ts'
import { forget, rollback } from '#projections/rebuild/rollback.ts'
import { projectionsStatus } from '#projections/rebuild/status.ts'
import { compareRows } from '#scripts/verify/compare-rows.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import { testLogger } from '../support/nats.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const EVENTS = 500

let stack: Stack
let receiver: Receiver
let client: pg.Client
let nats: Nats

before(async () => {
  stack = await startStack()
  receiver = await startReceiver((_, count) => ({ status: count % 7 === 0 ? 500 : count % 11 === 0 ? 404 : 200 }))
  nats = await connectNats(stack.servers.natsUrl, 'test', testLogger)
  client = await connect()
  await stack.api.createEventType()
  await stack.api.subscribe(receiver.url)
  const cancelled = await stack.api.subscribe(`${receiver.url}/cancelled`)
  await post(EVENTS)
  await stack.api.call(
    'DELETE',
    `/subscriptions/${cancelled.subscription_id}?application_id=${stack.credentials.application_id}`,
  )
  await settled()
})
after(async () => {
  await nats?.connection.close()
  await client?.end()
  await stack?.close()
  await receiver?.close()
})

async function connect(): Promise<pg.Client> {
  const made = new pg.Client({ connectionString: stack.servers.databaseUrl })
  await made.connect()
  return made
}

async function post(count: number): Promise<void> {
  const { application_id, ...event } = stack.api.eventPost()
  const events = Array.from({ length: count }, () => event)
  const { status } = await stack.api.call('POST', '/events/batch', { application_id, events })
  assert.equal(status, 200)
}

/** Everything that was posted has ended, and its rows say so. */
async function settled(): Promise<unknown> {
  const { state } = await nats.jsm.streams.info('EVENTS')
  return until('all deliveries have ended', async () => {
    const { rows } = await client.query(
      `SELECT NOT EXISTS (SELECT FROM deliveries WHERE status = 'pending')
         AND (SELECT seq FROM projection_checkpoints WHERE name = 'events') >= $1
         AND (SELECT matched_event_seq FROM projection_checkpoints WHERE name = 'ledger') >= $1 AS is_done`,
      [state.last_seq],
    )
    return rows[0].is_done
  })
}

const rowsThatDiffer = () => compareRows({ nats, databaseUrl: stack.servers.databaseUrl, isQuiet: true })
const servers = () => ({ nats, databaseUrl: stack.servers.databaseUrl })
const build = (options: Partial<RebuildOptions> = {}) => rebuild({ ...servers(), ...options })

async function schemas(): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'jethook%' ORDER BY 1`,
  )
  return rows.map(({ name }) => name)
}

/** Which tables are live. */
async function liveTables(): Promise<unknown> {
  const { rows } = await client.query(
    `SELECT tablename, to_regclass('public.' || tablename)::oid AS id FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  )
  return rows
}

/** Indexes and constraints of the live tables. */
async function liveShape(): Promise<unknown> {
  const { rows: indexes } = await client.query(`SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1`)
  const { rows: constraints } = await client.query(
    `SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2`,
  )
  return [indexes, constraints]
}

/** The projections' command as a process of its own. */
function start(...args: string[]): ChildProcess {
  const env = {
    ...process.env,
    NATS_URL: stack.servers.natsAddress,
    DATABASE_URL: stack.servers.databaseUrl,
    JETHOOK_HOME: stack.home,
  }
  return spawn(process.execPath, ['scripts/operator/projections.ts', ...args], { cwd: PROJECT, env, stdio: 'pipe' })
}

async function run(...args: string[]): Promise<{ code: number; output: string }> {
  const child = start(...args)
  let output = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk) => {
      output += chunk
    })
  const [code] = await once(child, 'close')
  return { code: Number(code), output }
}

test('rows are rebuilt beside the live ones while traffic goes on, and are the same after the swap', async () => {
  const [before, shape] = [await liveTables(), await liveShape()]
  let isPosting = true
  const answers: number[] = []
  const traffic = (async () => {
    while (isPosting) {
      await post(20)
      const { status } = await stack.api.call('GET', `/events?application_id=${stack.credentials.application_id}`)
      answers.push(status)
    }
  })()
  const { facts, tables } = await build()
  await post(50)
  isPosting = false
  await traffic
  assert.ok(facts > EVENTS * 3, `${facts} facts`)
  assert.deepEqual(
    tables.map(({ isAsBefore }) => isAsBefore),
    tables.map(() => true),
  )
  assert.equal(tables.find(({ table }) => table === 'events')!.rows >= EVENTS, true)
  assert.deepEqual(new Set(answers), new Set([200]))
  await settled()
  assert.notDeepEqual(await liveTables(), before)
  assert.deepEqual(await liveShape(), shape)
  assert.deepEqual(await rowsThatDiffer(), [])
  assert.deepEqual(await schemas(), ['jethook_before'])
})

test('a rollback puts the earlier rows back, and they catch up', async () => {
  const before = await liveTables()
  await post(50)
  await settled()
  const back = await rollback({ ...servers(), name: 'ledger' })
  assert.deepEqual(
    back.map(({ name }) => name),
    ['ledger'],
  )
  await settled()
  assert.deepEqual(await rowsThatDiffer(), [])
  await rollback(servers())
  await settled()
  assert.deepEqual(await rowsThatDiffer(), [])
  await rollback({ ...servers(), name: 'events' })
  await rollback({ ...servers(), name: 'audit' })
  assert.deepEqual(await liveTables(), before)
  await post(10)
  await settled()
  assert.deepEqual(await rowsThatDiffer(), [])
  await forget(stack.servers.databaseUrl)
  await assert.rejects(rollback(servers()), /There are no earlier rows/)
})

test('a rebuild that is killed changes nothing and goes on where it was; two at once are refused', async () => {
  const before = await liveTables()
  const stopped = AbortSignal.abort(new Error('stopped'))
  await assert.rejects(build({ signal: stopped }), /stopped/)
  const blocker = await connect()
  await blocker.query('BEGIN')
  await blocker.query(`SELECT FROM jethook_rebuild.projection_checkpoints WHERE name = 'ledger' FOR UPDATE`)
  const child = start('rebuild')
  await until('it has folded events and is in the middle of LEDGER', async () => {
    const { rows } = await client.query(
      `SELECT (SELECT seq FROM jethook_rebuild.projection_checkpoints WHERE name = 'events') AS seq,
         EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE projection_checkpoints%') AS waits`,
    )
    return Number(rows[0].seq) >= EVENTS && rows[0].waits
  })
  await assert.rejects(build(), /Another rebuild or rollback is under way/)
  await assert.rejects(rollback(servers()), /Another rebuild or rollback is under way/)
  const { isRebuilding, projections } = await projectionsStatus(servers())
  assert.equal(isRebuilding, true)
  assert.ok(projections.find(({ name }) => name === 'events')!.shadow!.seq >= EVENTS)
  child.kill('SIGKILL')
  await once(child, 'close')
  await blocker.query('ROLLBACK')
  await blocker.end()
  assert.deepEqual(await liveTables(), before)
  const { lastSeq } = (await projectionsStatus(servers())).projections.find(({ name }) => name === 'events')!
  const steps: string[] = []
  const again = await until('the killed one has let go', () =>
    build({ onStep: (step) => steps.push(step) }).catch((error: Error) => {
      if (!/Another rebuild/.test(error.message)) throw error
      return null
    }),
  )
  assert.ok(steps.includes('events: goes on where it was'))
  const ledgerSeq = (await projectionsStatus(servers())).projections.find(({ name }) => name === 'ledger')!.live!.seq
  assert.ok(again.facts < ledgerSeq + lastSeq, 'events are not folded again')
  assert.notDeepEqual(await liveTables(), before)
  assert.deepEqual(await rowsThatDiffer(), [])
})

test('rows that differ from the streams are named, and replaced when that is wished', async () => {
  const { rows } = await client.query(
    `UPDATE deliveries SET status = 'pending' WHERE delivery_id = (SELECT min(delivery_id::text)::uuid FROM deliveries WHERE status = 'succeeded') RETURNING delivery_id`,
  )
  await client.query(`UPDATE deliveries SET finished_at = now() - interval '3 days' WHERE status = 'succeeded'`)
  const before = await liveTables()
  const verified = await run('verify')
  assert.equal(verified.code, 1)
  assert.match(verified.output, /row deliveries [0-9a-f-]{36} differs in (status|finished_at)/)
  await assert.rejects(build({ name: 'ledger' }), /deliveries: \d+ rows differ, the first is [0-9a-f-]{36}: differs in/)
  assert.deepEqual(await liveTables(), before)
  const replaced = await run('rebuild', 'ledger', '--replace')
  assert.equal(replaced.code, 0, replaced.output)
  assert.match(replaced.output, /Rebuilt: \d+ facts in [\d.]+ s \(\d+\/s\)/)
  await until('the row is right', async () => {
    const found = await client.query('SELECT status FROM deliveries WHERE delivery_id = $1', [rows[0].delivery_id])
    return found.rows[0]?.status === 'succeeded'
  })
  assert.deepEqual(await rowsThatDiffer(), [])
  const { projections } = await projectionsStatus(servers())
  assert.ok(projections.find(({ name }) => name === 'ledger')?.before)
  await assert.rejects(build({ name: 'nothing' }), /There is no projection 'nothing'/)
})

test('new rows that are not what they should be are not put in place', async () => {
  const before = await liveTables()
  const stopping = new AbortController()
  const onStep = () => stopping.abort(new Error('stopped'))
  await assert.rejects(build({ name: 'ledger', signal: stopping.signal, onStep }), /stopped/)
  await client.query(`DELETE FROM jethook_rebuild.deliveries WHERE status = 'dead-lettered'`)
  await assert.rejects(build({ name: 'ledger', isReplacing: true }), /wrong in themselves.*attempts without a delivery/)
  await client.query(
    'UPDATE jethook_rebuild.attempts SET delivery_id = (SELECT min(delivery_id::text)::uuid FROM jethook_rebuild.deliveries)',
  )
  await client.query('TRUNCATE jethook_rebuild.dead_letters')
  await assert.rejects(
    build({ name: 'ledger' }),
    /attempts: \d+ rows differ, the first is [0-9a-f-]{36}: differs in delivery_id/,
  )
  assert.deepEqual(await liveTables(), before)
  const { tables } = await build({ name: 'ledger', isFresh: true })
  assert.ok(tables.every(({ isAsBefore }) => isAsBefore))
})

test('what was deleted for its age stays deleted', async () => {
  await client.query(`WITH gone AS (DELETE FROM events WHERE event_id IN (SELECT event_id FROM events LIMIT 5) RETURNING event_id, received_at)
    INSERT INTO expired_event_ids SELECT event_id, received_at FROM gone`)
  const { tables } = await build({ name: 'events' })
  assert.equal(tables[0]?.isAsBefore, true)
})

test('a database that is dropped is made again, and the API answers as before', async () => {
  const ask = async () => {
    const of = `application_id=${stack.credentials.application_id}`
    const answers: unknown[] = []
    for (const path of [
      `/events?${of}`,
      `/request_attempts?${of}`,
      `/dead_letters?${of}`,
      `/dead_letters/groups?${of}`,
      `/subscriptions?${of}`,
      `/events_per_day/application?${of}&from=2020-01-01&to=2100-01-01`,
    ])
      answers.push((await stack.api.call('GET', path)).body)
    return answers
  }
  await build({ name: 'events', isReplacing: true })
  const before = await ask()
  await client.query(
    'DROP SCHEMA public, jethook_before CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS jethook_rebuild CASCADE',
  )
  await stack.restart()
  await until('it is made again', async () => (await rowsThatDiffer()).length === 0)
  await settled()
  assert.deepEqual(await ask(), before)
})

test('what the streams have dropped for its age is taken over', async () => {
  await post(20)
  await settled()
  for (const stream of ['EVENTS', 'LEDGER'] as const) {
    const { config } = await nats.jsm.streams.info(stream)
    const { state } = await nats.jsm.streams.update(stream, { ...config, max_msgs: 400 })
    await nats.jsm.streams.update(stream, config)
    assert.ok(state.messages <= 400 && state.first_seq > 1)
  }
  const { tables } = await build()
  assert.deepEqual(
    tables.filter(({ isAsBefore }) => !isAsBefore),
    [],
  )
  assert.ok(tables.find(({ table }) => table === 'deliveries')!.rows > 400)
  await post(10)
  await settled()
})

test('rows of another version are served until those of this one are in place', async () => {
  await client.query(`UPDATE projection_checkpoints SET version = version - 1 WHERE name = 'ledger'`)
  await stack.restart()
  await post(10)
  assert.equal((await stack.api.call('GET', `/events?application_id=${stack.credentials.application_id}`)).status, 200)
  const { tables } = await build({ name: 'ledger' })
  assert.deepEqual(new Set(tables.map(({ isAsBefore }) => isAsBefore)), new Set([null]))
  await stack.restart()
  await settled()
  assert.deepEqual(await rowsThatDiffer(), [])
})

test('a fact that can not be read stops the rebuild by name, and the live rows stay', async () => {
  const { seq } = await nats.js.publish('ledger.started', 'no fact')
  const { rows } = await client.query(
    `UPDATE projection_checkpoints SET version = 99 WHERE name = 'ledger' RETURNING seq`,
  )
  assert.ok(Number(rows[0].seq) < seq)
  const before = await liveTables()
  await assert.rejects(build({ name: 'ledger' }), new RegExp(`LEDGER ${seq} can't be read`))
  assert.deepEqual(await liveTables(), before)
})
