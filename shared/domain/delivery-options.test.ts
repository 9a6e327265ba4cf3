import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionState } from '#test/support/control-facts.ts'
import type { DeliveryOptions } from '../contract/delivery-options.ts'
import { type KeptDeliveryOptions, readDeliveryOptions, showDeliveryOptions } from './delivery-options.ts'

test('options are shown as they were given', () => {
  const cases: DeliveryOptions[] = [
    {},
    { max_concurrency: 3, rate_limit: { requests: 90, per: 'minute' } },
    { rate_limit: { requests: 5, per: 'second' }, handshake: { request_rate: 120 } },
    { ordering: { by: 'subscription', on_dead_letter: 'pass' }, handshake: { request_rate: null } },
    { ordering: { by: 'label', label: 'customer', on_dead_letter: 'block' } },
    { ordering: { by: 'field', field: 'payload.customer.id', on_dead_letter: 'block' } },
  ]
  for (const post of cases) {
    const kept = readDeliveryOptions(post) as KeptDeliveryOptions
    assert.deepEqual(showDeliveryOptions(subscriptionState('s', kept)), post)
  }
})

test('a dead letter blocks unless it is said otherwise', () => {
  const kept = readDeliveryOptions({ ordering: { by: 'subscription' } }) as KeptDeliveryOptions
  assert.equal(kept.ordering?.onDeadLetter, 'block')
})

test('options that make no sense are told by field', () => {
  const cases: [DeliveryOptions, string[]][] = [
    [{ max_concurrency: 0, rate_limit: { requests: 0, per: 'second' } }, ['max_concurrency', 'rate_limit']],
    [{ handshake: { request_rate: -1 } }, ['handshake']],
    [{ ordering: { by: 'label' } }, ['ordering']],
    [{ ordering: { by: 'label', label: 'a', field: 'payload' } }, ['ordering']],
    [{ ordering: { by: 'field', field: 'labels.a' } }, ['ordering']],
    [{ ordering: { by: 'subscription', label: 'a' } }, ['ordering']],
  ]
  for (const [post, fields] of cases) {
    const wrong = readDeliveryOptions(post)
    assert.ok(Array.isArray(wrong), JSON.stringify(post))
    assert.deepEqual(
      wrong.map(({ field }) => field),
      fields,
    )
  }
})
