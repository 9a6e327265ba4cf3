import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { streamsOf } from '#scripts/verify/read-streams.ts'
import { verifyLedger } from '#scripts/verify/verify-ledger.ts'
import type { JobAnswer } from '#shared/contract/job-schemas.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { testLogger } from '../support/nats.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let receiver: Receiver
let app: string

before(async () => {
  stack = await startStack()
  app = stack.credentials.application_id
  const failed = new Set<string>()
  receiver = await startReceiver(({ path, headers }) => {
    const eventId = String(headers['x-event-id'])
    if (path !== '/flaky' || failed.has(eventId)) return { status: 200 }
    failed.add(eventId)
    return { status: 503 }
  })
  await Promise.all([stack.api.createEventType(), stack.api.createEventType('a.b.d')])
})
after(async () => {
  await stack?.close()
  await receiver?.close()
})

const post = <T = JobAnswer>(path: string, body: Record<string, unknown>) =>
  stack.api.call<T>('POST', path, { application_id: app, ...body })
const jobOf = async (id: string) =>
  (await stack.api.call<JobAnswer>('GET', `/replays/${id}?application_id=${app}`)).body
const untilStatus = (id: string, status: JobAnswer['status']) =>
  until(`the replay is ${status}`, async () => {
    const job = await jobOf(id)
    return job.status === status && job
  })
const received = (path: string) => receiver.requests.filter((request) => request.path === path)
/** Resolves when they are matched, too: a subscription that is made then has nothing to do with them. */
async function send(count: number, more: Record<string, unknown>): Promise<string[]> {
  const eventIds = await Promise.all(Array.from({ length: count }, () => stack.api.send(more)))
  await until('they are matched', async () => {
    const { headers } = await stack.api.call('GET', `/events?application_id=${app}&limit=1`)
    return headers.get('jethook-read-model') === 'current'
  })
  return eventIds
}

test('what a new subscription has missed is counted, and sent to it alone once that is confirmed', async () => {
  const labels = { case: 'new' }
  await stack.api.subscribe(`${receiver.url}/old`, { labels })
  const eventIds = await send(20, { labels })
  await receiver.waitFor(() => received('/old').length === 20)
  const { subscription_id } = await stack.api.subscribe(`${receiver.url}/new`, { labels })
  const { status, body: made } = await post('/replays', { subscription_ids: [subscription_id], labels })
  assert.equal(status, 201)
  const job = await untilStatus(made.job_id, 'preview')
  assert.equal(job.preview?.count, 20)
  assert.equal(job.preview?.events, 20)
  assert.equal(job.preview?.payload_bytes, 20 * 7)
  assert.deepEqual(job.preview?.subscriptions, [{ subscription_id, count: 20 }])
  assert.equal(received('/new').length, 0)
  await post(`/replays/${job.job_id}/confirm`, {})
  await receiver.waitFor(() => received('/new').length === 20)
  const done = await until('all are recorded', async () => {
    const now = await jobOf(job.job_id)
    return now.status === 'done' && now.progress.succeeded === 20 && now
  })
  assert.deepEqual([done.status, done.progress.done, done.progress.left], ['done', 20, 0])
  assert.equal(received('/old').length, 20)
  const ids = received('/new').map(({ headers }) => String(headers['x-event-id']))
  assert.deepEqual(new Set(ids), new Set(eventIds))
  assert.ok(received('/new').every(({ headers }) => headers['x-jethook-replay'] === job.job_id))
  assert.ok(received('/old').every(({ headers }) => headers['x-jethook-replay'] === undefined))
  const attempts = await stack.api.attempts({ subscription_id, limit: '100' })
  assert.ok(attempts.every(({ replay_id }) => replay_id === job.job_id))
})

test('a replay keeps to types, labels, times and places, and makes deliveries beside the earlier ones', async () => {
  const labels = { case: 'selected' }
  await stack.api.subscribe(`${receiver.url}/selected`, { labels, event_types: ['a.b.c', 'a.b.d'] })
  await send(3, { labels: { ...labels, color: 'red' } })
  await send(4, { labels, event_type: 'a.b.d' })
  await receiver.waitFor(() => received('/selected').length === 7)
  await delay(2)
  const between = new Date().toISOString()
  await delay(2)
  await send(5, { labels })
  await receiver.waitFor(() => received('/selected').length === 12)
  const countOf = async (more: Record<string, unknown>) => {
    const { body } = await post('/replays', { labels, ...more })
    return (await untilStatus(body.job_id, 'preview')).preview?.count
  }
  assert.equal(await countOf({}), 12)
  assert.equal(await countOf({ event_types: ['a.b.d'] }), 4)
  assert.equal(await countOf({ event_types: ['a.*.d', 'a.b.c'] }), 12)
  assert.equal(await countOf({ labels: { ...labels, color: 'red' } }), 3)
  assert.equal(await countOf({ received_to: between }), 7)
  assert.equal(await countOf({ received_from: between }), 5)
  const all = await post('/replays', { labels })
  const { to_seq: last } = (await untilStatus(all.body.job_id, 'preview')).selection as { to_seq: number }
  assert.equal(await countOf({ from_seq: last - 2 }), 3)
  assert.equal(await countOf({ to_seq: last - 2 }), 10)
  assert.equal(await countOf({ only_undelivered: true }), 0)
  const { body } = await post('/replays', { labels, event_types: ['a.b.d'], confirm: true })
  await receiver.waitFor(() => received('/selected').length === 16)
  assert.equal((await untilStatus(body.job_id, 'done')).progress.done, 4)
})

test('retries of a replayed delivery bear its mark too', async () => {
  const labels = { case: 'flaky' }
  await send(3, { labels })
  await stack.api.subscribe(`${receiver.url}/flaky`, { labels })
  const { body } = await post('/replays', { labels, confirm: true })
  await receiver.waitFor(() => received('/flaky').length === 6)
  assert.ok(received('/flaky').every(({ headers }) => headers['x-jethook-replay'] === body.job_id))
})

test('only what was never delivered: events of the time when it was disabled', async () => {
  const labels = { case: 'gap' }
  const subscription = await stack.api.subscribe(`${receiver.url}/gap`, { labels })
  await send(4, { labels })
  await receiver.waitFor(() => received('/gap').length === 4)
  const state = stack.api.subscriptionPost(`${receiver.url}/gap`, { labels })
  const path = `/subscriptions/${subscription.subscription_id}`
  await stack.api.call('PUT', path, { ...state, is_enabled: false })
  const missed = await send(6, { labels })
  const refused = await post<{ id: string }>('/replays', { subscription_ids: [subscription.subscription_id] })
  assert.deepEqual([refused.status, refused.body.id], [422, 'Validation'])
  await stack.api.call('PUT', path, state)
  await send(3, { labels })
  await receiver.waitFor(() => received('/gap').length === 7)
  const { body } = await post('/replays', { labels, only_undelivered: true, confirm: true })
  const done = await untilStatus(body.job_id, 'done')
  assert.equal(done.progress.done, 6)
  await receiver.waitFor(() => received('/gap').length === 13)
  const again = received('/gap').filter(({ headers }) => headers['x-jethook-replay'] !== undefined)
  assert.deepEqual(new Set(again.map(({ headers }) => headers['x-event-id'])), new Set(missed))
})

test('what waits for its time or was withdrawn is not replayed', async () => {
  const labels = { case: 'later' }
  await stack.api.subscribe(`${receiver.url}/later`, { labels })
  const withdrawn = await stack.api.send({ labels, delay_ms: 3_600_000 })
  await stack.api.send({ labels, delay_ms: 3_600_000 })
  await stack.api.send({ labels })
  assert.equal((await post(`/events/${withdrawn}/cancel`, {})).status, 204)
  const { body } = await post('/replays', { labels })
  assert.equal((await untilStatus(body.job_id, 'preview')).preview?.count, 1)
})

test('a replay keeps its rate, stops within a second when it is cancelled, and goes on when it was paused', async () => {
  const labels = { case: 'rate' }
  await send(300, { labels })
  await stack.api.subscribe(`${receiver.url}/rate`, { labels })
  const { body: job } = await post('/replays', { labels, confirm: true, rate_per_second: 100 })
  await receiver.waitFor(() => received('/rate').length >= 50)
  const paused = await post(`/replays/${job.job_id}/pause`, {})
  assert.equal(paused.body.status, 'paused')
  const stands = await until('it stands', async () => {
    const { progress } = await jobOf(job.job_id)
    const { done, succeeded, under_way } = progress
    return under_way === 0 && done === received('/rate').length && succeeded === done && progress
  })
  await post(`/replays/${job.job_id}/resume`, {})
  await receiver.waitFor(() => received('/rate').length >= stands.done + 50)
  await post(`/replays/${job.job_id}/cancel`, {})
  const atCancel = received('/rate').length
  const done = await until('it stands', async () => {
    const now = await jobOf(job.job_id)
    return now.progress.under_way === 0 && now.progress.succeeded === received('/rate').length && now.progress
  })
  assert.ok(received('/rate').length - atCancel < 100, 'less than what a second brings')
  assert.ok(done.succeeded! < 300)
  const ids = received('/rate').map(({ headers }) => headers['x-event-id'])
  assert.equal(new Set(ids).size, ids.length, 'each once')
})

test('paused in its last batch, or resumed at once, a replay leaves nothing out', async () => {
  const labels = { case: 'last batch' }
  await send(5, { labels })
  await stack.api.subscribe(`${receiver.url}/last-batch`, { labels })
  const { body: job } = await post('/replays', { labels, confirm: true, rate_per_second: 10 })
  await receiver.waitFor(() => received('/last-batch').length > 0)
  await post(`/replays/${job.job_id}/pause`, {})
  await post(`/replays/${job.job_id}/resume`, {})
  await receiver.waitFor(() => received('/last-batch').length > 1)
  await post(`/replays/${job.job_id}/pause`, {})
  await until('it stands', async () => {
    const { progress } = await jobOf(job.job_id)
    return progress.under_way === 0 && progress.done === received('/last-batch').length
  })
  const { status } = await jobOf(job.job_id)
  // On a slow machine the last one may have been sent before the pause came.
  assert.ok(status === 'paused' || (status === 'done' && received('/last-batch').length === 5), status)
  await post(`/replays/${job.job_id}/resume`, {})
  assert.equal((await untilStatus(job.job_id, 'done')).progress.done, 5)
  await receiver.waitFor(() => received('/last-batch').length === 5)
})

test('a restart in the middle repeats nothing and skips nothing', async () => {
  const labels = { case: 'restart' }
  const eventIds = await send(200, { labels })
  await stack.api.subscribe(`${receiver.url}/restart`, { labels })
  const { body: job } = await post('/replays', { labels, confirm: true, rate_per_second: 200 })
  await receiver.waitFor(() => received('/restart').length >= 40)
  await stack.restart()
  const done = await untilStatus(job.job_id, 'done')
  assert.equal(done.progress.done, 200)
  await receiver.waitFor(() => received('/restart').length >= 200)
  const ids = received('/restart').map(({ headers }) => String(headers['x-event-id']))
  assert.deepEqual(new Set(ids), new Set(eventIds))
})

test('a replay works with the read model gone', async () => {
  const labels = { case: 'no rows' }
  const [eventId] = await send(10, { labels })
  await stack.api.subscribe(`${receiver.url}/gone`, { labels })
  const client = new pg.Client({ connectionString: stack.servers.databaseUrl })
  await client.connect()
  // The projections are writing.
  await until('it is gone', () =>
    client.query('DROP SCHEMA public CASCADE').then(
      () => true,
      () => false,
    ),
  )
  await client.end()
  const { status, body: job } = await post('/replays', { labels, confirm: true })
  assert.equal(status, 201)
  await receiver.waitFor(() => received('/gone').length === 10)
  const done = await untilStatus(job.job_id, 'done')
  assert.deepEqual([done.progress.done, done.progress.succeeded], [10, null])
  assert.equal((await post(`/events/${eventId}/replay`, {})).status, 204)
  await receiver.waitFor(() => received('/gone').length === 11)
  assert.equal(received('/gone').at(-1)?.headers['x-event-id'], eventId)
  assert.notEqual(received('/gone').at(-1)?.headers['x-jethook-replay'], job.job_id)
  const unknown = await post<{ id: string }>(`/events/${crypto.randomUUID()}/replay`, {})
  assert.ok(unknown.status >= 500, 'nobody can tell')
})

test('the streams bear it all out', async () => {
  const nats = await connectNats(stack.servers.natsUrl, 'test', testLogger)
  // What a receiver got a moment ago may not be recorded yet.
  const report = await until('nothing is open', async () => {
    const now = await verifyLedger({ ...streamsOf(nats), isQuiet: true, retriesMax: 2, cancelGraceMs: 1_000 })
    return now.open === 0 && now
  })
  await nats.connection.close()
  assert.deepEqual(report.violations, [])
})
