import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { AuditEntryAnswer } from '#shared/contract/account-schemas.ts'
import type { SubscriptionStatus } from '#shared/contract/delivery-options.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type { SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { begunOf } from '../support/begun.ts'
import { type Reaction, type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

/** What a subscription's owner can do to the flow of its deliveries: pace, pause, cancel, and what receivers ask for. */
let stack: Stack
let app: string
const receivers: Receiver[] = []
let labelCount = 0

before(async () => {
  stack = await startStack({ BREAKER_FAILURES: '3', BREAKER_PROBE_MS: '300', MAX_RETRIES: '20' })
  app = stack.credentials.application_id
  await stack.api.createEventType()
})
after(async () => {
  await stack?.close()
  await Promise.all(receivers.map((receiver) => receiver.close()))
})

interface Subscribed {
  id: string
  receiver: Receiver
  labels: Record<string, string>
  answer: SubscriptionAnswer
}

async function subscribe(
  more: Record<string, unknown> = {},
  react?: (request: ReceivedRequest, count: number) => Reaction,
): Promise<Subscribed> {
  const receiver = await startReceiver(react)
  receivers.push(receiver)
  const labels = { own: `${++labelCount}` }
  const answer = await stack.api.subscribe(receiver.url, { labels, ...more })
  return { id: answer.subscription_id, receiver, labels, answer }
}

const post = <T = ProblemDocument>(path: string, more: Record<string, unknown> = {}) =>
  stack.api.call<T>('POST', path, { application_id: app, ...more })
const sendMany = (labels: Record<string, string>, count: number) =>
  Promise.all(Array.from({ length: count }, () => stack.api.send({ labels })))
const statusOf = async (id: string) =>
  (await stack.api.call<SubscriptionStatus>('GET', `/subscriptions/${id}/status?application_id=${app}`)).body
const outcomesOf = async (query: Record<string, string>) =>
  (await stack.api.attempts(query)).map(({ outcome }) => outcome)

// -- pace ------------------------------------------------------------------------------------------------------------

test('no more requests are under way than a subscription allows, and no more in a second', async () => {
  const counting = await subscribe({ max_concurrency: 2 }, () => 'hang')
  assert.equal(counting.answer.max_concurrency, 2)
  await sendMany(counting.labels, 6)
  await counting.receiver.waitFor((requests) => requests.length === 2)
  const paced = await subscribe({ rate_limit: { requests: 20, per: 'second' } })
  assert.deepEqual(paced.answer.rate_limit, { requests: 20, per: 'second' })
  await sendMany(paced.labels, 20)
  await paced.receiver.waitFor((requests) => requests.length === 20)
  const times = await begunOf(stack.api, paced.id, 20)
  // Two may go at once: the other 18 take a twentieth of a second each.
  assert.ok(times.at(-1)! - times[0]! >= 800, `20 requests within ${times.at(-1)! - times[0]!} ms`)
  assert.equal(counting.receiver.requests.length, 2)
  await stack.api.call('DELETE', `/subscriptions/${counting.id}?application_id=${app}`)
})

test('options that make no sense are refused with a sentence', async () => {
  const cases: Record<string, unknown>[] = [
    { max_concurrency: 0 },
    { rate_limit: { requests: 0, per: 'second' } },
    { ordering: { by: 'label' } },
    { ordering: { by: 'field', field: 'customer' } },
    { handshake: { request_rate: 0 } },
  ]
  for (const more of cases) {
    const { status, body } = await post('/subscriptions', stack.api.subscriptionPost('http://127.0.0.1:1/', more))
    assert.equal(`${status} ${body.id}`, '422 Validation', JSON.stringify(more))
    assert.match(body.detail, /must be|give/)
  }
})

test('a breaker that is open is seen, and so is what waits behind it', async () => {
  let isWell = false
  const { id, receiver, labels } = await subscribe({}, () => ({ status: isWell ? 200 : 500 }))
  const ids = await sendMany(labels, 8)
  const open = await until('the breaker is open', async () => {
    const status = await statusOf(id)
    return status.breaker.state === 'open' && status.backlog.parked + status.backlog.scheduled > 0 && status
  })
  assert.equal(open.breaker.reason, 'failures')
  assert.ok(open.breaker.since)
  isWell = true
  await receiver.waitFor(
    (requests) => new Set(requests.map(({ headers }) => headers['x-event-id'])).size === ids.length,
  )
  await until('the breaker is closed', async () => (await statusOf(id)).breaker.state === 'closed')
})

// -- pause -----------------------------------------------------------------------------------------------------------

test('a paused subscription gets nothing and uses up no attempt; resumed, it is drained at the rate that is asked for', async () => {
  const { id, receiver, labels } = await subscribe()
  const paused = await post<SubscriptionAnswer>(`/subscriptions/${id}/pause`)
  assert.equal(paused.status, 200)
  assert.ok(paused.body.paused_at)
  assert.equal((await post<SubscriptionAnswer>(`/subscriptions/${id}/pause`)).body.paused_at, paused.body.paused_at)
  const ids = await sendMany(labels, 20)
  await until('all are parked', async () => (await statusOf(id)).backlog.parked === 20)
  // An edit is no resumption.
  const edit = stack.api.subscriptionPost(receiver.url, { labels, description: 'edited' })
  const edited = await stack.api.call<SubscriptionAnswer>('PUT', `/subscriptions/${id}`, edit)
  assert.equal(edited.body.paused_at, paused.body.paused_at)
  assert.equal(receiver.requests.length, 0)
  const resumed = await post<SubscriptionAnswer>(`/subscriptions/${id}/resume`, { drain_per_second: 20 })
  assert.equal(resumed.body.paused_at, undefined)
  assert.equal(resumed.body.drain_per_second, 20)
  await receiver.waitFor((requests) => requests.length === 20)
  const times = await begunOf(stack.api, id, 20)
  assert.ok(times.at(-1)! - times[0]! >= 800, `20 requests within ${times.at(-1)! - times[0]!} ms`)
  assert.deepEqual(receiver.requests.map(({ headers }) => headers['x-event-id']).sort(), ids.toSorted())
  await until(
    'all are recorded',
    async () => (await outcomesOf({ subscription_id: id, outcome: 'success' })).length === 20,
  )
  assert.ok((await stack.api.attempts({ subscription_id: id })).every(({ attempt_number }) => attempt_number === 1))
  assert.equal((await post(`/subscriptions/${id}/resume`, { drain_per_second: 0 })).status, 422)
})

test('what is disabled is cancelled, and its events can be replayed', async () => {
  const { id, receiver, labels } = await subscribe({ max_retries: 20 }, () => ({
    status: 503,
    headers: { 'retry-after': '3600' },
  }))
  const eventId = await stack.api.send({ labels })
  await until(
    'it has failed once',
    async () => (await outcomesOf({ event_id: eventId, outcome: 'failed' })).length === 1,
  )
  const off = stack.api.subscriptionPost(receiver.url, { labels, is_enabled: false })
  assert.equal((await stack.api.call('PUT', `/subscriptions/${id}`, off)).status, 200)
  assert.deepEqual((await outcomesOf({ event_id: eventId })).sort(), ['cancelled', 'failed'])
  await until('nothing waits any more', async () => (await statusOf(id)).backlog.scheduled === 0)
  const better = await startReceiver()
  receivers.push(better)
  const on = stack.api.subscriptionPost(better.url, { labels })
  assert.equal((await stack.api.call('PUT', `/subscriptions/${id}`, on)).status, 200)
  assert.equal((await post(`/events/${eventId}/replay`)).status, 204)
  await better.waitFor((requests) => requests[0]?.headers['x-event-id'] === eventId)
})

// -- what receivers ask for ------------------------------------------------------------------------------------------

for (const { name, header } of [
  { name: 'seconds', header: () => '6' },
  { name: 'a date', header: () => new Date(Date.now() + 6_000).toUTCString() },
]) {
  test(`Retry-After in ${name} holds the whole subscription back, and no other`, async () => {
    let isBusy = true
    let untilMs = 0
    const { id, receiver, labels } = await subscribe({ max_concurrency: 1 }, () => {
      if (!isBusy) return { status: 200 }
      isBusy = false
      const value = header()
      untilMs = /^\d+$/.test(value) ? Date.now() + Number(value) * 1_000 : Date.parse(value)
      return { status: 429, headers: { 'retry-after': value } }
    })
    const unharmed = await subscribe()
    const [first] = await sendMany(labels, 1)
    await receiver.waitFor((requests) => requests.length === 1)
    await until('it is held', async () => (await statusOf(id)).held_until !== null)
    const others = await sendMany(labels, 3)
    await sendMany(unharmed.labels, 1)
    await unharmed.receiver.waitFor((requests) => requests.length === 1)
    assert.ok(Date.now() < untilMs)
    await receiver.waitFor((requests) => requests.length === 5)
    const [, ...later] = receiver.requests
    assert.ok(later.every(({ atMs }) => atMs >= untilMs - 50))
    assert.deepEqual(new Set(later.map(({ headers }) => headers['x-event-id'])), new Set([first, ...others]))
  })
}

test('a subscription whose receiver says 410 is disabled at once, unless it is to be tried again', async () => {
  const { id, labels } = await subscribe({}, () => ({ status: 410 }))
  const kept = await subscribe({ retry_policy: { retryable_statuses: [410], schedule: ['1h'] } }, () => ({
    status: 410,
  }))
  const [eventId] = await Promise.all([stack.api.send({ labels }), stack.api.send({ labels: kept.labels })])
  const get = async (which: string) => (await stack.api.call<SubscriptionAnswer>('GET', `/subscriptions/${which}`)).body
  await until('it is disabled', async () => !(await get(id)).is_enabled)
  assert.equal((await get(id)).disabled_because?.reason, 'gone')
  // The delivery that found out is a dead letter: it can be sent again.
  assert.deepEqual(await outcomesOf({ event_id: eventId }), ['failed'])
  await until(
    'it was tried',
    async () => (await outcomesOf({ subscription_id: kept.id, outcome: 'failed' })).length === 1,
  )
  assert.equal((await get(kept.id)).is_enabled, true)
})

// -- cancelling ------------------------------------------------------------------------------------------------------

const deliveryOf = async (eventId: string, subscriptionId: string) =>
  until('the delivery', async () => {
    const [attempt] = await stack.api.attempts({ event_id: eventId, subscription_id: subscriptionId })
    return attempt?.delivery_id
  })

test('a delivery that waits for its retry is cancelled, and nothing is sent for it any more', async () => {
  const { id, receiver, labels } = await subscribe({ retry_policy: { schedule: ['400ms'], jitter_ratio: 0 } }, () => ({
    status: 500,
  }))
  const eventId = await stack.api.send({ labels })
  await receiver.waitFor((requests) => requests.length >= 1)
  const deliveryId = await deliveryOf(eventId, id)
  assert.equal((await post(`/deliveries/${deliveryId}/cancel`)).status, 204)
  const count = receiver.requests.length
  const path = `/dead_letters?application_id=${app}&event_id=${eventId}`
  const letters = await stack.api.call<{ cause: string }[]>('GET', path)
  assert.deepEqual(
    letters.body.map(({ cause }) => cause),
    ['cancelled'],
  )
  assert.equal((await post(`/deliveries/${deliveryId}/cancel`)).status, 204)
  // Another delivery of the same subscription comes in its time; by then the cancelled one would have been tried again.
  const other = await stack.api.send({ labels })
  await receiver.waitFor((requests) => requests.filter(({ headers }) => headers['x-event-id'] === other).length >= 3)
  assert.ok(receiver.requests.filter(({ headers }) => headers['x-event-id'] === eventId).length <= count + 1)
  assert.ok((await outcomesOf({ event_id: eventId })).every((outcome) => outcome !== null))
  assert.equal((await post(`/subscriptions/${id}/deliveries/cancel`)).status, 204)
  await until('nothing waits', async () => (await statusOf(id)).backlog.scheduled === 0)
})

test('a request that is on the wire when its delivery is cancelled is recorded with its true answer, and nothing follows', async () => {
  const server = await startReceiver(() => 'hang')
  receivers.push(server)
  const labels = { own: `${++labelCount}` }
  const { subscription_id: id } = await stack.api.subscribe(server.url, {
    labels,
    retry_policy: { timeout_ms: 5_000, schedule: ['100ms'], jitter_ratio: 0 },
  })
  const eventId = await stack.api.send({ labels })
  await server.waitFor((requests) => requests.length === 1)
  assert.equal((await post(`/deliveries/${await deliveryOf(eventId, id)}/cancel`)).status, 204)
  const attempt = await until('it is recorded', async () => {
    const [only, ...more] = await stack.api.attempts({ event_id: eventId })
    assert.equal(more.length, 0)
    return only?.outcome === 'timeout' && only
  })
  assert.equal(attempt.next_attempt_at, null)
  assert.equal(server.requests.length, 1)
})

test('what has ended can not be cancelled', async () => {
  const { id, receiver, labels } = await subscribe()
  const eventId = await stack.api.send({ labels })
  await receiver.waitFor((requests) => requests.length === 1)
  await until('it is recorded', async () => (await outcomesOf({ event_id: eventId, outcome: 'success' })).length === 1)
  const { status, body } = await post(`/deliveries/${await deliveryOf(eventId, id)}/cancel`)
  assert.equal(`${status} ${body.id}`, '409 Conflict')
  assert.match(body.detail, /succeeded/)
})

test("an event's deliveries are cancelled together, and a replay of it makes new ones", async () => {
  const failing = () => ({ status: 503, headers: { 'retry-after': '3600' } })
  const first = await subscribe({}, failing)
  let isWell = false
  const second = await subscribe({ labels: first.labels, retry_policy: { schedule: ['1h'] } }, () => ({
    status: isWell ? 200 : 500,
  }))
  const eventId = await stack.api.send({ labels: first.labels })
  await until(
    'both have failed once',
    async () => (await outcomesOf({ event_id: eventId, outcome: 'failed' })).length === 2,
  )
  assert.equal((await post(`/events/${eventId}/deliveries/cancel`)).status, 204)
  const open = async () => (await outcomesOf({ event_id: eventId, outcome: 'open' })).length
  await until('none is open', async () => (await open()) === 0)
  assert.equal((await outcomesOf({ event_id: eventId, outcome: 'cancelled' })).length, 2)
  isWell = true
  assert.equal((await post(`/events/${eventId}/replay`)).status, 204)
  await until(
    'the replay arrives',
    async () => (await outcomesOf({ subscription_id: second.id, outcome: 'success' })).length === 1,
  )
})

test("a subscription's open deliveries are cancelled, also those that are parked; what comes next is delivered", async () => {
  const { id, receiver, labels } = await subscribe()
  await post(`/subscriptions/${id}/pause`)
  await sendMany(labels, 30)
  await until('all are parked', async () => (await statusOf(id)).backlog.parked === 30)
  assert.equal((await post(`/subscriptions/${id}/deliveries/cancel`)).status, 204)
  assert.deepEqual(new Set(await outcomesOf({ subscription_id: id })), new Set(['cancelled']))
  await until('nothing is parked', async () => (await statusOf(id)).backlog.parked === 0)
  await post(`/subscriptions/${id}/resume`)
  const next = await stack.api.send({ labels })
  await receiver.waitFor((requests) => requests.length >= 1)
  assert.deepEqual(
    receiver.requests.map(({ headers }) => headers['x-event-id']),
    [next],
  )
})

test('what was cancelled stays so after a restart', async () => {
  const { id, receiver, labels } = await subscribe({}, () => ({ status: 500 }))
  await post(`/subscriptions/${id}/pause`)
  const eventId = await stack.api.send({ labels })
  assert.equal((await post(`/deliveries/${await deliveryOf(eventId, id)}/cancel`)).status, 204)
  await stack.restart()
  await post(`/subscriptions/${id}/resume`)
  const other = await stack.api.send({ labels })
  await receiver.waitFor((requests) => requests.length >= 2)
  assert.ok(receiver.requests.every(({ headers }) => headers['x-event-id'] === other))
})

test('who asked for a replay or a cancellation stands in the audit log, each time', async () => {
  const { id, labels } = await subscribe({ retry_policy: { schedule: ['1h'] } }, () => ({ status: 503 }))
  const eventId = await stack.api.send({ labels })
  const waiting = await stack.api.send({ labels, delay_ms: 3_600_000 })
  const deliveryId = await deliveryOf(eventId, id)
  const paths = [
    `/deliveries/${deliveryId}/cancel`,
    `/events/${eventId}/replay`,
    `/events/${eventId}/deliveries/cancel`,
    `/events/${waiting}/cancel`,
    `/subscriptions/${id}/deliveries/cancel`,
  ]
  for (const path of paths) assert.equal((await post(path)).status, 204, path)
  // It has been done already: nothing happens, and nothing is noted.
  assert.equal((await post(paths[0]!)).status, 204)
  await Promise.all(Array.from({ length: 200 }, () => post(`/events/${eventId}/replay`)))
  const lines = async (query: string) => {
    const { body } = await stack.api.call<AuditEntryAnswer[]>(
      'GET',
      `/audit?organization_id=${stack.credentials.organization_id}&limit=1000&${query}`,
    )
    return body.map(({ action, resource, actor }) => [action, resource.kind, actor.kind].join(' ')).toReversed()
  }
  assert.deepEqual(await lines(`resource_id=${deliveryId}`), ['cancelled delivery service_token'])
  assert.deepEqual(await lines(`resource_id=${waiting}`), ['withdrawn event service_token'])
  assert.deepEqual(await lines(`resource_id=${id}&action=cancelled`), ['cancelled cancellation service_token'])
  const ofEvent = await lines(`resource_id=${eventId}`)
  assert.deepEqual(ofEvent.slice(0, 2), ['replayed event service_token', 'cancelled event service_token'])
  assert.equal(ofEvent.length, 2 + 200)
  const client = new pg.Client({ connectionString: stack.servers.databaseUrl })
  await client.connect()
  try {
    await client.query(`DELETE FROM audit_log; DELETE FROM projection_checkpoints WHERE name = 'audit'`)
  } finally {
    await client.end()
  }
  await stack.restart()
  await until(
    'the log is made anew of the copies alone',
    async () => (await lines(`resource_id=${eventId}`)).length === 2 + 200,
  )
})
