import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldError, FieldErrors } from '../contract/problems.ts'
import type { SubscriptionPost } from '../contract/schemas.ts'
import type { TargetRules } from './target-url.ts'
import { type ParsedTarget, parseTarget, validateSubscriptionPost, wantedLabels } from './validate-subscription.ts'

const RULES: TargetRules = {
  isAddressChecked: true,
  isHttpAllowed: true,
  isNat64Judged: false,
  allowed: [],
  refused: [],
  own: [],
  allowedPorts: new Set(),
  ownPorts: new Set(),
}
const TARGET = { type: 'http' as const, method: 'POST', url: 'https://example.com/hook', headers: {} }

function post(more: Partial<SubscriptionPost> = {}): SubscriptionPost {
  return {
    application_id: '01900000-0000-7000-8000-000000000002',
    is_enabled: true,
    event_types: ['a.b.c'],
    labels: { all: 'yes' },
    target: TARGET,
    ...more,
  }
}

function validate(more: Partial<SubscriptionPost> = {}): FieldErrors | null {
  const whole = post(more)
  return validateSubscriptionPost(whole, parseTarget(whole.target) as ParsedTarget, RULES)
}

const target = (more: Record<string, unknown>) => ({ target: { ...TARGET, ...more } as SubscriptionPost['target'] })
const names = (count: number) => Array.from({ length: count }, (_, i) => `a.b.${i}`)
const headers = (count: number) => Object.fromEntries(names(count).map((name) => [name, 'v']))

test('a valid subscription has no errors', () => {
  assert.equal(validate(), null)
  assert.equal(validate({ description: null, metadata: null, dedicated_workers: null, max_retries: null }), null)
  assert.equal(validate({ max_retries: 0 }), null)
  assert.equal(validate({ max_retries: 1000, event_types: names(100), description: 'd' }), null)
  assert.equal(validate(target({ headers: headers(10) })), null)
})

test('each field rule of a subscription refuses what it is there for', () => {
  const cases: [Partial<SubscriptionPost>, string, string][] = [
    [{ event_types: [] }, 'event_types', 'event-types-size'],
    [{ event_types: names(101) }, 'event_types', 'event-types-size'],
    [{ event_types: [''] }, 'event_types', 'event-types-name-length'],
    [{ event_types: ['é'.repeat(101)] }, 'event_types', 'event-types-name-length'],
    [{ description: '' }, 'description', 'length'],
    [{ description: 'x'.repeat(101) }, 'description', 'length'],
    [{ description: 'a\u0000' }, 'description', 'non_control_character'],
    [{ metadata: { k: '' } }, 'metadata', 'metadata-property-length'],
    [{ metadata: { k: '\u0000' } }, 'metadata', 'non_control_character'],
    [{ labels: {} }, 'labels', 'labels-size'],
    [{ labels: { k: 'x'.repeat(51) } }, 'labels', 'labels-property-length'],
    [{ labels: { '\u0000': 'v' } }, 'labels', 'non_control_character'],
    [{ labels: null, label_key: '', label_value: 'v' }, 'label_key', 'length'],
    [{ labels: null, label_key: 'k', label_value: 'a\nb' }, 'label_value', 'non_control_character'],
    [{ dedicated_workers: [] }, 'dedicated_workers', 'length'],
    [{ dedicated_workers: names(21) }, 'dedicated_workers', 'length'],
    [{ max_retries: -1 }, 'max_retries', 'range'],
    [{ max_retries: 1001 }, 'max_retries', 'range'],
  ]
  for (const [more, field, code] of cases) {
    const errors = validate(more)
    assert.deepEqual(Object.keys(errors ?? {}), [field], `${field}: ${code}`)
    assert.deepEqual(
      (errors?.[field] as FieldError[] | undefined)?.map((error) => error.code),
      [code],
    )
  }
})

test('errors of the target stand in an object under target', () => {
  const cases: [Record<string, unknown>, string, string][] = [
    [{ method: 'post' }, 'method', 'subscription-target-http-method'],
    [{ method: 'TRACE' }, 'method', 'subscription-target-http-method'],
    [{ url: `https://example.com/${'x'.repeat(1000)}` }, 'url', 'subscription-target-http-url-length'],
    [{ headers: headers(11) }, 'headers', 'subscription-target-http-headers-size'],
    [{ headers: { a: 'x'.repeat(501) } }, 'headers', 'subscription-target-http-headers-property-length'],
    [{ headers: { 'X-Forwarded-For': '127.0.0.1' } }, 'headers', 'subscription-target-http-headers-forbidden'],
    [{ url: 'http://127.0.0.1/' }, 'url', 'subscription-target-http-url-forbidden'],
    [{ url: 'https://user:password@example.com/' }, 'url', 'subscription-target-http-url-forbidden'],
    [{ url: 'https://example.com:6379/' }, 'url', 'subscription-target-http-url-forbidden'],
    [{ url: 'https://printer.local/' }, 'url', 'subscription-target-http-url-forbidden'],
  ]
  for (const [more, field, code] of cases) {
    const errors = validate(target(more)) as { target: Record<string, FieldError[]> }
    assert.deepEqual(Object.keys(errors), ['target'])
    assert.deepEqual(
      errors.target[field]?.map((error) => error.code),
      [code],
    )
  }
})

test('a target URL is kept in its WHATWG form and header names in lower case', () => {
  const parsed = parseTarget({ ...TARGET, url: 'HTTPS://www.Hook0.com:443', headers: { 'X-A': 'b', many: ['1', '2'] } })
  assert.deepEqual(parsed, {
    url: 'https://www.hook0.com/',
    method: 'POST',
    headers: { 'x-a': 'b', many: '1, 2' },
  })
})

test('what is no target is said in a sentence', () => {
  const bad = [
    { url: 'ftp://example.com/' },
    { url: 'example.com' },
    { url: 'http://' },
    { url: 'http://exam\nple.com/' },
    { url: 'http://example.com\\@other/' },
    { headers: { 'a b': 'v' } },
    { headers: { '': 'v' } },
    { headers: { a: 'v\r\nb: c' } },
    { headers: { a: '\u0000' } },
  ]
  for (const more of bad) assert.equal(typeof parseTarget({ ...TARGET, ...more }), 'string', JSON.stringify(more))
})

test('labels win over the older pair of fields, half a pair says nothing', () => {
  const old = { label_key: 'k', label_value: 'v' }
  assert.deepEqual(wantedLabels(post({ ...old })), { all: 'yes' })
  assert.deepEqual(wantedLabels(post({ ...old, labels: null })), { k: 'v' })
  assert.deepEqual(wantedLabels(post({ labels: {} })), {})
  assert.equal(wantedLabels(post({ labels: null, label_key: 'k' })), null)
  assert.equal(wantedLabels(post({ labels: null })), null)
})
