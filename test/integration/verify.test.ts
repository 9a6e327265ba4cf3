import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { compareReadModel } from '#scripts/verify/read-model.ts'
import { streamsOf } from '#scripts/verify/read-streams.ts'
import { type ReceivedRequest, verifyLedger } from '#scripts/verify/verify-ledger.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { createApplication, registerUser } from '../support/accounts.ts'
import { testLogger } from '../support/nats.ts'
import { startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { eventPost, subscriptionPost } from '../support/world.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
})
after(() => stack?.close())

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
  await asOwner('DELETE', `/applications/${applicationId}`)
  await api.call(
    'DELETE',
    `/subscriptions/${subscriptions[3]!.subscription_id}?application_id=${stack.credentials.application_id}`,
  )

  const client = new pg.Client({ connectionString: stack.servers.databaseUrl })
  await client.connect()
  await until('all has ended', async () => {
    const { rows } = await client.query(
      `SELECT (SELECT count(*) FROM deliveries WHERE status = 'pending') + (SELECT count(*) FROM postponed_events WHERE status = 'waiting') AS open`,
    )
    return Number(rows[0].open) === 0
  })
  await client.end()
  const nats = await connectNats(stack.servers.natsUrl, 'verify', testLogger)
  const report = await verifyLedger({
    ...streamsOf(nats),
    accepted,
    received,
    isQuiet: true,
    retriesMax: 2,
    cancelGraceMs: 15_000,
  })
  await nats.connection.close()
  await receiver.close()
  assert.deepEqual(report.violations, [])
  assert.equal(report.events, accepted.length)
  assert.ok(report.succeeded > 30 && report.deadLettered > 3 && report.cancelled > 0, JSON.stringify(report))
  assert.deepEqual(await compareReadModel(stack.servers.databaseUrl, report), [])
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
