import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { SubscriptionStatus } from '#shared/contract/delivery-options.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import { type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

/** Ordered subscriptions, end to end: what comes first is done first. */
let stack: Stack
let app: string
const receivers: Receiver[] = []
let labelCount = 0

before(async () => {
  stack = await startStack({ RETRY_SCHEDULE: '150ms', MAX_RETRIES: '3', BREAKER_FAILURES: '0' })
  app = stack.credentials.application_id
  await stack.api.createEventType()
})
after(async () => {
  await stack?.close()
  await Promise.all(receivers.map((receiver) => receiver.close()))
})

interface Numbered {
  n: number
  key?: string
}

const numberOf = ({ body }: ReceivedRequest) => (JSON.parse(body.toString()) as Numbered).n

/** @param statusOf What is answered to the so-manieth request (from 1) about the event with this number. */
async function subscribe(
  ordering: Record<string, unknown>,
  statusOf: (n: number, count: number) => number,
  more: Record<string, unknown> = {},
) {
  const counts = new Map<number, number>()
  const taken: number[] = []
  const receiver = await startReceiver((request) => {
    const n = numberOf(request)
    counts.set(n, (counts.get(n) ?? 0) + 1)
    const status = statusOf(n, counts.get(n)!)
    if (status === 200) taken.push(n)
    return { status }
  })
  receivers.push(receiver)
  const own = `${++labelCount}`
  const { subscription_id: id } = await stack.api.subscribe(receiver.url, { labels: { own }, ordering, ...more })
  return { id, own, receiver, taken }
}

/** In one batch, which is accepted in its order. */
async function sendNumbered(own: string, events: readonly Numbered[]): Promise<void> {
  const { status } = await stack.api.call('POST', '/events/batch', {
    application_id: app,
    events: events.map((event) => {
      const { application_id: _, ...post } = stack.api.eventPost({
        payload: JSON.stringify(event),
        labels: { own, ...(event.key === undefined ? {} : { key: event.key }) },
      })
      return post
    }),
  })
  assert.equal(status, 200)
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ n }))
const post = (path: string) => stack.api.call<ProblemDocument>('POST', path, { application_id: app })
const statusOf = async (id: string) =>
  (await stack.api.call<SubscriptionStatus>('GET', `/subscriptions/${id}/status?application_id=${app}`)).body

/** No request about a later event came before the last one about an earlier one. */
function assertInOrder(requests: readonly ReceivedRequest[]): void {
  const seen = requests.map(numberOf)
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  )
}

test('events arrive in the order of their acceptance, and a retry keeps those behind it waiting', async () => {
  const { own, receiver, taken } = await subscribe({ by: 'subscription' }, (n, count) =>
    n % 7 === 3 && count < 3 ? 503 : 200,
  )
  await sendNumbered(own, numbers(25))
  await receiver.waitFor(() => taken.length === 25)
  assertInOrder(receiver.requests)
  assert.equal(receiver.requests.length, 25 + 2 * 4)
})

for (const ordering of [
  { by: 'label', label: 'key' },
  { by: 'field', field: 'payload.key' },
]) {
  test(`with order by ${ordering.by} one key doesn't keep another one waiting`, async () => {
    const fast = new Set<number>()
    const { own, receiver, taken } = await subscribe(
      { ...ordering, on_dead_letter: 'pass' },
      (n, count) => {
        if (n % 3 !== 0) fast.add(n)
        // It goes on failing for as long as the others need.
        return n === 0 && (count < 3 || fast.size < 20) ? 500 : 200
      },
      { max_retries: 100 },
    )
    const events = Array.from({ length: 30 }, (_, n) => ({ n, key: n % 3 === 0 ? 'slow' : 'fast' }))
    await sendNumbered(own, events)
    await receiver.waitFor(() => taken.length === 30)
    const isSlow = (n: number) => n % 3 === 0
    const requests = receiver.requests
    assertInOrder(requests.filter((request) => isSlow(numberOf(request))))
    assertInOrder(requests.filter((request) => !isSlow(numberOf(request))))
    // The others were done while the first one of the slow key was still to be retried.
    assert.ok(taken.indexOf(0) > taken.indexOf(29))
  })
}

test('a dead letter keeps those behind it waiting until it is skipped', async () => {
  const { id, own, receiver, taken } = await subscribe({ by: 'subscription', on_dead_letter: 'block' }, (n) =>
    n === 2 ? 400 : 200,
  )
  await sendNumbered(own, numbers(6))
  const [blocking] = await until('it blocks', async () => {
    const { blocked_by } = await statusOf(id)
    return blocked_by.length > 0 && blocked_by
  })
  assert.deepEqual(taken, [0, 1])
  assert.equal((await statusOf(id)).backlog.parked > 0, true)
  // Nothing goes past it, whatever is in the way in between.
  await stack.restart()
  const parkedBefore = (await statusOf(id)).backlog.parked
  await sendNumbered(own, [{ n: 6 }])
  await until('one more waits', async () => (await statusOf(id)).backlog.parked > parkedBefore)
  assert.deepEqual(taken, [0, 1])
  const skip = () => post(`/deliveries/${blocking!.delivery_id}/skip`)
  assert.equal((await skip()).status, 204)
  await receiver.waitFor(() => taken.length === 6)
  assert.deepEqual(taken, [0, 1, 3, 4, 5, 6])
  assert.deepEqual((await statusOf(id)).blocked_by, [])
  const again = await skip()
  assert.equal(`${again.status} ${again.body.id}`, '409 Conflict')
})

test('a dead letter lets those behind it pass, if that is chosen', async () => {
  const { id, own, receiver, taken } = await subscribe({ by: 'subscription', on_dead_letter: 'pass' }, (n) =>
    n === 2 ? 400 : 200,
  )
  await sendNumbered(own, numbers(6))
  await receiver.waitFor(() => taken.length === 5)
  assert.deepEqual(taken, [0, 1, 3, 4, 5])
  assert.deepEqual((await statusOf(id)).blocked_by, [])
})

test('one that is cancelled while it waits for its retry lets the next one go', async () => {
  const { id, own, receiver, taken } = await subscribe({ by: 'subscription' }, (n) => (n === 0 ? 503 : 200), {
    max_retries: 100,
  })
  await sendNumbered(own, numbers(3))
  await receiver.waitFor((requests) => requests.length >= 1)
  const delivery = await until('it is recorded', async () => {
    const [first] = await stack.api.attempts({ subscription_id: id, outcome: 'failed' })
    return first?.delivery_id
  })
  assert.equal((await post(`/deliveries/${delivery}/cancel`)).status, 204)
  await receiver.waitFor(() => taken.length === 2)
  assert.deepEqual(taken, [1, 2])
})

test('the order outlasts restarts in the middle', async () => {
  const { own, receiver, taken } = await subscribe({ by: 'subscription' }, (n, count) =>
    n % 5 === 0 && count < 2 ? 503 : 200,
  )
  await sendNumbered(own, numbers(40))
  for (const count of [8, 20]) {
    await receiver.waitFor(() => taken.length >= count)
    await stack.restart()
  }
  await sendNumbered(own, [{ n: 40 }])
  await receiver.waitFor(() => new Set(taken).size === 41)
  assertInOrder(receiver.requests)
})
