import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SubscriptionSecrets } from '#shared/facts/control.ts'
import type { CachedEvent } from '#shared/runtime/event-cache.ts'
import { subscriptionState } from '#test/support/control-facts.ts'
import { buildRequest, prepareTarget, type RequestFormat } from './request.ts'

const FORMAT: RequestFormat = {
  signatureHeaderName: 'X-Hook0-Signature',
  signatureVersions: new Set(['v1']),
  userAgent: 'jethook/test',
}
const EVENT = {
  event: { eventId: 'e', eventType: 'a.b.c', payloadContentType: 'application/json' },
  payload: Buffer.from('{}'),
} as unknown as CachedEvent
const SECRETS: SubscriptionSecrets = { secret: 's', targetHeaders: {}, targetUrl: 'https://example.com/hook?a=1#x' }

function requestOf(targetHeaders: Record<string, string>) {
  const target = prepareTarget(subscriptionState('s'), { ...SECRETS, targetHeaders }, FORMAT)
  const request = buildRequest(target, EVENT, 0, FORMAT)
  if (request === null) return null
  const names = request.headers.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())
  const values = request.headers.filter((_, i) => i % 2 === 1)
  return { ...request, names, valueOf: (name: string) => values[names.indexOf(name)] }
}

test('headers that may not be set are left out, also of subscriptions that were written before that was checked', () => {
  const request = requestOf({ Host: 'other', 'X-Forwarded-For': '::1', 'metadata-flavor': 'Google', 'x-own': 'yes' })
  assert.equal(request?.valueOf('x-own'), 'yes')
  for (const name of ['host', 'x-forwarded-for', 'metadata-flavor']) assert.ok(!request?.names.includes(name), name)
  assert.match(request?.valueOf('x-hook0-signature') ?? '', /h=content-type x-event-id x-event-type x-own,/)
})

test('nothing is said twice: what jethook says itself replaces the rest, but for Accept and User-Agent', () => {
  const given = { 'Content-Type': 'x', 'Accept-Encoding': 'gzip', Accept: 'text/plain', 'user-agent': 'own' }
  const request = requestOf(given)
  assert.equal(new Set(request?.names).size, request?.names.length)
  assert.equal(request?.valueOf('content-type'), 'application/json')
  assert.equal(request?.valueOf('accept-encoding'), 'identity')
  assert.equal(request?.valueOf('accept'), 'text/plain')
  assert.equal(request?.valueOf('user-agent'), 'own')
})

test('a value that cannot be sent makes no request at all', () => {
  for (const value of ['é', 'a\nb', 'x'.repeat(4_097)]) assert.equal(requestOf({ 'x-own': value }), null)
})

test('a fragment stays at home, and certificates are known by subscription', () => {
  assert.equal(requestOf({})?.path, '/hook?a=1')
  const tls = { ca: 'c', certificate: null, key: null }
  const identityOf = (subscriptionId: string, more = {}) =>
    prepareTarget(subscriptionState(subscriptionId), { ...SECRETS, tls: { ...tls, ...more } }, FORMAT).tls?.identity
  assert.equal(identityOf('one'), identityOf('one'))
  assert.notEqual(identityOf('one'), identityOf('two'))
  assert.notEqual(identityOf('one'), identityOf('one', { ca: 'd' }))
})
