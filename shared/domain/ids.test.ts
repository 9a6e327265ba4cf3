import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { attemptIdOf, deliveryIdOf, laneOf, newEventId, parseUuid, timeOfUuidV7 } from './ids.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

test('a new event id is a UUIDv7 of its time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), (nowMs) => {
      const id = newEventId(nowMs)
      assert.equal(UUID.exec(id)?.[1], '7')
      assert.equal(timeOfUuidV7(id), nowMs)
    }),
  )
})

test('new event ids differ within one millisecond', () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => newEventId(1_700_000_000_000)))
  assert.equal(ids.size, 10_000)
})

test('an id of another version carries no time', () => {
  assert.equal(timeOfUuidV7('1a01cb48-5142-4d9b-8f90-d20cca61f0ee'), null)
})

test('delivery and attempt ids depend on what they name and on nothing else', () => {
  const delivery = deliveryIdOf('event', 'subscription', '')
  assert.equal(UUID.exec(delivery)?.[1], '8')
  assert.equal(delivery, deliveryIdOf('event', 'subscription', ''))
  const others = [
    deliveryIdOf('event', 'other', ''),
    deliveryIdOf('event', 'subscription', 'replay'),
    attemptIdOf(delivery, 1),
    attemptIdOf(delivery, 2),
  ]
  assert.equal(new Set([delivery, ...others]).size, 5)
})

test('a subscription always has the same lane, and lanes are evenly used', () => {
  const counts = new Array<number>(16).fill(0)
  for (let i = 0; i < 16_000; i++) {
    const id = newEventId(i)
    assert.equal(laneOf(id, 16), laneOf(id, 16))
    counts[laneOf(id, 16)]!++
  }
  for (const count of counts) assert.ok(count > 700 && count < 1_300, `a lane has ${count} of 16,000`)
})

test('a UUID is read in each form that the contract takes', () => {
  const id = '1a01cb48-5142-4d9b-8f90-d20cca61f0ee'
  const forms = [id, id.toUpperCase(), id.replaceAll('-', ''), `{${id}}`, `urn:uuid:${id}`]
  for (const form of forms) assert.equal(parseUuid(form), id, form)
})

test('what is no UUID is refused', () => {
  for (const text of [
    '',
    'abc',
    '1a01cb48-5142-4d9b-8f90-d20cca61f0e',
    '{1a01cb4851424d9b8f90d20cca61f0ee',
    ' 1a01cb48-5142-4d9b-8f90-d20cca61f0ee',
  ]) {
    assert.equal(parseUuid(text), null, text)
  }
})
