import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeEvent, type EventAccepted, encodeEvent } from './event.ts'
import { eventSubject, subjectToken } from './subjects.ts'

const event = { v: 1, eventId: 'e', labels: { 'line\nfeed': 'ü\u2028' } } as unknown as EventAccepted

test('a payload comes out of EVENTS byte for byte as it went in', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => {
      const decoded = decodeEvent(encodeEvent(event, payload))
      assert.deepEqual(decoded.event, event)
      assert.deepEqual(new Uint8Array(decoded.payload), payload)
    }),
  )
})

test('what is no event of a known version is an error, not skipped', () => {
  assert.throws(() => decodeEvent(Buffer.from('no envelope')), /without an envelope/)
  assert.throws(() => decodeEvent(Buffer.from('{"v":2}\nx')), /unknown version 2/)
})

test('a name makes one literal subject token, and different names different ones', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 50, unit: 'grapheme' }), (name) => {
      const token = subjectToken(name)
      assert.match(token, /^[A-Za-z0-9_%-]+$/)
      assert.equal(decodeURIComponent(token), name.toWellFormed())
    }),
  )
})

test("dots, wildcards and spaces in a type's parts don't change the shape of the subject", () => {
  const subject = eventSubject('app', { service: 'a.b', resourceType: '*', verb: '> x' })
  assert.equal(subject, 'event.app.a%2Eb.%2A.%3E%20x')
})
