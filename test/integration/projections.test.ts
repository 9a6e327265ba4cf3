import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { createProjections } from '#projections/worker.ts'
import { createHealth } from '#shared/runtime/health.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { testLogger } from '../support/nats.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const TABLES = [
  'events',
  'deliveries',
  'attempts',
  'responses',
  'dead_letters',
  'event_counts',
  'postponed_events',
  'audit_log',
  'subscriptions',
  'cancellations',
  'event_figures',
  'attempt_figures',
  'subscription_figures',
]

let stack: Stack
let receiver: Receiver
let client: pg.Client

before(async () => {
  stack = await startStack()
  receiver = await startReceiver((_, count) => ({ status: count % 7 === 0 ? 500 : count % 11 === 0 ? 404 : 200 }))
  client = new pg.Client({ connectionString: stack.servers.databaseUrl })
  await client.connect()
  await stack.api.createEventType()
  await stack.api.subscribe(receiver.url)
  const cancelled = await stack.api.subscribe(`${receiver.url}/cancelled`, { event_types: ['a.b.c'] })
  await Promise.all(Array.from({ length: 100 }, () => stack.api.send()))
  await stack.api.call(
    'DELETE',
    `/subscriptions/${cancelled.subscription_id}?application_id=${stack.credentials.application_id}`,
  )
  const deleted = `SELECT 1 FROM audit_log WHERE action = 'deleted' AND resource_id = '${cancelled.subscription_id}'`
  await until(
    'all has ended, and all rows say so',
    async () =>
      (await isCurrent()) &&
      (await count(`SELECT 1 FROM deliveries WHERE status = 'pending'`)) === 0 &&
      (await count(deleted)) === 1,
  )
})
after(async () => {
  await client.end()
  await stack.close()
  await receiver.close()
})

async function isCurrent(): Promise<boolean> {
  const path = `/events?application_id=${stack.credentials.application_id}&limit=1`
  return (await stack.api.call('GET', path)).headers.get('jethook-read-model') === 'current'
}

async function count(sql: string): Promise<number> {
  return (await client.query(sql)).rows.length
}

/** Every row of every table, in a fixed order and form. */
async function dump(): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {}
  for (const table of TABLES) {
    const { rows } = await client.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${table} t`)
    tables[table] = rows.map(({ row }) => row).sort()
  }
  return tables
}

test('a read model that is dropped is made again, row for row', async () => {
  const live = await dump()
  assert.equal(live['events']?.length, 100)
  assert.ok((live['dead_letters']?.length ?? 0) > 0)
  await stack.restart()
  await client.query(`TRUNCATE ${TABLES.join(', ')}, projection_checkpoints`)
  await stack.restart()
  await until(
    'everything is folded again',
    async () =>
      (await count('SELECT 1 FROM attempts')) === live['attempts']!.length &&
      (await count('SELECT 1 FROM audit_log')) === live['audit_log']!.length &&
      (await count('SELECT 1 FROM projection_checkpoints')) === 4,
  )
  await until('the read model is current', isCurrent)
  assert.deepEqual(await dump(), live)
})

test('of two runners one is active, and the other takes over without repeating anything', async () => {
  const nats = await connectNats(stack.servers.natsUrl, 'second runner', testLogger)
  const second = createProjections({
    nats,
    databaseUrl: stack.servers.databaseUrl,
    logger: testLogger,
    health: createHealth(),
  })
  await second.start()
  await stack.api.send()
  await stack.restart()
  const eventId = await stack.api.send()
  await until(
    'the event has its row',
    async () => (await count(`SELECT 1 FROM events WHERE event_id = '${eventId}'`)) === 1,
  )
  assert.deepEqual(second.halted(), {})
  await second.stop()
  await nats.connection.close()
  const { rows } = await client.query(
    'SELECT count(*)::int AS rows, count(DISTINCT event_id)::int AS events FROM events',
  )
  assert.equal(rows[0].rows, rows[0].events)
})

test('a checkpoint of another stream, of another version or ahead of the stream stops the projection, and says so', async () => {
  const fresh = await startStack()
  const checkpoints = new pg.Client({ connectionString: fresh.servers.databaseUrl })
  await checkpoints.connect()
  const wrongs = [`stream_created_at = 'another'`, 'version = 99', 'seq = 1000000']
  for (const wrong of wrongs) {
    await fresh.restart()
    const read = async () => checkpoints.query(`SELECT * FROM projection_checkpoints WHERE name = 'events'`)
    const rows = await until('the checkpoint is there', async () => {
      const found = (await read()).rows
      return found.length > 0 && found
    })
    await checkpoints.query(`UPDATE projection_checkpoints SET ${wrong} WHERE name = 'events'`)
    const own = await connectNats(fresh.servers.natsUrl, 'runner', testLogger)
    const runners = createProjections({
      nats: own,
      databaseUrl: fresh.servers.databaseUrl,
      logger: testLogger,
      health: createHealth(),
    })
    await runners.start()
    // Of a version that it doesn't know only the projection stops; of other streams the whole refuses to start.
    const started = await fresh.restart().then(
      () => 'started',
      (error: Error) => error.name,
    )
    assert.equal(started, wrong.startsWith('version') ? 'started' : 'StreamReplacedError')
    const halted = await until('the projection has stopped', async () => Object.values(runners.halted())[0], 10_000)
    assert.match(halted, /rebuild needed/)
    await runners.stop()
    await own.connection.close()
    const [row] = rows
    await checkpoints.query(
      `UPDATE projection_checkpoints SET stream_created_at = $1, version = $2, seq = $3 WHERE name = 'events'`,
      [row.stream_created_at, row.version, row.seq],
    )
  }
  await checkpoints.end()
  await fresh.close()
})
