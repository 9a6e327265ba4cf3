import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventAccepted } from '../facts/event.ts'
import { type MatchedState, whyNot } from './why-not.ts'

const STATE: MatchedState = {
  isEnabled: true,
  deletedAtMs: null,
  eventTypes: ['a.b.*'],
  labels: { tenant: '1' },
  filter: { 'payload.amount': { $gte: 10 } },
  disabledBecause: null,
}
const event = {
  event: {
    eventType: 'a.b.c',
    labels: { tenant: '1' },
    metadata: {},
    payloadContentType: 'application/json',
  } as unknown as EventAccepted,
  payload: Buffer.from('{"amount":12}'),
}
const codeOf = (state: Partial<MatchedState>) => whyNot({ ...STATE, ...state }, event)?.code

test('what matches has no reason against it', () => {
  assert.equal(whyNot(STATE, event), null)
})

test('the first thing that stands in the way is told', () => {
  assert.equal(codeOf({ deletedAtMs: 1, isEnabled: false }), 'deleted')
  assert.equal(codeOf({ isEnabled: false, eventTypes: [] }), 'disabled')
  assert.equal(codeOf({ eventTypes: ['a.b.d', 'a.*'] }), 'event_type')
  assert.equal(codeOf({ labels: { tenant: '2' } }), 'label')
  assert.equal(codeOf({ labels: { other: '2' } }), 'label')
  assert.equal(codeOf({ filter: { 'payload.amount': { $lt: 10 } } }), 'filter')
})

test('the reason is a sentence', () => {
  const detail = whyNot({ ...STATE, labels: { tenant: '2' } }, event)?.detail
  assert.equal(detail, 'It wants the label tenant=2; the event has tenant=1.')
  assert.match(
    whyNot({ ...STATE, disabledBecause: { reason: 'gone', sinceMs: 1 }, isEnabled: false }, event)!.detail,
    /410/,
  )
})
