import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionState } from '#test/support/control-facts.ts'
import { subscriptionOccurrences } from './transitions.ts'

const typesOf = (...args: Parameters<typeof subscriptionOccurrences>) =>
  subscriptionOccurrences(...args).map(({ type }) => type)

test('only what changes is told', () => {
  const enabled = subscriptionState('s')
  const disabled = subscriptionState('s', { isEnabled: false, disabledBecause: { reason: 'failing', sinceMs: 1 } })
  const paused = subscriptionState('s', { pausedAtMs: 1 })
  assert.deepEqual(typesOf(undefined, enabled, 1), [])
  assert.deepEqual(typesOf(enabled, disabled, 2), ['jethook.subscription.disabled'])
  assert.deepEqual(typesOf(undefined, disabled, 2), ['jethook.subscription.disabled'])
  assert.deepEqual(typesOf(disabled, { ...disabled, description: 'x' }, 3), [])
  assert.deepEqual(typesOf(disabled, enabled, 4), ['jethook.subscription.enabled'])
  assert.deepEqual(typesOf(enabled, paused, 5), ['jethook.subscription.paused'])
  assert.deepEqual(typesOf(paused, enabled, 6), ['jethook.subscription.resumed'])
  assert.deepEqual(typesOf(enabled, { ...disabled, deletedAtMs: 1 }, 7), [])
})

test('of an address no more than the origin is told', () => {
  const after = subscriptionState('s', {
    pausedAtMs: 1,
    target: { method: 'POST', url: 'https://a.example/secret?x=1' },
  })
  assert.equal(subscriptionOccurrences(undefined, after, 1)[0]?.details['target_origin'], 'https://a.example')
})
