import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { SubscriptionStatus } from '#shared/contract/delivery-options.ts'
import type { SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { createApplication, registerUser } from '../support/accounts.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

/** Nobody waits for somebody else's receiver, or behind somebody else's events. */
const WAITING = 3_000
const SLOW_ANSWER_MS = 20
const CONCURRENCY = 16

let stack: Stack
const receivers: Receiver[] = []
let slow: Server
let slowCount = 0

before(async () => {
  stack = await startStack({
    DELIVERY_CONCURRENCY: `${CONCURRENCY}`,
    SUBSCRIPTION_CONCURRENCY: '8',
    BREAKER_TIMEOUTS: '0',
  })
  await stack.api.createEventType()
  slow = createServer((request, response) => {
    request.resume()
    slowCount++
    setTimeout(() => response.end('ok'), SLOW_ANSWER_MS)
  }).listen(0, '127.0.0.1')
  await once(slow, 'listening')
  slow.unref()
})
after(async () => {
  await stack?.close()
  slow?.closeAllConnections()
  slow?.close()
  await Promise.all(receivers.map((receiver) => receiver.close()))
})

async function receiverOf(...react: Parameters<typeof startReceiver>): Promise<Receiver> {
  const receiver = await startReceiver(...react)
  receivers.push(receiver)
  return receiver
}

interface Tenant {
  applicationId: string
  authorization?: string
}

async function sendMany({ applicationId, authorization }: Tenant, labels: Record<string, string>, count: number) {
  for (let sent = 0; sent < count; sent += 1_000) {
    const { application_id: _, ...event } = stack.api.eventPost({ labels })
    const body = { application_id: applicationId, events: Array(Math.min(1_000, count - sent)).fill(event) }
    const { status } = await stack.api.call('POST', '/events/batch', body, authorization)
    assert.equal(status, 200)
  }
}

test('thousands that wait for a receiver which hangs are in nobody else’s way', async () => {
  const own: Tenant = { applicationId: stack.credentials.application_id }
  const hanging = await receiverOf(() => 'hang')
  const { subscription_id: id } = await stack.api.subscribe(hanging.url, { labels: { to: 'hanging' } })
  await sendMany(own, { to: 'hanging' }, WAITING)
  await hanging.waitFor((requests) => requests.length >= 8)
  const healthy = await Promise.all(
    Array.from({ length: 5 }, async (_, i) => {
      const receiver = await receiverOf()
      await stack.api.subscribe(receiver.url, { labels: { to: `healthy ${i}` } })
      return receiver
    }),
  )
  await Promise.all(healthy.map((_, i) => sendMany(own, { to: `healthy ${i}` }, 100)))
  await Promise.all(healthy.map((receiver) => receiver.waitFor((requests) => requests.length === 100)))
  assert.ok(hanging.requests.length <= 16, `${hanging.requests.length} requests were made to the hanging receiver`)
  const path = `/subscriptions/${id}/status?application_id=${own.applicationId}`
  await until('the rest is parked', async () => {
    const { backlog } = (await stack.api.call<SubscriptionStatus>('GET', path)).body
    return backlog.parked >= WAITING - 1_000
  })
  assert.equal((await stack.api.call('DELETE', `/subscriptions/${id}?application_id=${own.applicationId}`)).status, 204)
})

test("one tenant's thousands don't delay another's ten", async () => {
  const own: Tenant = { applicationId: stack.credentials.application_id }
  const owner = await registerUser(stack.api)
  const { applicationId } = await createApplication(stack.api, owner)
  const other: Tenant = { applicationId, authorization: owner.authorization }
  const receiver = await receiverOf()
  const call = <T>(path: string, body: unknown) => stack.api.call<T>('POST', path, body, owner.authorization)
  await call('/event_types', { application_id: applicationId, service: 'a', resource_type: 'b', verb: 'c' })
  const post = {
    ...stack.api.subscriptionPost(receiver.url, { labels: { to: 'other' } }),
    application_id: applicationId,
  }
  assert.equal((await call<SubscriptionAnswer>('/subscriptions', post)).status, 201)
  const slowUrl = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/`
  for (let i = 0; i < 3; i++) await stack.api.subscribe(slowUrl, { labels: { to: 'slow' } })
  await sendMany(own, { to: 'slow' }, WAITING)
  await until('they are on their way', async () => slowCount > CONCURRENCY)
  await sendMany(other, { to: 'other' }, 10)
  await receiver.waitFor((requests) => requests.length === 10)
  assert.ok(slowCount < 3 * WAITING, 'the many were done before the few')
  const { subscription_id } = await stack.api.subscribe(slowUrl, { labels: { never: 'matched' } })
  assert.ok(subscription_id)
})
