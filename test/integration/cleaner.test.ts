import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import pg from 'pg'
import { cleanerConfig } from '#services/cleaner/config.ts'
import { expiringDeadLetters, unreadWarnings } from '#services/cleaner/warnings.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { connectPostgres } from '#shared/runtime/postgres.ts'
import { testLogger } from '../support/nats.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const MASTER = '6a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d'
const TABLES = ['events', 'deliveries', 'attempts', 'responses', 'dead_letters', 'postponed_events']

let stack: Stack
let receiver: Receiver
let client: pg.Client
let app: string

before(async () => {
  stack = await startStack({ CLEAN_INTERVAL_MS: '100', MASTER_API_KEY: MASTER, RETRY_SCHEDULE: '1h', MAX_RETRIES: '1' })
  receiver = await startReceiver(({ path }) => ({ status: path === '/gone' ? 404 : path === '/busy' ? 503 : 200 }))
  client = new pg.Client({ connectionString: stack.servers.databaseUrl })
  await client.connect()
  app = stack.credentials.application_id
  await stack.api.createEventType()
  for (const name of ['well', 'gone', 'busy'])
    await stack.api.subscribe(`${receiver.url}/${name}`, { labels: { to: name } })
})
after(async () => {
  await client?.end()
  await stack?.close()
  await receiver?.close()
})

/** All of the same moment. */
async function counts(): Promise<Record<string, number>> {
  const each = TABLES.map((table) => `(SELECT count(*)::int FROM ${table}) AS ${table}`)
  return { ...(await client.query<Record<string, number>>(`SELECT ${each.join(', ')}`)).rows[0] }
}

/** Resolves when every table has so many rows: what belongs together doesn't go in one batch. */
async function reached(what: string, wanted: Record<string, number>): Promise<void> {
  let last: Record<string, number> = {}
  await until(what, async () => {
    last = await counts()
    return isDeepStrictEqual(last, wanted)
  }).catch(() => assert.deepEqual(last, wanted, what))
}

/** As if everything had happened so many days earlier. */
async function makeOlder(days: number): Promise<void> {
  const columns: Record<string, string[]> = {
    events: ['received_at'],
    deliveries: ['created_at', 'finished_at'],
    attempts: ['created_at', 'failed_at', 'succeeded_at'],
    dead_letters: ['dead_at'],
  }
  await client.query('BEGIN')
  for (const [table, names] of Object.entries(columns))
    await client.query(
      `UPDATE ${table} SET ${names.map((name) => `${name} = ${name} - interval '${days} days'`).join(', ')}`,
    )
  await client.query('COMMIT')
}

async function keepFor(days: Record<string, number>): Promise<void> {
  const { status } = await stack.api.call('PUT', `/applications/${app}/quotas`, days, `Bearer ${MASTER}`)
  assert.equal(status, 200)
}

test('what is older than its application keeps it goes, in small batches; what is alive stays', async () => {
  const posts = (to: string, count: number, more = {}) =>
    Array.from({ length: count }, () => stack.api.send({ labels: { to }, ...more }))
  // More than one batch.
  for (let i = 0; i < 12; i++) await Promise.all(posts('well', 50))
  await Promise.all([
    ...posts('gone', 5),
    ...posts('busy', 5),
    ...posts('nobody', 3),
    ...posts('well', 2, { delay_ms: 3_600_000 }),
  ])
  const all = await until('all are attempted', async () => {
    const now = await counts()
    return now['responses'] === 610 && now['events'] === 615 && now['dead_letters'] === 5 && now
  })
  assert.equal(all['deliveries'], 610)
  const eventId = (await client.query(`SELECT event_id FROM events WHERE labels @> '{"to":"nobody"}' LIMIT 1`)).rows[0]
    .event_id
  await makeOlder(20)
  await keepFor({ days_of_events_retention_limit: 10, days_of_attempts_retention_limit: 10 })
  // Open: 5 that are to be retried, 5 dead letters, 2 that wait for their time.
  await reached('the old ones are gone', {
    events: 12,
    deliveries: 10,
    attempts: 15,
    responses: 10,
    dead_letters: 5,
    postponed_events: 2,
  })
  const taken = await stack.api.call<{ id: string }>('POST', '/event', stack.api.eventPost({ event_id: eventId }))
  assert.deepEqual([taken.status, taken.body.id], [409, 'EventAlreadyIngested'])
  await keepFor({
    days_of_events_retention_limit: 10,
    days_of_attempts_retention_limit: 10,
    days_of_dead_letters_retention_limit: 15,
  })
  await reached('the dead letters are gone too, and their events', {
    events: 7,
    deliveries: 5,
    attempts: 10,
    responses: 5,
    dead_letters: 0,
    postponed_events: 2,
  })
})

test('rejections go with the events of their age, also those of what is no application', async () => {
  await keepFor({ days_of_events_retention_limit: 10 })
  const insert = (application: string, days: number) =>
    client.query(
      `INSERT INTO rejections (rejection_id, ledger_seq, application_id, problem_id, status, detail, published_at, rejected_at)
       VALUES (gen_random_uuid(), 1, $1, 'Forbidden', 403, '', now(), now() - make_interval(days => $2))`,
      [application, days],
    )
  await Promise.all([insert(app, 11), insert(app, 9), insert('nothing', 11), insert('nothing', 400)])
  const left = await until('the old ones are gone', async () => {
    const { rows } = await client.query<{ application_id: string }>('SELECT application_id FROM rejections')
    return rows.length === 2 && rows.map(({ application_id }) => application_id).sort()
  })
  assert.deepEqual(left, [app, 'nothing'].sort())
})

test('a warning comes well before a stream drops what is not read, or dead letters expire', async () => {
  await keepFor({})
  await stack.api.send({ labels: { to: 'gone' } })
  const orm = await connectPostgres(stack.servers.databaseUrl)
  const nats = await connectNats(stack.servers.natsUrl, 'test', testLogger)
  const { limits } = cleanerConfig(loadSettings({}))
  await until('it is dead', async () => (await counts())['dead_letters'] === 1)
  const letters = (nowMs: number) => expiringDeadLetters(orm, { nowMs, ...limits })
  const day = 86_400_000
  assert.deepEqual(await letters(Date.now() + 20 * day), [])
  const [expiring] = await letters(Date.now() + 25 * day)
  assert.deepEqual([expiring?.application_id, expiring?.count], [app, 1])
  const warnings = (nowMs: number) => unreadWarnings({ nats, orm }, { nowMs, ...limits })
  await until('all is read', async () => (await warnings(Date.now() + 80 * day)).length === 0)
  await client.query(`UPDATE projection_checkpoints SET seq = 1 WHERE name = 'ledger'`)
  assert.deepEqual(await warnings(Date.now() + 60 * day), [])
  assert.match(
    (await warnings(Date.now() + 80 * day)).join(),
    /the projection ledger is far behind: in 2\d\d hours LEDGER/,
  )
  await nats.connection.close()
  await orm.close()
})
