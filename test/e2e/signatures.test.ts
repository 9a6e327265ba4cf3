import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { after, before, test } from 'node:test'
import { verifyWebhookSignature } from 'hook0-client'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import type { AuditEntryAnswer } from '#shared/contract/account-schemas.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type { SubscriptionAnswer, SubscriptionSecretAnswer } from '#shared/contract/schemas.ts'
import { type Reaction, type ReceivedRequest, type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const ALL = ['hook0-v0', 'hook0-v1', 'standard-v1', 'standard-v1a']
const TOLERANCE_S = 300

let stack: Stack
let typeCounter = 0
const receivers: Receiver[] = []

before(async () => {
  // Signatures count seconds: retries that are to have times of their own are more than one apart.
  stack = await startStack({ RETRY_SCHEDULE: '1100ms' })
})
after(async () => {
  await stack?.close()
  await Promise.all(receivers.map((receiver) => receiver.close()))
})

async function subscribed(signatures: string[], react?: (request: ReceivedRequest, count: number) => Reaction) {
  const eventType = `s.i.g${++typeCounter}`
  await stack.api.createEventType(eventType)
  const receiver = await startReceiver(react)
  receivers.push(receiver)
  const fields = { event_types: [eventType], signatures }
  const subscription = await stack.api.subscribe(receiver.url, fields)
  const id = subscription.subscription_id
  const application_id = stack.credentials.application_id
  return {
    id,
    eventType,
    receiver,
    subscription,
    put: (more: Record<string, unknown>) =>
      stack.api.call<SubscriptionAnswer>('PUT', `/subscriptions/${id}`, {
        ...stack.api.subscriptionPost(receiver.url, { event_types: [eventType] }),
        ...more,
      }),
    reveal: async () => {
      const path = `/subscriptions/${id}/secret?application_id=${application_id}`
      return (await stack.api.call<SubscriptionSecretAnswer>('GET', path)).body
    },
    rotate: (grace_period?: string) =>
      stack.api.call<SubscriptionSecretAnswer & ProblemDocument>('POST', `/subscriptions/${id}/secret/rotate`, {
        application_id,
        ...(grace_period === undefined ? {} : { grace_period }),
      }),
    endPrevious: () =>
      stack.api.call('DELETE', `/subscriptions/${id}/secret/previous?application_id=${application_id}`),
    /** Sends an event and waits for its request. */
    deliver: async (): Promise<ReceivedRequest> => {
      const before = receiver.requests.length
      await stack.api.send({ event_type: eventType })
      await receiver.waitFor((requests) => requests.length > before)
      return receiver.requests.at(-1)!
    },
  }
}

type Secrets = Pick<SubscriptionSecretAnswer, 'secret' | 'webhook_secret' | 'public_key'>

const headersOf = ({ headers }: ReceivedRequest): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))

function doesNotThrow(check: () => unknown): boolean {
  try {
    return check() !== false
  } catch {
    return false
  }
}

/** With which of the packages, and with which header, a receiver that knows these secrets takes a request. */
function takenBy(request: ReceivedRequest, { secret, webhook_secret, public_key }: Secrets): string[] {
  const headers = headersOf(request)
  const hook0 = (name: string, value = headers[name] ?? '') =>
    verifyWebhookSignature(value, request.body, new Headers(headers), secret, TOLERANCE_S)
  const v0 = (headers['x-hook0-signature'] ?? '').replace(/,h=.*/, '')
  const checks: Record<string, () => unknown> = {
    'hook0-v0': () => v0.includes('v0=') && hook0('x-hook0-signature', v0),
    'hook0-v1': () => String(headers['x-hook0-signature']).includes('v1=') && hook0('x-hook0-signature'),
    'hook0-next': () => hook0('x-hook0-signature-next'),
    standardwebhooks: () => new StandardWebhook(webhook_secret!).verify(request.body, headers),
    svix: () => new SvixWebhook(webhook_secret!).verify(request.body, headers),
    v1a: () => isSignedBy(public_key!, request),
  }
  return Object.keys(checks).filter((name) => doesNotThrow(checks[name]!))
}

/** No package for Node checks ed25519: this is what the receiver's guide says. */
function isSignedBy(publicKey: string, { headers, body }: ReceivedRequest): boolean {
  const x = Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const signed = Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), body])
  return String(headers['webhook-signature'])
    .split(' ')
    .filter((part) => part.startsWith('v1a,'))
    .some((part) => verify(null, signed, key, Buffer.from(part.slice('v1a,'.length), 'base64')))
}

const EVERY_WAY = ['hook0-v0', 'hook0-v1', 'standardwebhooks', 'svix', 'v1a']

test('all kinds at once: every attempt verifies, with a time of its own, the same id and the same bytes', async () => {
  const { receiver, eventType, reveal, subscription } = await subscribed(ALL, (_, count) => ({
    status: count <= 2 ? 503 : 200,
  }))
  const secrets = await reveal()
  assert.deepEqual(
    { secret: secrets.secret, public_key: secrets.public_key },
    { secret: subscription.secret, public_key: subscription.public_key },
  )
  const payload = '{ "spaces" : "kept",\n"ü": "€" }'
  const eventId = await stack.api.send({ event_type: eventType, payload })
  await receiver.waitFor((requests) => requests.length === 3)
  for (const request of receiver.requests) {
    assert.deepEqual(takenBy(request, secrets), EVERY_WAY)
    assert.equal(request.headers['webhook-id'], eventId)
    assert.equal(request.body.toString(), payload)
  }
  const times = receiver.requests.map(({ headers }) => Number(headers['webhook-timestamp']))
  assert.ok(times[0]! < times[1]! && times[1]! < times[2]!, times.join())
  const hook0Times = receiver.requests.map(({ headers }) => /^t=(\d+),/.exec(String(headers['x-hook0-signature']))![1])
  assert.deepEqual(hook0Times.map(Number), times)
})

test('each kind alone verifies, and nothing else is there', async () => {
  const ways: Record<string, string[]> = {
    'hook0-v0': ['hook0-v0'],
    'hook0-v1': ['hook0-v1'],
    'standard-v1': ['standardwebhooks', 'svix'],
    'standard-v1a': ['v1a'],
  }
  for (const [kind, expected] of Object.entries(ways)) {
    const { deliver, reveal, subscription } = await subscribed([kind])
    assert.deepEqual(takenBy(await deliver(), await reveal()), expected, kind)
    assert.deepEqual(subscription.signatures, [kind])
  }
})

test('during a rotation old and new secrets verify; once it is ended the old ones do not', async () => {
  const { deliver, reveal, rotate, endPrevious, put } = await subscribed(ALL)
  const old = await reveal()
  const rotated = await rotate()
  assert.equal(rotated.status, 200)
  const fresh = rotated.body
  assert.equal(fresh.previous, null)
  for (const name of ['secret', 'webhook_secret', 'public_key'] as const) assert.notEqual(fresh[name], old[name])
  // Whoever changes the subscription meanwhile changes nothing about that.
  assert.equal((await put({ description: 'changed', signatures: ALL })).body.secret, fresh.secret)
  const { previous, ...present } = await reveal()
  const { expires_at, ...previousSecrets } = previous!
  const { secret, webhook_secret, public_key } = old
  assert.deepEqual(previousSecrets, { secret, webhook_secret, public_key })
  const graceMs = Date.parse(expires_at) - Date.parse(present.rotated_at!)
  assert.ok(graceMs >= 24 * 3_600_000 && graceMs < 24 * 3_600_000 + 1_000, `${graceMs} ms`)

  const during = await deliver()
  assert.deepEqual(takenBy(during, old), EVERY_WAY)
  assert.deepEqual(takenBy(during, fresh), ['hook0-next', 'standardwebhooks', 'svix', 'v1a'])

  assert.equal((await endPrevious()).status, 204)
  assert.equal((await endPrevious()).status, 204)
  assert.equal((await reveal()).previous, null)
  const afterwards = await deliver()
  assert.deepEqual(takenBy(afterwards, old), [])
  assert.deepEqual(takenBy(afterwards, fresh), EVERY_WAY)
})

test('the old secrets end by themselves when the grace period is over', async () => {
  const { deliver, reveal, rotate } = await subscribed(ALL)
  const old = await reveal()
  const { body: fresh } = await rotate('1s')
  await until('its end', async () => (await reveal()).previous === null)
  const afterwards = await deliver()
  assert.deepEqual(takenBy(afterwards, old), [])
  assert.deepEqual(takenBy(afterwards, fresh), EVERY_WAY)
})

test('a second rotation waits for the end of the first, unless it is to be at once', async () => {
  const { deliver, reveal, rotate } = await subscribed(ALL)
  const first = await reveal()
  const { body: second } = await rotate('1h')
  const refused = await rotate('1h')
  assert.deepEqual([refused.status, refused.body.id], [409, 'SecretRotationUnderWay'])
  const { body: third } = await rotate('0s')
  assert.equal((await reveal()).previous, null)
  const request = await deliver()
  assert.deepEqual(
    [first, second, third].map((secrets) => takenBy(request, secrets)),
    [[], [], EVERY_WAY],
  )
  for (const wrong of ['169h', 'soon']) {
    const { status, body } = await rotate(wrong)
    assert.deepEqual([status, Object.keys(body.validation!)], [422, ['grace_period']])
  }
})

test('who looked at secrets and who replaced them stands in the audit log, without the secrets', async () => {
  const { id, reveal, rotate } = await subscribed(['standard-v1'])
  const { organization_id } = stack.credentials
  const lines = async (query: string) => {
    const path = `/audit?organization_id=${organization_id}&resource_id=${id}${query}`
    return (await stack.api.call<AuditEntryAnswer[]>('GET', path)).body
  }
  const secrets = [await reveal(), await reveal(), (await rotate()).body]
  const looks = await lines('&action=revealed')
  assert.deepEqual(
    looks.map(({ action, actor, resource }) => [action, actor.kind, resource.kind]),
    [
      ['revealed', 'service_token', 'secret_reveal'],
      ['revealed', 'service_token', 'secret_reveal'],
    ],
  )
  const all = await lines('')
  assert.deepEqual(
    all.map(({ action }) => action),
    ['updated', 'revealed', 'revealed', 'created'],
  )
  assert.ok(all[0]!.changes.some(({ field }) => field === 'secretRotation'))
  for (const { secret, webhook_secret } of secrets) {
    for (const text of [secret, webhook_secret!.slice('whsec_'.length)])
      assert.ok(!JSON.stringify(all).includes(text), text)
  }
})

test('a client that knows nothing of signatures leaves them as they are; null takes them back', async () => {
  const { put, deliver, reveal } = await subscribed(['standard-v1'])
  assert.deepEqual((await put({})).body.signatures, ['standard-v1'])
  assert.deepEqual(takenBy(await deliver(), await reveal()), ['standardwebhooks', 'svix'])
  assert.equal((await put({ signatures: null })).body.signatures, undefined)
  assert.deepEqual(takenBy(await deliver(), await reveal()), ['hook0-v1'])
})

test('signatures that do not exist are refused with what there is', async () => {
  for (const signatures of [[], ['standard-v2']]) {
    const post = stack.api.subscriptionPost('http://127.0.0.1:1/', { signatures })
    const { status, body } = await stack.api.call<ProblemDocument>('POST', '/subscriptions', post)
    assert.deepEqual([status, Object.keys(body.validation!)], [422, ['signatures']])
    assert.match(body.detail, /standard-v1a/)
  }
})
