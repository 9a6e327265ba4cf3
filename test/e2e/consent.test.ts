import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { verifyWebhookSignature } from 'hook0-client'
import type { SubscriptionStatus, TestDeliveryAnswer } from '#shared/contract/delivery-options.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import { begunOf } from '../support/begun.ts'
import { type Reaction, type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

/** What comes before and beside deliveries: the receiver's consent, and requests that try it out. */
let stack: Stack
let app: string
const receivers: Receiver[] = []
let labelCount = 0

before(async () => {
  stack = await startStack({ HANDSHAKE_ORIGIN: 'sender.example.com' })
  app = stack.credentials.application_id
  await stack.api.createEventType()
})
after(async () => {
  await stack?.close()
  await Promise.all(receivers.map((receiver) => receiver.close()))
})

async function receiverOf(react?: (request: ReceivedRequest, count: number) => Reaction): Promise<Receiver> {
  const receiver = await startReceiver(react)
  receivers.push(receiver)
  return receiver
}

async function subscribe(receiver: Receiver, more: Record<string, unknown> = {}) {
  const labels = { own: `${++labelCount}` }
  const answer = await stack.api.subscribe(`${receiver.url}/hook?key=1`, { labels, ...more })
  return { ...answer, id: answer.subscription_id, labels }
}

const statusOf = async (id: string) =>
  (await stack.api.call<SubscriptionStatus>('GET', `/subscriptions/${id}/status?application_id=${app}`)).body
const tryOut = (id: string, more: Record<string, unknown> = {}) =>
  stack.api.call<TestDeliveryAnswer & ProblemDocument>('POST', `/subscriptions/${id}/test`, {
    application_id: app,
    ...more,
  })
const consenting =
  (headers: Record<string, string>) =>
  ({ method }: ReceivedRequest): Reaction =>
    method === 'OPTIONS' ? { status: 200, headers } : { status: 200 }
const deliveriesOf = ({ requests }: Receiver) => requests.filter(({ method }) => method === 'POST')

// -- handshake -------------------------------------------------------------------------------------------------------

test('a receiver is asked once, and then gets deliveries that name their sender', async () => {
  const receiver = await receiverOf(
    consenting({ 'webhook-allowed-origin': 'sender.example.com', 'webhook-allowed-rate': '*' }),
  )
  const { id, labels, handshake } = await subscribe(receiver, { handshake: { request_rate: 600 } })
  assert.deepEqual(handshake, { request_rate: 600 })
  assert.equal((await statusOf(id)).handshake?.state, 'pending')
  for (let i = 0; i < 3; i++) await stack.api.send({ labels })
  await receiver.waitFor((requests) => requests.length === 4)
  const [asked, ...deliveries] = receiver.requests
  assert.equal(`${asked!.method} ${asked!.path}`, 'OPTIONS /hook?key=1')
  assert.equal(asked!.headers['webhook-request-origin'], 'sender.example.com')
  assert.equal(asked!.headers['webhook-request-rate'], '600')
  assert.equal(asked!.body.length, 0)
  assert.ok(deliveries.every(({ method }) => method === 'POST'))
  assert.ok(deliveries.every(({ headers }) => headers['webhook-request-origin'] === 'sender.example.com'))
  const shown = await until('it is seen', async () => {
    const { handshake } = await statusOf(id)
    return handshake?.state !== 'pending' && handshake
  })
  assert.deepEqual(shown, { state: 'granted', rate_per_minute: null, reason: null, retry_at: null })
  await stack.restart()
  await stack.api.send({ labels })
  await receiver.waitFor((requests) => requests.length === 5)
  assert.equal(deliveriesOf(receiver).length, 4)
})

test('without consent nothing is sent and no attempt is used up; another address is asked anew', async () => {
  const silent = await receiverOf()
  const { id, labels } = await subscribe(silent, { handshake: {} })
  const eventId = await stack.api.send({ labels })
  const refused = await until('it is refused', async () => {
    const { handshake } = await statusOf(id)
    return handshake?.state === 'refused' && handshake
  })
  assert.match(refused.reason ?? '', /no WebHook-Allowed-Origin/)
  assert.ok(Date.parse(refused.retry_at!) > Date.now())
  assert.deepEqual(
    silent.requests.map(({ method }) => method),
    ['OPTIONS'],
  )
  const [attempt] = await stack.api.attempts({ event_id: eventId })
  assert.deepEqual([attempt?.attempt_number, attempt?.outcome], [1, null])
  const willing = await receiverOf(consenting({ 'webhook-allowed-origin': '*' }))
  const edit = stack.api.subscriptionPost(willing.url, { labels, handshake: {} })
  assert.equal((await stack.api.call('PUT', `/subscriptions/${id}`, edit)).status, 200)
  await willing.waitFor(() => deliveriesOf(willing).length === 1)
  assert.equal(willing.requests[0]?.method, 'OPTIONS')
  assert.equal(deliveriesOf(willing)[0]?.headers['x-event-id'], eventId)
  assert.equal(silent.requests.length, 1)
})

test('the rate that a receiver grants is kept to', async () => {
  const receiver = await receiverOf(consenting({ 'webhook-allowed-origin': '*', 'webhook-allowed-rate': '600' }))
  const { id, labels } = await subscribe(receiver, { handshake: {} })
  await Promise.all(Array.from({ length: 11 }, () => stack.api.send({ labels })))
  await receiver.waitFor(() => deliveriesOf(receiver).length === 11)
  const times = await begunOf(stack.api, id, 11)
  // Ten a second: one at once, the other ten take a tenth of a second each.
  assert.ok(times.at(-1)! - times[0]! >= 900, `${times.at(-1)! - times[0]!} ms`)
})

// -- test deliveries -------------------------------------------------------------------------------------------------

test('a test delivery is signed like a real one, marked, tells what happened, and leaves no delivery', async () => {
  const receiver = await receiverOf(() => ({ status: 201, headers: { 'x-answer': 'a' }, body: 'thanks' }))
  const { id, secret } = await subscribe(receiver)
  const { status, body } = await tryOut(id, { payload: '{"n":7}', event_type: 'any.name.here' })
  assert.equal(status, 200)
  assert.deepEqual(
    [body.outcome, body.status_code, body.body, body.is_body_cut, body.error_name],
    ['success', 201, 'thanks', false, null],
  )
  assert.equal(body.headers?.['x-answer'], 'a')
  const [request] = receiver.requests
  assert.equal(request?.body.toString(), '{"n":7}')
  assert.equal(request?.headers['x-jethook-test'], 'true')
  assert.equal(request?.headers['x-event-type'], 'any.name.here')
  const signature = String(request?.headers['x-hook0-signature'])
  const headers = new Headers(request!.headers as Record<string, string>)
  assert.equal(verifyWebhookSignature(signature, request!.body, headers, secret, 300), true)
  assert.deepEqual(await stack.api.attempts({ subscription_id: id }), [])
})

test('a test delivery tells of errors in the words of attempts, and cuts long answers', async () => {
  const long = await receiverOf(() => ({ status: 500, body: 'x'.repeat(20_000) }))
  const failed = (await tryOut((await subscribe(long)).id)).body
  assert.deepEqual([failed.outcome, failed.status_code, failed.error_name], ['failed', 500, 'E_HTTP'])
  assert.equal(failed.body?.length, 4_096)
  assert.equal(failed.is_body_cut, true)
  const hanging = await receiverOf(() => 'hang')
  const late = (await tryOut((await subscribe(hanging, { retry_policy: { timeout_ms: 1_000 } })).id)).body
  assert.deepEqual([late.outcome, late.status_code, late.error_name], ['timeout', null, 'E_TIMEOUT'])
  assert.ok(late.duration_ms >= 900)
  const gone = await startReceiver()
  await gone.close()
  const refused = (await tryOut((await subscribe(gone)).id)).body
  assert.deepEqual([refused.outcome, refused.error_name, refused.headers], ['failed', 'E_CONNECTION', null])
})

test('test deliveries take bad payloads no more than events do, and are limited', async () => {
  const receiver = await receiverOf()
  const { id } = await subscribe(receiver)
  assert.equal((await tryOut(id, { payload: '{' })).body.id, 'EventInvalidJsonPayload')
  assert.equal((await tryOut(id, { payload: `"${'x'.repeat(70_000)}"` })).body.id, 'Validation')
  const answers = await Promise.all(Array.from({ length: 12 }, () => tryOut(id)))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 429]))
  const refused = answers.find(({ status }) => status === 429)
  assert.equal(refused?.body.id, 'RateLimited')
  assert.ok(Number(refused?.headers.get('retry-after')) >= 1)
  assert.equal(receiver.requests.length, 10)
})
