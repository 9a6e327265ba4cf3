import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type {
  EventBatchAnswer,
  EventTypeAnswer,
  FilterTrialAnswer,
  SubscriptionAnswer,
} from '#shared/contract/schemas.ts'
import { newEventId } from '#shared/domain/ids.ts'
import type { Api } from '../support/api.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let api: Api
let app: string

before(async () => {
  // A worker that is slow to answer is not one that hangs.
  stack = await startStack({ SCHEMA_CHECK_TIMEOUT_MS: '3000' })
  api = stack.api
  app = stack.credentials.application_id
  await api.createEventType()
})
after(() => stack?.close())

const idOf = ({ status, body }: { status: number; body: unknown }) =>
  `${status} ${(body as ProblemDocument | null)?.id}`
const eventOf = (more: Record<string, unknown> = {}) => {
  const { application_id: _, ...event } = api.eventPost(more)
  return event
}
const postBatch = (events: unknown[]) =>
  api.call<EventBatchAnswer>('POST', '/events/batch', { application_id: app, events })
const post = (more: Record<string, unknown>) => api.call<ProblemDocument>('POST', '/event', api.eventPost(more))
const subscribe = (more: Record<string, unknown>) =>
  api.call<SubscriptionAnswer & ProblemDocument>(
    'POST',
    '/subscriptions',
    api.subscriptionPost('http://127.0.0.1:1/', more),
  )

// -- batches ---------------------------------------------------------------------------------------------------------

test('a batch of 1,000 events has one answer each, in order, and all of them are delivered', async () => {
  const receiver = await startReceiver()
  const labels = { batch: 'large' }
  await api.subscribe(receiver.url, { labels })
  const ids = Array.from({ length: 1_000 }, () => newEventId(Date.now()))
  const { status, body } = await postBatch(ids.map((event_id) => eventOf({ event_id, labels })))
  assert.equal(status, 200)
  assert.deepEqual(
    body.map((answer) => [answer.status, answer.event?.event_id]),
    ids.map((id) => [201, id]),
  )
  await receiver.waitFor((requests) => requests.length === 1_000, 30_000)
  assert.equal(new Set(receiver.requests.map(({ headers }) => headers['x-event-id'])).size, 1_000)
  await receiver.close()
})

test('a bad event of a batch does not stop the others, and has the problem of its own post', async () => {
  const [taken, twice] = [newEventId(Date.now()), newEventId(Date.now())]
  await api.send({ event_id: taken })
  const events = [
    eventOf(),
    eventOf({ event_type: 'no.such.type' }),
    eventOf({ event_id: taken }),
    eventOf({ event_id: twice }),
    eventOf({ event_id: twice }),
    eventOf({ labels: {} }),
    eventOf({ payload: '{' }),
    eventOf(),
  ]
  const { body } = await postBatch(events)
  assert.deepEqual(
    body.map(({ status, problem }) => `${status} ${problem?.id ?? ''}`.trim()),
    [
      '201',
      '400 EventTypeDoesNotExist',
      '409 EventAlreadyIngested',
      '201',
      '409 EventAlreadyIngested',
      '422 Validation',
      '400 EventInvalidJsonPayload',
      '201',
    ],
  )
})

test('a batch that is empty, too long or malformed is refused as a whole', async () => {
  assert.equal(idOf(await postBatch([])), '422 Validation')
  assert.equal(idOf(await postBatch(Array(1_001).fill(eventOf()))), '422 Validation')
  assert.equal(idOf(await postBatch([eventOf(), { ...eventOf(), labels: 'x' }])), '400 JsonPayload')
})

// -- delayed events --------------------------------------------------------------------------------------------------

async function receiverOf(labels: Record<string, string>): Promise<Receiver> {
  const receiver = await startReceiver()
  await api.subscribe(receiver.url, { labels })
  return receiver
}

test('an event is delivered when its time has come, to the subscriptions of then', async () => {
  const labels = { later: 'time' }
  const first = await receiverOf(labels)
  const dueMs = Date.now() + 4_000
  const eventId = await api.send({ labels, deliver_at: new Date(dueMs).toISOString() })
  const short = await api.send({ labels, delay_ms: 4_100 })
  const second = await receiverOf(labels)
  assert.deepEqual(await api.attempts({ event_id: eventId }), [])
  const shown = await api.call<{ deliver_at: string }>('GET', `/events/${eventId}?application_id=${app}`)
  assert.equal(Date.parse(shown.body.deliver_at), dueMs)
  for (const receiver of [first, second]) {
    await receiver.waitFor((requests) => requests.length === 2)
    assert.deepEqual(new Set(receiver.requests.map(({ headers }) => headers['x-event-id'])), new Set([eventId, short]))
    assert.ok(receiver.requests.every(({ atMs }) => atMs >= dueMs - 1))
    await receiver.close()
  }
})

test('a delayed event can be withdrawn until its time, and not afterwards', async () => {
  const labels = { later: 'withdrawn' }
  const receiver = await receiverOf(labels)
  const cancel = (id: string) => api.call<ProblemDocument>('POST', `/events/${id}/cancel`, { application_id: app })
  const withdrawn = await api.send({ labels, delay_ms: 5_000 })
  assert.equal((await cancel(withdrawn)).status, 204)
  assert.equal((await cancel(withdrawn)).status, 204)
  // Due after the one that was withdrawn.
  const kept = await api.send({ labels, delay_ms: 5_100 })
  const released = await api.send({ labels, delay_ms: 300 })
  await receiver.waitFor((requests) => requests.some(({ headers }) => headers['x-event-id'] === released))
  assert.equal(idOf(await cancel(released)), '409 Conflict')
  assert.equal(idOf(await cancel(await api.send({ labels }))), '404 NotFound')
  await receiver.waitFor((requests) => requests.some(({ headers }) => headers['x-event-id'] === kept))
  assert.ok(!receiver.requests.some(({ headers }) => headers['x-event-id'] === withdrawn))
  await receiver.close()
})

test('delayed events outlast a restart', async () => {
  const labels = { later: 'restart' }
  const receiver = await receiverOf(labels)
  const ids = await Promise.all([1_500, 1_600, 1_700].map((delay_ms) => api.send({ labels, delay_ms })))
  await stack.restart()
  api = stack.api
  await receiver.waitFor((requests) => requests.length >= 3)
  assert.deepEqual(receiver.requests.map(({ headers }) => headers['x-event-id']).sort(), ids.toSorted())
  await receiver.close()
})

test('a delay that makes no sense is refused', async () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ delay_ms: -1 }, '422 Validation'],
    [{ delay_ms: 1, deliver_at: '2030-01-01T00:00:00Z' }, '422 Validation'],
    [{ deliver_at: 'tomorrow' }, '422 Validation'],
    [{ deliver_at: '2200-01-01T00:00:00Z' }, '422 Validation'],
    [{ delay_ms: 1.5 }, '400 JsonPayload'],
    [{ deliver_at: '2020-01-01T00:00:00Z' }, '201 undefined'],
  ]
  for (const [more, wanted] of cases) assert.equal(idOf(await post(more)), wanted, JSON.stringify(more))
})

// -- wildcards and filters -------------------------------------------------------------------------------------------

test('a subscription takes the types that its patterns stand for, also those made later', async () => {
  const receiver = await startReceiver()
  const labels = { wild: 'card' }
  const event_types = ['billing.*.paid', 'users.**']
  const { body, status } = await api.call<SubscriptionAnswer>(
    'POST',
    '/subscriptions',
    api.subscriptionPost(receiver.url, { labels, event_types }),
  )
  assert.deepEqual([status, body.event_types], [201, event_types])
  for (const name of ['billing.invoice.paid', 'billing.invoice.sent', 'users.user.made']) {
    await api.createEventType(name)
    await api.send({ event_type: name, labels })
  }
  await receiver.waitFor((requests) => requests.length === 2)
  assert.deepEqual(receiver.requests.map(({ headers }) => headers['x-event-type']).sort(), [
    'billing.invoice.paid',
    'users.user.made',
  ])
  assert.equal(idOf(await subscribe({ event_types: ['billing.**.paid'] })), '422 Validation')
  await receiver.close()
})

test('a filter decides by the payload which events are delivered', async () => {
  const receiver = await startReceiver()
  const labels = { filter: 'payload' }
  const filter = { $any: [{ 'payload.amount': { $gte: 100 } }, { 'payload.tags': { $contains: 'vip' } }] }
  const subscription = await api.subscribe(receiver.url, { labels, filter })
  assert.deepEqual(subscription.filter, filter)
  const send = (payload: string, payload_content_type = 'application/json') =>
    api.send({ labels, payload, payload_content_type })
  const [large, , vip] = [
    await send('{"amount":100}'),
    await send('{"amount":99}'),
    await send('{"amount":1,"tags":["x","vip"]}'),
    await send('amount 500', 'text/plain'),
  ]
  const last = await send('{"amount":101}')
  await receiver.waitFor((requests) =>
    [large, vip, last].every((id) => requests.some(({ headers }) => headers['x-event-id'] === id)),
  )
  assert.deepEqual(receiver.requests.map(({ headers }) => headers['x-event-id']).sort(), [large, vip, last].sort())
  const trial = await api.call<FilterTrialAnswer>('POST', '/filters/try', { application_id: app, filter, last: 5 })
  assert.deepEqual(
    trial.body.map(({ matches }) => matches),
    [true, false, true, false, true],
  )
  assert.match(trial.body[3]?.reason ?? '', /amount is 99/)
  assert.match(trial.body[1]?.reason ?? '', /not JSON/)
  const wrong = await subscribe({ filter: { 'payload.amount': { $regex: '(a+)+$' } } })
  assert.equal(idOf(wrong), '422 Validation')
  assert.match(wrong.body.detail, /there is no operator \$regex/)
  await receiver.close()
})

test('a batch of one event whose id is known is told so, as in a larger one', async () => {
  const { application_id, ...event } = stack.api.eventPost({ event_id: await stack.api.send() }) as Record<
    string,
    unknown
  >
  for (const events of [[event], [event, { ...event, event_id: null }]]) {
    const { body } = await api.call<{ status: number }[]>('POST', '/events/batch', { application_id, events })
    assert.deepEqual(
      body.map(({ status }) => status),
      events.map(({ event_id }) => (event_id === null ? 201 : 409)),
    )
  }
})

// -- schemas ---------------------------------------------------------------------------------------------------------

const SCHEMA = { type: 'object', required: ['amount'], properties: { amount: { type: 'number', minimum: 0 } } }
const makeType = (more: Record<string, unknown>) =>
  api.call<EventTypeAnswer & ProblemDocument>('POST', '/event_types', {
    application_id: app,
    service: 'shop',
    resource_type: 'order',
    verb: 'made',
    ...more,
  })

test('payloads must satisfy the schema of their type, and are told where they do not', async () => {
  const made = await makeType({ schema: SCHEMA })
  assert.deepEqual([made.body.schema, made.body.schema_version], [SCHEMA, 1])
  const order = { event_type: 'shop.order.made' }
  assert.equal((await post({ ...order, payload: '{"amount":1}' })).status, 201)
  const wrong = await post({ ...order, payload: '{"amount":-1}' })
  assert.equal(idOf(wrong), '422 Validation')
  assert.deepEqual(wrong.body.validation, {
    payload: [{ code: 'json-schema', message: '/amount must be >= 0', params: { path: '/amount', schema_version: 1 } }],
  })
  assert.equal(idOf(await post({ ...order, payload: '{}' })), '422 Validation')
  assert.equal(idOf(await post({ ...order, payload: 'x', payload_content_type: 'text/plain' })), '422 Validation')
  const stricter = { ...SCHEMA, required: ['amount', 'id'] }
  assert.equal((await makeType({ schema: stricter })).body.schema_version, 2)
  assert.equal(idOf(await post({ ...order, payload: '{"amount":1}' })), '422 Validation')
  assert.equal((await makeType({})).body.schema_version, 2)
  assert.equal((await makeType({ schema: null })).body.schema, undefined)
  assert.equal((await post({ ...order, payload: '[]' })).status, 201)
})

test('a schema that cannot be used is refused when it is made', async () => {
  for (const schema of [
    { type: 'strnig' },
    { tpye: 'object' },
    { $ref: 'https://example.com/schema.json' },
    { $schema: 'http://json-schema.org/draft-04/schema#' },
    { pattern: '(' },
  ]) {
    const { status, body } = await makeType({ schema })
    assert.equal(`${status} ${body.id}`, '422 Validation', JSON.stringify(schema))
    assert.match(body.detail, /^schema: .{10,}/)
  }
})

test('a regular expression without end costs its own request, and no other', async () => {
  await makeType({ verb: 'slow', schema: { type: 'string', pattern: '^(a+)+$' } })
  const slow = post({ event_type: 'shop.order.slow', payload: JSON.stringify(`${'a'.repeat(60)}!`) })
  const startedMs = performance.now()
  assert.equal((await post({})).status, 201)
  assert.ok(performance.now() - startedMs < 5_000)
  const answer = await slow
  assert.equal(idOf(answer), '422 Validation')
  assert.match(answer.body.detail, /too long/)
  assert.equal((await post({ event_type: 'shop.order.slow', payload: '"aaa"' })).status, 201)
})

// -- retry policies --------------------------------------------------------------------------------------------------

test('a subscription retries by its own policy', async () => {
  const receiver = await startReceiver((_, count) => ({ status: count === 1 ? 404 : count === 2 ? 503 : 418 }))
  const labels = { policy: 'own' }
  const retry_policy = {
    max_attempts: 5,
    exponential: { base: '50ms', factor: 3, cap: '1s' },
    jitter_ratio: 0,
    retryable_statuses: ['4xx'],
    permanent_statuses: [418],
    timeout_ms: 2_000,
  }
  const made = await api.subscribe(receiver.url, { labels, retry_policy })
  assert.deepEqual(made.retry_policy, { ...retry_policy, schedule: null })
  const eventId = await api.send({ labels })
  await until(
    'the delivery has ended',
    async () => (await api.attempts({ event_id: eventId, outcome: 'failed' })).length === 3,
  )
  const [first, second, third] = (await api.attempts({ event_id: eventId })).toSorted(
    (a, b) => a.retry_count - b.retry_count,
  )
  assert.deepEqual(
    [first, second, third].map((attempt) => attempt?.status_code),
    [404, 503, 418],
  )
  assert.equal(third?.next_attempt_at, null)
  const delay = (attempt: typeof first) => Date.parse(attempt!.delay_until!) - Date.parse(attempt!.created_at)
  assert.deepEqual([delay(second), delay(third)], [50, 150])
  await receiver.close()
})

test('with retry_all every answer but 2xx is retried, as many times as allowed', async () => {
  const receiver = await startReceiver(() => ({ status: 400 }))
  const labels = { policy: 'all' }
  await api.subscribe(receiver.url, {
    labels,
    retry_policy: { permanent_statuses: 'retry_all', schedule: ['20ms'], max_attempts: 3, jitter_ratio: 0 },
  })
  const eventId = await api.send({ labels })
  await receiver.waitFor((requests) => requests.length === 3)
  await until(
    'all are recorded',
    async () => (await api.attempts({ event_id: eventId, outcome: 'failed' })).length === 3,
  )
  await receiver.close()
})

test('a policy that makes no sense is refused with a sentence', async () => {
  const cases: Record<string, unknown>[] = [
    { max_attempts: 0 },
    { schedule: ['soon'] },
    { schedule: [] },
    { schedule: ['1s'], exponential: { base: '1s', factor: 2, cap: '1h' } },
    { exponential: { base: '1s', factor: 0.5, cap: '1h' } },
    { jitter_ratio: 2 },
    { permanent_statuses: ['9xx'] },
    { timeout_ms: 5 },
  ]
  for (const retry_policy of cases) {
    const answer = await subscribe({ retry_policy })
    assert.equal(idOf(answer), '422 Validation', JSON.stringify(retry_policy))
  }
  assert.equal(idOf(await subscribe({ max_retries: 3, retry_policy: { max_attempts: 3 } })), '422 Validation')
  assert.equal((await subscribe({ max_retries: 3, retry_policy: { max_attempts: 4 } })).status, 201)
})

// -- many at once ----------------------------------------------------------------------------------------------------

test('of 200 edits of one subscription at once each is either made whole or refused with 409', async () => {
  const { subscription_id } = await api.subscribe('http://127.0.0.1:1/', { labels: { never: 'matched' } })
  const edit = (i: number) =>
    api.call<SubscriptionAnswer & ProblemDocument>(
      'PUT',
      `/subscriptions/${subscription_id}`,
      api.subscriptionPost(`http://127.0.0.1:1/${i}`, { description: `edit ${i}`, labels: { edit: `${i}` } }),
    )
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => edit(i)))
  const made = answers.filter(({ status }) => status === 200)
  assert.ok(made.length >= 1)
  for (const answer of answers.filter(({ status }) => status !== 200)) assert.equal(idOf(answer), '409 Conflict')
  const { body: final } = await api.call<SubscriptionAnswer>('GET', `/subscriptions/${subscription_id}`)
  const which = made.find(({ body }) => body.description === final.description)
  assert.deepEqual(which?.body, final)
  assert.equal(final.target.url, `http://127.0.0.1:1/${final.labels['edit']}`)
  assert.equal((await edit(999)).status, 200)
})

test('of 200 creations of one event type at once all are answered 201, and there is one', async () => {
  const create = () => api.createEventType('made.at.once')
  const answers = await Promise.all(Array.from({ length: 200 }, create))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
  const list = await api.call<EventTypeAnswer[]>('GET', `/event_types?application_id=${app}&prefix=made.at.`)
  assert.equal(list.body.length, 1)
})

test('an edit and a deletion at once leave a deleted subscription', async () => {
  for (let i = 0; i < 10; i++) {
    const { subscription_id } = await api.subscribe('http://127.0.0.1:1/', { labels: { never: 'matched' } })
    const [edited, deleted] = await Promise.all([
      api.call('PUT', `/subscriptions/${subscription_id}`, api.subscriptionPost('http://127.0.0.1:1/')),
      api.call('DELETE', `/subscriptions/${subscription_id}?application_id=${app}`),
    ])
    assert.ok([200, 404, 409].includes(edited.status))
    assert.equal(deleted.status, 204)
    assert.equal((await api.call('GET', `/subscriptions/${subscription_id}`)).status, 404)
  }
})
