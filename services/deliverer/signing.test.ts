import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyWebhookSignature } from 'hook0-client'
import { Webhook } from 'standardwebhooks'
import { webhookSecretText } from '#shared/domain/standard-signature.ts'
import type { SignatureKind, SubscriptionSecrets, SubscriptionState } from '#shared/facts/control.ts'
import type { CachedEvent } from '#shared/runtime/event-cache.ts'
import { subscriptionState } from '#test/support/control-facts.ts'
import { buildRequest, prepareTarget } from './request.ts'

const FORMAT = {
  signatureHeaderName: 'X-Hook0-Signature',
  signatureVersions: new Set(['v1'] as const),
  userAgent: 'jethook/test',
}
const standardOf = (name: string) => ({
  hmacKey: Buffer.from(name.padEnd(32)).toString('base64'),
  ed25519Seed: Buffer.from(name.padEnd(32, '.')).toString('base64'),
})
const OLD = { secret: 'old', standard: standardOf('old') }
const NEW = { secret: 'new', standard: standardOf('new') }
const NOW_S = Math.floor(Date.now() / 1_000)
const BODY = Buffer.from('{"n":1}')
const EVENT_ID = '01993f0c-2a3b-7c4d-8e5f-60718293a4b5'

interface Sent {
  state?: Partial<SubscriptionState>
  secrets?: Partial<SubscriptionSecrets>
  timestamp?: number
}

/** The headers of a request, those that come twice refused. */
function sent({ state = {}, secrets = {}, timestamp = NOW_S }: Sent): Record<string, string> {
  const target = prepareTarget(subscriptionState('s', state), { ...NEW, targetHeaders: {}, ...secrets }, FORMAT)
  const event = { eventId: EVENT_ID, eventType: 'a.b.c', payloadContentType: 'application/json' }
  const request = buildRequest(target, { event, payload: BODY } as unknown as CachedEvent, timestamp, FORMAT)
  const headers: Record<string, string> = {}
  for (let index = 0; index < request!.headers.length; index += 2) {
    const name = request!.headers[index]!.toLowerCase()
    assert.ok(!(name in headers), `${name} comes twice`)
    headers[name] = request!.headers[index + 1]!
  }
  return headers
}

const signingNames = (headers: Record<string, string>) =>
  Object.keys(headers).filter((name) => /^webhook-|signature/.test(name))
const kindsOf = (text: string | undefined) => (text ?? '').split(' ').map((part) => part.split(',')[0])

function hook0Takes(headers: Record<string, string>, name: string, secret: string): boolean {
  try {
    return verifyWebhookSignature(headers[name] ?? '', BODY, new Headers(headers), secret, 300) === true
  } catch {
    return false
  }
}
function standardTakes(headers: Record<string, string>, { standard }: typeof NEW): boolean {
  try {
    new Webhook(webhookSecretText(standard)).verify(BODY, headers)
    return true
  } catch {
    return false
  }
}

test("a subscription that says nothing is signed as the server's setting says", () => {
  const headers = sent({})
  assert.deepEqual(signingNames(headers), ['x-hook0-signature'])
  assert.doesNotMatch(headers['x-hook0-signature']!, /v0=/)
  assert.ok(hook0Takes(headers, 'x-hook0-signature', 'new'))
})

test('each kind is there when it is asked for, and only then', () => {
  const standard = ['webhook-id', 'webhook-timestamp', 'webhook-signature']
  const cases: [SignatureKind[], string[], RegExp, string[]][] = [
    [['hook0-v0'], ['x-hook0-signature'], /^t=\d+,v0=\w+$/, ['']],
    [['hook0-v0', 'hook0-v1'], ['x-hook0-signature'], /,v0=.+,v1=/, ['']],
    [['standard-v1'], standard, /^$/, ['v1']],
    [['standard-v1a'], standard, /^$/, ['v1a']],
    [['hook0-v1', 'standard-v1', 'standard-v1a'], ['x-hook0-signature', ...standard], /,v1=/, ['v1', 'v1a']],
  ]
  for (const [signatures, names, hook0, kinds] of cases) {
    const headers = sent({ state: { signatures } })
    assert.deepEqual(signingNames(headers), names, signatures.join())
    assert.match(headers['x-hook0-signature'] ?? '', hook0)
    assert.deepEqual(kindsOf(headers['webhook-signature']), kinds)
  }
})

test('the id is the event, the time is the attempt', () => {
  const headers = sent({ state: { signatures: ['standard-v1'] }, timestamp: NOW_S - 7 })
  assert.equal(headers['webhook-id'], EVENT_ID)
  assert.equal(headers['webhook-timestamp'], String(NOW_S - 7))
})

test('during a rotation both secrets sign; Hook0 keeps its header for the old one and has a second for the new one', () => {
  const state: Partial<SubscriptionState> = {
    signatures: ['hook0-v1', 'standard-v1', 'standard-v1a'],
    secretRotation: { atMs: 0, previousUntilMs: (NOW_S + 1) * 1_000 },
  }
  const secrets = { previous: OLD }
  const during = sent({ state, secrets })
  assert.deepEqual(kindsOf(during['webhook-signature']), ['v1', 'v1a', 'v1', 'v1a'])
  assert.deepEqual([standardTakes(during, OLD), standardTakes(during, NEW)], [true, true])
  assert.ok(hook0Takes(during, 'x-hook0-signature', 'old'))
  assert.ok(hook0Takes(during, 'x-hook0-signature-next', 'new'))
  const afterwards = sent({ state, secrets, timestamp: NOW_S + 1 })
  assert.deepEqual([standardTakes(afterwards, OLD), standardTakes(afterwards, NEW)], [false, true])
  assert.ok(hook0Takes(afterwards, 'x-hook0-signature', 'new'))
  assert.ok(!hook0Takes(afterwards, 'x-hook0-signature', 'old'))
  assert.equal(afterwards['x-hook0-signature-next'], undefined)
})

test('a rotation from keys of an earlier release signs Standard Webhooks with the new ones alone', () => {
  const state: Partial<SubscriptionState> = {
    signatures: ['standard-v1'],
    secretRotation: { atMs: 0, previousUntilMs: (NOW_S + 1) * 1_000 },
  }
  const headers = sent({ state, secrets: { previous: { secret: 'old' } } })
  assert.deepEqual(kindsOf(headers['webhook-signature']), ['v1'])
})

test("a customer's own headers never take the place of a signature", () => {
  const forged = [
    'Webhook-Id',
    'webhook-timestamp',
    'webhook-signature',
    'svix-id',
    'svix-timestamp',
    'svix-signature',
    'x-hook0-signature',
    'X-Hook0-Signature-Next',
  ]
  const targetHeaders = Object.fromEntries(forged.map((name) => [name, 'forged']))
  for (const signatures of [['hook0-v1'], ['hook0-v1', 'standard-v1']] as SignatureKind[][]) {
    const headers = sent({ state: { signatures }, secrets: { targetHeaders } })
    assert.ok(!Object.values(headers).includes('forged'))
    assert.ok(hook0Takes(headers, 'x-hook0-signature', 'new'))
  }
})

test('no keys for what is asked for is an error, never an unsigned request', () => {
  const { standard: _, ...secrets } = NEW
  const state = subscriptionState('s', { signatures: ['standard-v1'] })
  assert.throws(() => prepareTarget(state, { ...secrets, targetHeaders: {} }, FORMAT), /no keys/)
})
