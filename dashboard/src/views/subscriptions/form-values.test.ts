import assert from 'node:assert/strict'
import { test } from 'node:test'
import { postOf, problemsOf, valuesOf } from './form-values.ts'

const SUBSCRIPTION = {
  application_id: 'a',
  subscription_id: 's',
  is_enabled: false,
  event_types: ['a.b.c'],
  description: null,
  secret: 'x',
  metadata: { team: 'red' },
  label_key: 'tenant',
  label_value: '42',
  labels: { tenant: '42' },
  target: { type: 'http' as const, method: 'PUT', url: 'https://example.com/hook', headers: { 'x-own': 'a: b' } },
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
  dedicated_workers: [],
  max_retries: 3,
  ordering: { by: 'label' as const, label: 'tenant', on_dead_letter: 'pass' as const },
  signatures: ['standard-v1'],
  tls: { ca: 'PEM', client_certificate: null },
}

test('what the form does not show stays as it was', () => {
  const post = postOf('a', valuesOf(SUBSCRIPTION), SUBSCRIPTION)
  assert.equal(post.is_enabled, false)
  assert.deepEqual(post.metadata, { team: 'red' })
  assert.deepEqual(post.tls, SUBSCRIPTION.tls)
  assert.deepEqual(post.target, SUBSCRIPTION.target)
  assert.deepEqual(post.ordering, SUBSCRIPTION.ordering)
  assert.deepEqual(post.signatures, ['standard-v1'])
  assert.deepEqual(post.retry_policy, { max_attempts: 4 })
})

test('signatures that are taken away go back to what the server does', () => {
  assert.equal(postOf('a', { ...valuesOf(SUBSCRIPTION), signatures: [] }, SUBSCRIPTION).signatures, null)
  assert.equal('signatures' in postOf('a', valuesOf(null), null), false)
})

test('a new subscription needs an address and event types, and has a label to begin with', () => {
  assert.deepEqual(Object.keys(problemsOf(valuesOf(null))), ['url', 'eventTypes'])
  const values = { ...valuesOf(null), url: 'https://example.com', eventTypes: ['a.**'] }
  assert.deepEqual(problemsOf(values), {})
  assert.deepEqual(postOf('a', values, null).labels, { all: 'yes' })
})

test('labels, headers and JSON that cannot be read are told by field', () => {
  const values = { ...valuesOf(SUBSCRIPTION), labels: ['tenant'], headers: ['x'], filter: '[1]', retryPolicy: '{' }
  assert.deepEqual(Object.keys(problemsOf(values)), ['labels', 'headers', 'filter', 'retryPolicy'])
})
