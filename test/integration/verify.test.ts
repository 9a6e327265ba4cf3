import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { compareRows } from '#scripts/verify/compare-rows.ts'
import { findLeaks } from '#scripts/verify/find-leaks.ts'
import { historiesOf } from '#scripts/verify/history.ts'
import { compareReadModel } from '#scripts/verify/read-model.ts'
import { streamsOf } from '#scripts/verify/read-streams.ts'
import { readServerState } from '#scripts/verify/server-state.ts'
import { type ReceivedRequest, verifyLedger } from '#scripts/verify/verify-ledger.ts'
import { createSecretBox } from '#shared/domain/secret-box.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import { readSecretKeys } from '#shared/runtime/secret-key.ts'
import { createApplication, registerUser } from '../support/accounts.ts'
import { isAtRest } from '../support/at-rest.ts'
import { testLogger } from '../support/nats.ts'
import { startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { eventPost, subscriptionPost } from '../support/world.ts'

let stack: Stack
let nats: Nats
before(async () => {
  stack = await startStack()
  nats = await connectNats(stack.servers.natsUrl, 'verify', testLogger)
})
after(async () => {
  await nats?.connection.close()
  await stack?.close()
})

test('a system that has done a bit of everything keeps all its promises, and its read model agrees', async () => {
  const { api } = stack
  const received: ReceivedRequest[] = []
  const receiver = await startReceiver(({ headers, body, path }, count) => {
    const status = count % 5 === 0 ? 503 : count % 7 === 0 ? 404 : 200
    const sha256 = createHash('sha256').update(body).digest('hex')
    received.push({ eventId: String(headers['x-event-id']), subscriptionId: path.slice(1), status, sha256 })
    return { status }
  })
  await api.createEventType()
  await api.createEventType('x.y.z')
  // The receiver learns a subscription's id by its address, which names it after the first edit.
  const subscribe = async (more: Record<string, unknown> = {}) => {
    const { subscription_id } = await api.subscribe(receiver.url, { labels: { never: 'yet' }, ...more })
    const put = api.subscriptionPost(`${receiver.url}/${subscription_id}`, { labels: { all: 'yes' }, ...more })
    await api.call('PUT', `/subscriptions/${subscription_id}`, put)
    return { subscription_id, put }
  }
  const subscriptions = await Promise.all([
    subscribe(),
    subscribe({ event_types: ['*.*.z'] }),
    subscribe({ event_types: ['a.**'], filter: { 'payload.n': { $gt: 10 } } }),
    subscribe({ labels: { tenant: '1' } }),
  ])
  const accepted: string[] = []
  const send = async (more: Record<string, unknown> = {}) => accepted.push(await api.send(more))
  for (let i = 0; i < 30; i++) {
    await Promise.all([
      send({ payload: `{"n":${i}}` }),
      send({ event_type: 'x.y.z', labels: { all: 'yes', tenant: String(i % 2) } }),
      send({ labels: { nobody: 'wants it' } }),
    ])
    // Edits, so that CONTROL forgets earlier states while events are matched.
    const { subscription_id, put } = subscriptions[i % 4]!
    await api.call('PUT', `/subscriptions/${subscription_id}`, {
      ...put,
      is_enabled: i % 10 !== 3 || i > 20,
      description: `edit ${i}`,
    })
  }
  await send({ delay_ms: 300 })
  await send({ delay_ms: 60_000 })
  await api.call('POST', `/events/${accepted.at(-1)}/cancel`, { application_id: stack.credentials.application_id })
  await api.call('POST', `/events/${accepted[0]}/replay`, { application_id: stack.credentials.application_id })
  const owner = await registerUser(api)
  const { applicationId } = await createApplication(api, owner)
  const asOwner = (method: string, path: string, body?: unknown) =>
    api.call<{ event_id: string }>(method, path, body, owner.authorization)
  await asOwner('POST', '/event_types', { application_id: applicationId, service: 'a', resource_type: 'b', verb: 'c' })
  await asOwner('POST', '/subscriptions', {
    ...subscriptionPost(applicationId, 'http://127.0.0.1:1/'),
    retry_policy: { schedule: ['1h'] },
  })
  accepted.push((await asOwner('POST', '/event', eventPost(applicationId))).body.event_id)
  // Matching goes by what is there when it comes to the event.
  await until('it has a delivery', async () => {
    const { body } = await asOwner('GET', `/request_attempts?application_id=${applicationId}`)
    return Array.isArray(body) && body.length > 0
  })
  await asOwner('DELETE', `/applications/${applicationId}`)
  await api.call(
    'DELETE',
    `/subscriptions/${subscriptions[3]!.subscription_id}?application_id=${stack.credentials.application_id}`,
  )

  const client = new pg.Client({ connectionString: stack.servers.databaseUrl })
  await client.connect()
  await until('all has ended', () => isAtRest(client, accepted.length))
  await client.end()
  const report = await verifyLedger({
    ...streamsOf(nats),
    accepted,
    received,
    isQuiet: true,
    retriesMax: 2,
    cancelGraceMs: 15_000,
    serverState: () => readServerState(nats, true),
  })
  await receiver.close()
  assert.deepEqual(report.violations, [])
  assert.equal(report.events, accepted.length)
  assert.ok(report.succeeded > 30 && report.deadLettered > 3 && report.cancelled > 0, JSON.stringify(report))
  assert.deepEqual(await compareReadModel(stack.servers.databaseUrl, report), [])
  assert.deepEqual(await rowsThatDiffer(), [])
  assert.equal(report.tenants.size, 2)
  const { secrets, violations } = await leaks()
  assert.ok(secrets >= subscriptions.length, `${secrets} secrets were looked for`)
  assert.deepEqual(violations, [])
})

const rowsThatDiffer = (isQuiet = true) => compareRows({ nats, databaseUrl: stack.servers.databaseUrl, isQuiet })

async function leaks(canaries: string[] = []) {
  const secretBox = createSecretBox(await readSecretKeys(loadSettings({ JETHOOK_HOME: stack.home })))
  const { databaseUrl } = stack.servers
  return findLeaks({ nats, secretBox, databaseUrl, canaries, logFolder: `${stack.home}/logs` })
}

/** Does `sql`, and takes it back when `look` has looked. */
async function whileSpoilt(sql: string, undo: string, look: () => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: stack.servers.databaseUrl })
  await client.connect()
  try {
    await client.query(sql)
    await look()
    await client.query(undo)
  } finally {
    await client.end()
  }
}

test('a row that is missing, another one, or one too many is found, and so is a checkpoint that can’t be', async () => {
  const copy = 'CREATE TEMP TABLE kept AS SELECT * FROM dead_letters'
  const restore = 'TRUNCATE dead_letters; INSERT INTO dead_letters SELECT * FROM kept; DROP TABLE kept'
  const first = 'delivery_id = (SELECT min(delivery_id::text)::uuid FROM dead_letters)'
  await whileSpoilt(`${copy}; DELETE FROM dead_letters WHERE ${first}`, restore, async () => {
    const [found, ...more] = await rowsThatDiffer()
    assert.deepEqual([found?.invariant, found?.detail, more], ['I12', 'is missing', []])
  })
  await whileSpoilt(
    `UPDATE deliveries SET status = 'pending', finished_at = NULL WHERE status = 'succeeded'`,
    `UPDATE deliveries d SET status = 'succeeded', finished_at = a.succeeded_at FROM attempts a
     WHERE a.delivery_id = d.delivery_id AND a.outcome = 'success' AND d.status = 'pending'`,
    async () => {
      const found = await rowsThatDiffer()
      assert.equal(found.length, 5)
      assert.match(found[0]!.detail, /^differs in status, finished_at$/)
      assert.match(found[4]!.detail, /and so \d+ more/)
    },
  )
  const extra = `INSERT INTO event_counts VALUES ('nobody', '2026-01-01', 1)`
  await whileSpoilt(extra, `DELETE FROM event_counts WHERE application_id = 'nobody'`, async () => {
    const found = await rowsThatDiffer()
    assert.deepEqual(
      found.map(({ invariant, detail }) => [invariant, detail]),
      [['I12', 'is there, though no fact calls for it']],
    )
  })
  const beyond = `UPDATE projection_checkpoints SET seq = seq + 1000 WHERE name = 'events'`
  await whileSpoilt(beyond, beyond.replace('+', '-'), async () => {
    const [found] = await rowsThatDiffer(false)
    assert.deepEqual([found?.invariant, found?.subject], ['I13', 'projection events'])
  })
  assert.deepEqual(await rowsThatDiffer(), [])
})

test('a secret in a row or in a fact is found, by its owner and place, and is not said', async () => {
  const { subscription_id, secret } = await stack.api.subscribe('http://127.0.0.1:1/', { labels: { no: 'body' } })
  await whileSpoilt(
    `UPDATE attempts SET error_message = 'signed with ${secret}' WHERE attempt_id = (SELECT attempt_id FROM attempts LIMIT 1)`,
    `UPDATE attempts SET error_message = NULL WHERE error_message LIKE 'signed with%'`,
    async () => {
      const { violations } = await leaks()
      assert.deepEqual(violations, [
        {
          invariant: 'I18',
          subject: 'a row of attempts',
          detail: `holds a secret of subscription:${subscription_id} in clear`,
        },
      ])
    },
  )
  const description = 'a-canary-in-a-description'
  await stack.api.subscribe('http://127.0.0.1:1/', { labels: { no: 'body' }, description })
  const violations = await until('it is found in a row, too', async () => {
    const found = (await leaks([description])).violations
    return found.some(({ subject }) => subject === 'a row of subscriptions') && found
  })
  assert.ok(violations.some(({ subject }) => /^CONTROL \d+$/.test(subject)))
  assert.ok(!JSON.stringify(violations).includes(description))
})

test('of what a violation is about, its history is told', async () => {
  const attempts = await stack.api.attempts({})
  const first = attempts.find(({ attempt_number, status_code }) => attempt_number === 1 && status_code === 200)
  const subject = `event ${first!.event_id}`
  const violation = { invariant: 'I1', subject, detail: '' } as const
  const histories = await historiesOf([violation], streamsOf(nats).ledger)
  const lines = histories.get(subject)!
  assert.match(lines[0]!, /^LEDGER \d+ {2}\S+ delivery \S+ to \S+, matched with CONTROL \d+$/)
  assert.ok(lines.some((line) => /attempt 1 to \S+: 200, succeeded$/.test(line)))
})

test('a million facts are verified in less than 512 MiB', { timeout: 120_000 }, async (t) => {
  const script = fileURLToPath(new URL('verify-million.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [script])
  const told = JSON.parse(stdout) as { violations: number; succeeded: number; maxRssMiB: number; seconds: number }
  t.diagnostic(stdout)
  assert.equal(told.violations, 0)
  assert.ok(told.succeeded > 490_000)
  assert.ok(told.maxRssMiB < 512, stdout)
})
