import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { applicationState, subscriptionState } from '#test/support/control-facts.ts'
import type { SubscriptionState } from '../facts/control.ts'
import type { EventAccepted } from '../facts/event.ts'
import { hasLabels, matchEvent } from './match.ts'
import { createRegistry } from './registry.ts'

const subscription = subscriptionState

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

const PAYLOAD = Buffer.from('{"amount":5}')

function matched(states: SubscriptionState[], event = EVENT): string[] {
  const registry = createRegistry()
  for (const [i, state] of states.entries()) registry.evolve(state, i + 1)
  return matchEvent({ event, payload: PAYLOAD }, 1, registry).map((delivery) => delivery.subscriptionId)
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
  const matchable = { event: EVENT, payload: PAYLOAD }
  assert.deepEqual(matchEvent(matchable, 5, registry), matchEvent(matchable, 5, registry))
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

test('a pattern wants the types that it stands for, also when subscriptions change', () => {
  const states = [
    subscription('one', { eventTypes: ['a.*.c'] }),
    subscription('rest', { eventTypes: ['a.**'] }),
    subscription('twice', { eventTypes: ['a.**', 'a.b.c'] }),
    subscription('other', { eventTypes: ['b.**', 'a.*'] }),
  ]
  assert.deepEqual(matched(states).sort(), ['one', 'rest', 'twice'])
  const registry = createRegistry()
  registry.evolve(states[0]!, 1)
  assert.equal(registry.subscriptionsOf('app', 'a.x.c', {}).length, 1)
  registry.evolve({ ...states[0]!, eventTypes: ['z.*.c'] }, 2)
  assert.equal(registry.subscriptionsOf('app', 'a.x.c', {}).length, 0)
  assert.equal(registry.subscriptionsOf('app', 'z.x.c', {}).length, 1)
})

const pairs = fc.dictionary(fc.constantFrom('tenant', 'region', 'all'), fc.constantFrom('1', '2', '3'), { maxKeys: 3 })
const changes = fc.array(
  fc.record({
    id: fc.constantFrom('s1', 's2', 's3', 's4', 's5'),
    eventTypes: fc.uniqueArray(fc.constantFrom('a.b.c', 'a.b.d', 'a.*.c', 'a.**'), { minLength: 1, maxLength: 3 }),
    labels: pairs,
    isEnabled: fc.boolean(),
  }),
  { maxLength: 15 },
)

test('whatever changed: those are found whose type and labels are right, in the order of their changes', () => {
  fc.assert(
    fc.property(changes, pairs, (changed, eventLabels) => {
      const registry = createRegistry()
      for (const [i, { id, ...more }] of changed.entries()) {
        registry.evolve(subscription(id, more), i + 1)
        // Asked in between, too: what is remembered must not outlive a change.
        registry.subscriptionsOf('app', 'a.b.c', eventLabels)
      }
      const event = { ...EVENT, labels: eventLabels }
      const found = matchEvent({ event, payload: PAYLOAD }, 1, registry).map((delivery) => delivery.subscriptionId)
      const wanted = [...registry.subscriptions.values()]
        .filter(({ state }) => state.isEnabled && hasLabels(eventLabels, state.labels))
        .filter(({ state }) => state.eventTypes.some((name) => name !== 'a.b.d'))
        .sort((a, b) => a.seq - b.seq)
        .map(({ state }) => state.subscriptionId)
      assert.deepEqual(found, wanted)
    }),
  )
})

test('of many tenants, only the subscriptions of the one that an event is about are looked at', () => {
  const registry = createRegistry()
  for (let i = 0; i < 1_000; i++)
    registry.evolve(subscription(`s${i}`, { labels: { all: 'yes', tenant: String(i) } }), i + 1)
  // The first one stands at the label that all of them have.
  const found = registry.subscriptionsOf('app', 'a.b.c', { all: 'yes', tenant: '7' })
  assert.deepEqual(
    found.map(({ state }) => state.subscriptionId),
    ['s0', 's7'],
  )
})

test('what an application has is counted without what is deleted', () => {
  const registry = createRegistry()
  registry.evolve(subscription('one'), 1)
  registry.evolve(subscription('two', { isEnabled: false }), 2)
  registry.evolve(subscription('one', { labels: { a: 'b' } }), 3)
  assert.equal(registry.subscriptionCountOf('app'), 2)
  registry.evolve(subscription('one', { deletedAtMs: 1 }), 4)
  registry.evolve(subscription('one', { deletedAtMs: 1 }), 5)
  assert.equal(registry.subscriptionCountOf('app'), 1)
  assert.equal(registry.subscriptionCountOf('other'), 0)
})

test('a filter decides by the payload, and a payload that is no JSON satisfies none', () => {
  const states = [
    subscription('large', { filter: { 'payload.amount': { $gte: 5 } } }),
    subscription('larger', { filter: { 'payload.amount': { $gt: 5 } } }),
    subscription('tenant', { filter: { 'labels.tenant': '1' } }),
  ]
  assert.deepEqual(matched(states, { ...EVENT, payloadContentType: 'application/json' }), ['large', 'tenant'])
  assert.deepEqual(matched(states), ['tenant'])
})

test('a deleted application wants nothing, and what was matched before is cancelled', () => {
  const registry = createRegistry()
  registry.evolve(applicationState(), 1)
  registry.evolve(subscription('s'), 2)
  registry.evolve(applicationState({ deletedAtMs: 1 }), 9)
  assert.deepEqual(registry.subscriptionsOf('app', 'a.b.c', {}), [])
  assert.equal(registry.subscriptions.get('s')?.cancelledBeforeSeq, 9)
  registry.evolve(subscription('s'), 12)
  assert.deepEqual(registry.subscriptionsOf('app', 'a.b.c', {}), [])
})
