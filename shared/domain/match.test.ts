import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SubscriptionState } from '../facts/control.ts'
import type { EventAccepted } from '../facts/event.ts'
import { hasLabels, matchEvent } from './match.ts'
import { createRegistry } from './registry.ts'

function subscription(id: string, change: Partial<SubscriptionState> = {}): SubscriptionState {
  return {
    v: 1,
    type: 'subscription',
    subscriptionId: id,
    applicationId: 'app',
    organizationId: 'org',
    isEnabled: true,
    eventTypes: ['a.b.c'],
    labels: {},
    description: null,
    metadata: {},
    target: { method: 'POST', url: 'http://localhost/' },
    sealed: '',
    maxRetries: null,
    createdAtMs: 0,
    updatedAtMs: 0,
    deletedAtMs: null,
    lastCancelledSeq: 0,
    changedAtMs: 0,
    changedBy: { kind: 'system', id: '' },
    ...change,
  }
}

const EVENT: EventAccepted = {
  v: 1,
  eventId: 'event',
  applicationId: 'app',
  organizationId: 'org',
  eventType: 'a.b.c',
  payloadContentType: 'text/plain',
  labels: { tenant: '1', region: 'eu' },
  metadata: {},
  occurredAt: '',
  receivedAtMs: 7,
  ip: '',
  controlSeq: 0,
  appendId: '',
}

function matched(states: SubscriptionState[], event = EVENT): string[] {
  const registry = createRegistry()
  for (const [i, state] of states.entries()) registry.evolve(state, i + 1)
  return matchEvent(event, 1, registry).map((delivery) => delivery.subscriptionId)
}

test('a subscription gets the events of its application and types whose labels include its own', () => {
  const states = [
    subscription('all'),
    subscription('labelled', { labels: { tenant: '1' } }),
    subscription('both', { labels: { region: 'eu', tenant: '1' } }),
    subscription('other-label', { labels: { tenant: '2' } }),
    subscription('more-labels', { labels: { tenant: '1', plan: 'x' } }),
    subscription('other-type', { eventTypes: ['a.b.d'] }),
    subscription('several-types', { eventTypes: ['a.b.d', 'a.b.c'] }),
    subscription('other-app', { applicationId: 'other' }),
    subscription('disabled', { isEnabled: false }),
    subscription('deleted', { deletedAtMs: 1 }),
  ]
  assert.deepEqual(matched(states), ['all', 'labelled', 'both', 'several-types'])
})

test('a changed subscription matches by its latest state', () => {
  assert.deepEqual(matched([subscription('s'), subscription('s', { eventTypes: ['x.y.z'] })]), [])
  assert.deepEqual(matched([subscription('s', { isEnabled: false }), subscription('s')]), ['s'])
  assert.deepEqual(matched([subscription('s'), subscription('s', { deletedAtMs: 1, isEnabled: false })]), [])
})

test('matching again gives the same facts', () => {
  const registry = createRegistry()
  for (let i = 0; i < 20; i++) registry.evolve(subscription(`s${i}`), i + 1)
  assert.deepEqual(matchEvent(EVENT, 5, registry), matchEvent(EVENT, 5, registry))
})

test('disabling cancels what was matched before, and enabling again does not revive it', () => {
  const registry = createRegistry()
  registry.evolve(subscription('s'), 10)
  assert.equal(registry.subscriptions.get('s')?.cancelledBeforeSeq, 0)
  registry.evolve(subscription('s', { isEnabled: false }), 20)
  assert.equal(registry.subscriptions.get('s')?.cancelledBeforeSeq, 20)
  registry.evolve(subscription('s', { lastCancelledSeq: 20 }), 30)
  assert.equal(registry.subscriptions.get('s')?.cancelledBeforeSeq, 20)
})

const labels = fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.string({ maxLength: 3 }), { maxKeys: 6 })

test('labels: a part of them is always held, and what is held in both directions is equal', () => {
  fc.assert(
    fc.property(labels, labels, (a, b) => {
      assert.ok(hasLabels({ ...a, ...b }, b))
      assert.ok(hasLabels(a, {}))
      if (hasLabels(a, b) && hasLabels(b, a)) assert.deepEqual({ ...a }, { ...b })
    }),
  )
})

test('labels: inherited names are no labels', () => {
  assert.equal(hasLabels({}, { toString: 'x' }), false)
  assert.equal(hasLabels({}, { constructor: 'Object' }), false)
})
