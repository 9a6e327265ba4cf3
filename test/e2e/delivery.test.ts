import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { verifyWebhookSignature } from 'hook0-client'
import type { RequestAttempt } from '#shared/contract/schemas.ts'
import { newEventId } from '#shared/domain/ids.ts'
import { type Reaction, type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let typeCounter = 0
const receivers: Receiver[] = []

before(async () => {
  stack = await startStack()
})
after(async () => {
  await stack.close()
  await Promise.all(receivers.map((receiver) => receiver.close()))
})

/** A receiver with a subscription and an event type of its own. */
async function subscribed(
  react?: (request: ReceivedRequest, count: number) => Reaction | Promise<Reaction>,
  more: Record<string, unknown> = {},
) {
  const eventType = `t.e.v${++typeCounter}`
  await stack.api.createEventType(eventType)
  const receiver = await startReceiver(react)
  receivers.push(receiver)
  const subscription = await stack.api.subscribe(`${receiver.url}/hook?x=1`, { event_types: [eventType], ...more })
  const send = (event: Record<string, unknown> = {}) => stack.api.send({ event_type: eventType, ...event })
  return { eventType, receiver, subscription, send }
}

/** The attempts of an event, oldest first, once the last one has ended. */
function endedAttempts(eventId: string, count: number): Promise<RequestAttempt[]> {
  return until(`${count} ended attempts`, async () => {
    const attempts = (await stack.api.attempts({ event_id: eventId })).sort(
      (a, b) => a.attempt_number - b.attempt_number,
    )
    return attempts.length === count && attempts.every(({ outcome }) => outcome !== null) && attempts
  })
}

describe('a delivery', () => {
  test('arrives signed, as hook0-client verifies it, with the very bytes of the payload', async () => {
    const { receiver, send, subscription, eventType } = await subscribed(undefined, {
      target: { type: 'http', method: 'PUT', url: 'http://placeholder/', headers: {} },
    })
    await stack.api.call('PUT', `/subscriptions/${subscription.subscription_id}`, {
      ...stack.api.subscriptionPost(`${receiver.url}/hook?x=1`, { event_types: [eventType] }),
      target: { type: 'http', method: 'PUT', url: `${receiver.url}/hook?x=1`, headers: { 'X-Custom': 'own value' } },
    })
    const payload = '{ "spaces" : "kept",\n"ü": "€" }'
    const eventId = await send({ payload })
    await receiver.waitFor((requests) => requests.length === 1)
    const [request] = receiver.requests
    assert.equal(request?.method, 'PUT')
    assert.equal(request?.path, '/hook?x=1')
    assert.equal(request?.body.toString('utf8'), payload)
    assert.equal(request?.headers['x-event-id'], eventId)
    assert.equal(request?.headers['x-event-type'], eventType)
    assert.equal(request?.headers['content-type'], 'application/json')
    assert.equal(request?.headers['x-custom'], 'own value')
    const headers = new Headers(Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]))
    const signature = String(request?.headers['x-hook0-signature'])
    assert.match(signature, /h=content-type x-custom x-event-id x-event-type,/)
    assert.equal(verifyWebhookSignature(signature, request!.body, headers, subscription.secret, 300), true)
  })

  test('of a binary payload carries the decoded bytes', async () => {
    const { receiver, send } = await subscribed()
    const bytes = Buffer.from([0, 1, 2, 255, 254])
    await send({ payload: bytes.toString('base64'), payload_content_type: 'application/octet-stream+base64' })
    await receiver.waitFor((requests) => requests.length === 1)
    assert.deepEqual(receiver.requests[0]?.body, bytes)
  })

  test('that succeeds is one attempt with its response', async () => {
    const { send, receiver } = await subscribed(() => ({
      status: 201,
      headers: { 'x-seen': 'yes' },
      body: 'thank you',
    }))
    const eventId = await send()
    const [attempt] = await endedAttempts(eventId, 1)
    assert.equal(attempt?.status.type, 'successful')
    assert.equal(attempt?.http_response_status, 201)
    assert.equal(attempt?.retry_count, 0)
    assert.equal(attempt?.outcome, 'success')
    const response = await stack.api.response(attempt!.response_id!)
    assert.equal(response.http_code, 201)
    assert.equal(response.response_error_name, null)
    assert.equal(response.body, 'thank you')
    assert.equal(response.headers?.['x-seen'], 'yes')
    assert.equal(receiver.requests.length, 1)
  })

  test('that fails once is retried and then succeeds, signed anew and with the same body', async () => {
    const { send, receiver } = await subscribed((_, count) => ({ status: count === 1 ? 503 : 200 }))
    const eventId = await send()
    const [first, second] = await endedAttempts(eventId, 2)
    assert.equal(first?.status.type, 'failed')
    assert.equal(first?.next_attempt_at, second?.delay_until)
    assert.equal(second?.status.type, 'successful')
    assert.equal(second?.retry_count, 1)
    assert.equal(second?.delivery_id, first?.delivery_id)
    assert.ok(receiver.requests[1]!.atMs >= Date.parse(second!.delay_until!), 'a retry is never early')
    assert.deepEqual(receiver.requests[0]?.body, receiver.requests[1]?.body)
  })

  test('that is refused is a dead letter at once', async () => {
    for (const status of [400, 404, 410, 301]) {
      const { send, receiver } = await subscribed(() => ({ status, headers: { location: '/elsewhere' } }))
      const [attempt] = await endedAttempts(await send(), 1)
      assert.equal(attempt?.outcome, 'failed')
      assert.equal(attempt?.next_attempt_at, null)
      assert.equal(receiver.requests.length, 1, `${status} is neither retried nor followed`)
    }
  })

  test('whose retries are spent is a dead letter', async () => {
    const { send, receiver } = await subscribed(() => ({ status: 500 }))
    const eventId = await send()
    const attempts = await endedAttempts(eventId, 3)
    assert.deepEqual(
      attempts.map(({ status_code }) => status_code),
      [500, 500, 500],
    )
    assert.equal(attempts[2]?.next_attempt_at, null)
    assert.equal(receiver.requests.length, 3)
  })

  test('has as many retries as its subscription says', async () => {
    const { send, receiver } = await subscribed(() => ({ status: 500 }), { max_retries: 0 })
    const [attempt] = await endedAttempts(await send(), 1)
    assert.equal(attempt?.next_attempt_at, null)
    assert.equal(receiver.requests.length, 1)
  })

  test('without an answer in time is a time-out, and is retried', async () => {
    const { send } = await subscribed((_, count) => (count === 1 ? 'hang' : { status: 200 }), {
      retry_policy: { timeout_ms: 2_000 },
    })
    const [first, second] = await endedAttempts(await send(), 2)
    assert.equal(first?.outcome, 'timeout')
    assert.equal((await stack.api.response(first!.response_id!)).response_error_name, 'E_TIMEOUT')
    assert.equal(second?.outcome, 'success')
  })

  test('shows as in progress while it has run for a second', async () => {
    // The answer waits until the test has seen the attempt, however slow the machine is.
    const seen = Promise.withResolvers<Reaction>()
    const { send } = await subscribed(() => seen.promise, { retry_policy: { timeout_ms: 30_000 } })
    const eventId = await send()
    const attempt = await until('an attempt in progress', async () =>
      (await stack.api.attempts({ event_id: eventId })).find(({ status }) => status.type === 'in_progress'),
    )
    assert.equal(attempt.outcome, null)
    seen.resolve({ status: 200 })
    const [ended] = await endedAttempts(eventId, 1)
    assert.equal(ended?.outcome, 'success')
  })

  test('to a port where nobody listens, or that resets, is retried as a connection failure', async () => {
    const eventType = `t.e.v${++typeCounter}`
    await stack.api.createEventType(eventType)
    await stack.api.subscribe('http://127.0.0.1:1/', { event_types: [eventType], max_retries: 1 })
    const attempts = await endedAttempts(await stack.api.send({ event_type: eventType }), 2)
    const response = await stack.api.response(attempts[0]!.response_id!)
    assert.equal(response.response_error_name, 'E_CONNECTION')
    assert.equal(response.http_code, null)
    assert.match(response.body ?? '', /refused the connection/)

    const { send } = await subscribed((_, count) => (count === 1 ? 'reset' : { status: 200 }))
    const [first] = await endedAttempts(await send(), 2)
    assert.equal((await stack.api.response(first!.response_id!)).response_error_name, 'E_CONNECTION')
  })

  test('to a name that does not exist is an invalid target, and is retried', async () => {
    const eventType = `t.e.v${++typeCounter}`
    await stack.api.createEventType(eventType)
    await stack.api.subscribe('http://no-such-host.invalid/', { event_types: [eventType], max_retries: 1 })
    const attempts = await endedAttempts(await stack.api.send({ event_type: eventType }), 2)
    const names = await Promise.all(
      attempts.map(async ({ response_id }) => (await stack.api.response(response_id!)).response_error_name),
    )
    // Without any resolver the name can't be looked up at all.
    for (const name of names) assert.ok(name === 'E_INVALID_TARGET' || name === 'E_DNS', String(name))
  })

  test('with a long answer keeps its beginning and says that it was cut', async () => {
    const { send } = await subscribed(() => ({ status: 200, body: 'x'.repeat(100_000) }))
    const [attempt] = await endedAttempts(await send(), 1)
    assert.equal(attempt?.outcome, 'success')
    const response = await stack.api.response(attempt!.response_id!)
    assert.equal(response.body?.length, 16_384)
    assert.equal(response.is_body_cut, true)
  })
})

describe('matching', () => {
  test('follows labels, types and the enabled flag, and every matching subscription gets its own delivery', async () => {
    const { eventType, receiver, send } = await subscribed(undefined, { labels: { tenant: '1' } })
    const more = { event_types: [eventType] }
    await stack.api.subscribe(`${receiver.url}/both`, { ...more, labels: { tenant: '1', region: 'eu' } })
    await stack.api.subscribe(`${receiver.url}/other`, { ...more, labels: { tenant: '2' } })
    await stack.api.subscribe(`${receiver.url}/disabled`, { ...more, labels: { tenant: '1' }, is_enabled: false })
    const eventId = await send({ labels: { tenant: '1', region: 'eu' } })
    await endedAttempts(eventId, 2)
    assert.deepEqual(receiver.requests.map(({ path }) => path).sort(), ['/both', '/hook?x=1'])
  })

  test('is seen by the next GET: one attempt for each matching subscription', async () => {
    const { eventType, receiver, send } = await subscribed()
    for (let i = 0; i < 4; i++) await stack.api.subscribe(`${receiver.url}/${i}`, { event_types: [eventType] })
    for (let i = 0; i < 10; i++) {
      const eventId = await send()
      const attempts = await stack.api.attempts({ event_id: eventId })
      assert.equal(new Set(attempts.map(({ subscription }) => subscription.subscription_id)).size, 5)
    }
  })

  test('an event that nobody wants is accepted and has no attempts', async () => {
    const eventType = `t.e.v${++typeCounter}`
    await stack.api.createEventType(eventType)
    const eventId = await stack.api.send({ event_type: eventType })
    assert.deepEqual(await stack.api.attempts({ event_id: eventId }), [])
  })

  test('a subscription created before the event is always seen', async () => {
    const eventType = `t.e.v${++typeCounter}`
    await stack.api.createEventType(eventType)
    const receiver = await startReceiver()
    for (let i = 1; i <= 20; i++) {
      await stack.api.subscribe(`${receiver.url}/${i}`, { event_types: [eventType] })
      const attempts = await stack.api.attempts({ event_id: await stack.api.send({ event_type: eventType }) })
      assert.equal(new Set(attempts.map(({ subscription }) => subscription.subscription_id)).size, i)
    }
    await receiver.close()
  })
})

describe('an event id', () => {
  test('is accepted once: the second time is a 409, whatever the content, also long after', async () => {
    const { eventType, receiver } = await subscribed()
    for (const event_id of [
      newEventId(Date.now()),
      '1a01cb48-5142-4d9b-8f90-d20cca61f0ee',
      newEventId(Date.now() - 3_600_000),
    ]) {
      const post = (payload: string) =>
        stack.api.call<{ id: string }>(
          'POST',
          '/event',
          stack.api.eventPost({ event_type: eventType, event_id, payload }),
        )
      assert.equal((await post('1')).status, 201)
      const again = await post('2')
      assert.equal(again.status, 409)
      assert.equal(again.body.id, 'EventAlreadyIngested')
    }
    await receiver.waitFor((requests) => requests.length >= 3)
    assert.equal(new Set(receiver.requests.map(({ headers }) => headers['x-event-id'])).size, receiver.requests.length)
  })

  test('of many posts at once is accepted exactly once', async () => {
    const { eventType } = await subscribed()
    const event_id = newEventId(Date.now())
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        stack.api.call('POST', '/event', stack.api.eventPost({ event_type: eventType, event_id, payload: String(i) })),
      ),
    )
    const statuses = answers.map(({ status }) => status).sort()
    assert.deepEqual(statuses, [201, ...Array<number>(19).fill(409)])
  })
})

describe('disabling and deleting a subscription', () => {
  for (const how of ['disabled', 'deleted'] as const) {
    test(`cancels what is still to be tried when it is ${how}`, async () => {
      const { send, receiver, subscription, eventType } = await subscribed(() => ({
        status: 503,
        headers: { 'retry-after': '5' },
      }))
      const eventId = await send()
      await until('a waiting retry', async () => (await stack.api.attempts({ event_id: eventId })).length === 2)
      const path = `/subscriptions/${subscription.subscription_id}`
      if (how === 'deleted')
        await stack.api.call('DELETE', `${path}?application_id=${stack.credentials.application_id}`)
      else
        await stack.api.call(
          'PUT',
          path,
          stack.api.subscriptionPost(receiver.url, { event_types: [eventType], is_enabled: false }),
        )
      const retry = (await stack.api.attempts({ event_id: eventId })).find(({ attempt_number }) => attempt_number === 2)
      assert.equal(retry?.outcome, 'cancelled')
      assert.equal(retry?.status.type, 'failed')
      // Enabled again, the subscription gets new events; the cancelled retry stays cancelled though its time has come.
      if (how === 'disabled') {
        await stack.api.call(
          'PUT',
          path,
          stack.api.subscriptionPost(`${receiver.url}/again`, { event_types: [eventType], max_retries: 0 }),
        )
        await until('the retry would have been due', async () => Date.now() > Date.parse(retry!.delay_until!) + 1_000)
        await endedAttempts(await send(), 1)
        assert.deepEqual(
          receiver.requests.map((request) => request.path),
          ['/hook?x=1', '/again'],
        )
      }
    })
  }
})
