import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applicationState, subscriptionState } from '#test/support/control-facts.ts'
import type { EventAccepted } from '../facts/event.ts'
import type { EventSelection } from '../facts/job.ts'
import { redrivenDeliveryIdOf } from './ids.ts'
import type { MatchableEvent } from './match.ts'
import { type DeadLetter, redriveDelivery } from './redrive.ts'
import { createRegistry } from './registry.ts'
import { isSelected, replayDeliveries } from './replay.ts'

const LETTER: DeadLetter = { deliveryId: 'dead', eventId: 'e', eventSeq: 7, subscriptionId: 's', replayId: null }
const EVENT = {
  event: {
    eventId: 'e',
    eventType: 'a.b.c',
    applicationId: 'app',
    labels: { tenant: '1' },
    receivedAtMs: 100,
    payloadContentType: 'application/json',
  } as unknown as EventAccepted,
  payload: Buffer.from('{}'),
} satisfies MatchableEvent

function registryWith(more: Parameters<typeof subscriptionState>[1] = {}) {
  const registry = createRegistry()
  registry.evolve(applicationState(), 1)
  registry.evolve(subscriptionState('s', more), 2)
  return registry
}

const redrive = (registry = registryWith(), event: MatchableEvent | null = EVENT) =>
  redriveDelivery(LETTER, { registry, event, jobId: 'j', nowMs: 9 })

test('a redrive is a delivery of its own to the same subscription, whatever that wants now', () => {
  const delivery = redrive(registryWith({ eventTypes: ['other'], filter: { 'payload.n': 1 } }))
  assert.deepEqual(delivery, {
    v: 1,
    type: 'delivery',
    deliveryId: redrivenDeliveryIdOf('dead'),
    eventId: 'e',
    eventSeq: 7,
    eventType: 'a.b.c',
    applicationId: 'app',
    subscriptionId: 's',
    controlSeq: 2,
    createdAtMs: 9,
    redriveOf: 'dead',
    jobId: 'j',
  })
})

test('of an ordered subscription it has its place in an order, of a replayed delivery its mark', () => {
  const ordering = { by: { type: 'subscription' }, onDeadLetter: 'block' } as const
  const delivery = redriveDelivery(
    { ...LETTER, replayId: 'r' },
    { registry: registryWith({ ordering }), event: EVENT, jobId: 'j', nowMs: 9 },
  )
  assert.ok(typeof delivery === 'object' && delivery.orderKey !== undefined)
  assert.equal(delivery.replayId, 'r')
})

test('what can not be sent is refused, with the reason', () => {
  assert.equal(redrive(createRegistry()), 'subscription_deleted')
  assert.equal(redrive(registryWith({ deletedAtMs: 5 })), 'subscription_deleted')
  assert.equal(redrive(registryWith({ isEnabled: false })), 'subscription_disabled')
  assert.equal(redrive(registryWith(), null), 'event_expired')
  const other = { ...EVENT, event: { ...EVENT.event, eventId: 'another' } }
  assert.equal(redrive(registryWith(), other), 'event_expired')
  const gone = registryWith()
  gone.evolve(applicationState({ deletedAtMs: 3 }), 3)
  assert.equal(redrive(gone), 'subscription_deleted')
})

test('a replay matches anew, marks what it makes, and keeps to the subscriptions that are named', () => {
  const registry = registryWith()
  registry.evolve(subscriptionState('t'), 3)
  const context = { registry, replayId: 'r', jobId: 'j', nowMs: 9 }
  const all = replayDeliveries(EVENT, 7, context)
  assert.deepEqual(
    all.map(({ subscriptionId }) => subscriptionId),
    ['s', 't'],
  )
  assert.ok(all.every(({ replayId, jobId }) => replayId === 'r' && jobId === 'j'))
  assert.equal(replayDeliveries(EVENT, 7, { ...context, subscriptionIds: ['t'] }).length, 1)
  const again = replayDeliveries(EVENT, 7, { ...context, replayId: 'q' })
  assert.notEqual(again[0]?.deliveryId, all[0]?.deliveryId)
})

test('a selection is kept to on all its sides', () => {
  const selection: EventSelection = {
    type: 'events',
    fromSeq: 1,
    throughSeq: 9,
    receivedFromMs: null,
    receivedToMs: null,
    eventTypes: [],
    labels: {},
    subscriptionIds: null,
    isOnlyUndelivered: false,
  }
  const of = (more: Partial<EventSelection>, event: Partial<EventAccepted> = {}) =>
    isSelected({ ...EVENT, event: { ...EVENT.event, ...event } }, { ...selection, ...more }, 1_000)
  assert.equal(of({}), true)
  assert.equal(of({ receivedFromMs: 100, receivedToMs: 100 }), true)
  assert.equal(of({ receivedFromMs: 101 }), false)
  assert.equal(of({ receivedToMs: 99 }), false)
  assert.equal(of({ eventTypes: ['a.*.c'] }), true)
  assert.equal(of({ eventTypes: ['a.b.d'] }), false)
  assert.equal(of({ labels: { tenant: '2' } }), false)
  assert.equal(of({}, { deliverAtMs: 1_001 }), false)
  assert.equal(of({}, { deliverAtMs: 1_000 }), true)
})
