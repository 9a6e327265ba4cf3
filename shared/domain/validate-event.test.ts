import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FieldError, FieldErrors } from '../contract/problems.ts'
import type { EventPost } from '../contract/schemas.ts'
import { decodePayload, normalizeTimestamp, validateEventPost, validateEventTypePost } from './validate-event.ts'

const post = (more: Partial<EventPost> = {}): EventPost => ({
  application_id: '01900000-0000-7000-8000-000000000002',
  event_type: 'a.b.c',
  payload: '{}',
  payload_content_type: 'application/json',
  occurred_at: '2026-01-01T00:00:00Z',
  labels: { all: 'yes' },
  ...more,
})
const codes = (errors: FieldErrors | null, field: string) =>
  ((errors?.[field] ?? []) as FieldError[]).map(({ code }) => code)
const entries = (count: number, value = 'v') =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, value]))

test('a valid event has no errors', () => {
  assert.equal(validateEventPost(post()), null)
  assert.equal(validateEventPost(post({ payload: '', metadata: null })), null)
  assert.equal(validateEventPost(post({ labels: entries(10), metadata: entries(50) })), null)
})

test('each field rule of an event refuses what it is there for', () => {
  const cases: [Partial<EventPost>, string, string][] = [
    [{ event_type: '' }, 'event_type', 'length'],
    [{ event_type: 'x'.repeat(201) }, 'event_type', 'length'],
    [{ event_type: 'a\u0007b' }, 'event_type', 'non_control_character'],
    [{ payload: 'x'.repeat(699_051) }, 'payload', 'length'],
    [{ payload_content_type: '' }, 'payload_content_type', 'length'],
    [{ payload_content_type: 'x'.repeat(101) }, 'payload_content_type', 'length'],
    [{ payload_content_type: 'text/plain\n' }, 'payload_content_type', 'non_control_character'],
    [{ metadata: entries(51) }, 'metadata', 'metadata-size'],
    [{ metadata: { '': 'v' } }, 'metadata', 'metadata-property-length'],
    [{ metadata: { k: '' } }, 'metadata', 'metadata-property-length'],
    [{ metadata: { k: 'x'.repeat(51) } }, 'metadata', 'metadata-property-length'],
    [{ labels: {} }, 'labels', 'labels-size'],
    [{ labels: entries(11) }, 'labels', 'labels-size'],
    [{ labels: { '': 'v' } }, 'labels', 'labels-property-length'],
    [{ labels: { k: '' } }, 'labels', 'labels-property-length'],
    [{ labels: { ['x'.repeat(51)]: 'v' } }, 'labels', 'labels-property-length'],
  ]
  for (const [more, field, code] of cases) {
    const errors = validateEventPost(post(more))
    assert.deepEqual(Object.keys(errors ?? {}), [field], `${field}: ${code}`)
    assert.deepEqual(codes(errors, field), [code])
  }
})

test('the errors of all fields come together', () => {
  const errors = validateEventPost(post({ event_type: '', labels: {}, metadata: entries(51) }))
  assert.deepEqual(Object.keys(errors ?? {}).sort(), ['event_type', 'labels', 'metadata'])
})

test('an error of labels reads as the contract has it', () => {
  const errors = validateEventPost(post({ labels: {} })) as { labels: FieldError[] }
  assert.equal(errors.labels[0]?.message, 'Labels object must have at least 1 properties')
  assert.deepEqual(errors.labels[0]?.params['value'], {})
})

test('texts count in characters, labels in bytes', () => {
  assert.equal(validateEventPost(post({ event_type: '😀'.repeat(200) })), null)
  assert.deepEqual(codes(validateEventPost(post({ event_type: '😀'.repeat(201) })), 'event_type'), ['length'])
  assert.equal(validateEventPost(post({ labels: { k: 'é'.repeat(25) } })), null)
  assert.deepEqual(codes(validateEventPost(post({ labels: { k: 'é'.repeat(26) } })), 'labels'), [
    'labels-property-length',
  ])
})

test('labels are valid exactly when there are 1 to 10 of 1 to 50 bytes', () => {
  const texts = fc.string({ unit: 'grapheme', maxLength: 30 })
  fc.assert(
    fc.property(fc.dictionary(texts, texts, { maxKeys: 12 }), (labels) => {
      const sizes = Object.entries(labels)
        .flat()
        .map(Buffer.byteLength as (text: string) => number)
      const count = Object.keys(labels).length
      const isValid = count >= 1 && count <= 10 && sizes.every((size) => size >= 1 && size <= 50)
      assert.equal(validateEventPost(post({ labels })) === null, isValid)
    }),
  )
})

test('each part of an event type has 1 to 50 characters and no control characters', () => {
  const parts = { application_id: '', service: 's', resource_type: 'r.x y', verb: 'v' }
  assert.equal(validateEventTypePost(parts), null)
  assert.equal(validateEventTypePost({ ...parts, service: 'ü'.repeat(50) }), null)
  for (const field of ['service', 'resource_type', 'verb'] as const) {
    assert.deepEqual(codes(validateEventTypePost({ ...parts, [field]: '' }), field), ['length'])
    assert.deepEqual(codes(validateEventTypePost({ ...parts, [field]: 'x'.repeat(51) }), field), ['length'])
    assert.deepEqual(codes(validateEventTypePost({ ...parts, [field]: 'a\tb' }), field), ['non_control_character'])
  }
})

test('a payload is decoded by its content type, which must be one of three to the letter', () => {
  assert.deepEqual(decodePayload('grüß', 'text/plain'), Buffer.from('grüß'))
  assert.deepEqual(decodePayload(' {"a": 1.0} ', 'application/json'), Buffer.from(' {"a": 1.0} '))
  assert.deepEqual(decodePayload('null', 'application/json'), Buffer.from('null'))
  assert.deepEqual(decodePayload('AP8=', 'application/octet-stream+base64'), Buffer.from([0, 255]))
  assert.deepEqual(decodePayload('', 'application/octet-stream+base64'), Buffer.alloc(0))
  for (const text of ['', '{', "{'a':1}", 'NaN'])
    assert.equal(decodePayload(text, 'application/json'), 'EventInvalidJsonPayload')
  for (const text of ['AP8', 'AP8-', 'A P8=', 'AP8=\n', '=', 'AAAAA'])
    assert.equal(decodePayload(text, 'application/octet-stream+base64'), 'EventInvalidBase64Payload')
  for (const type of ['Text/plain', 'application/json; charset=utf-8', 'text/html'])
    assert.equal(decodePayload('{}', type), 'EventInvalidPayloadContentType')
})

test('base64 that was encoded decodes to the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64')
      assert.deepEqual(decodePayload(text, 'application/octet-stream+base64'), Buffer.from(bytes))
    }),
  )
})

test('a time is brought to UTC and keeps its microseconds', () => {
  const cases = [
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000000Z'],
    ['2026-01-01t00:00:00z', '2026-01-01T00:00:00.000000Z'],
    ['2026-01-01 00:00:00.1234567+02:00', '2025-12-31T22:00:00.123456Z'],
    ['2026-06-30T23:30:00.5-01:30', '2026-07-01T01:00:00.500000Z'],
    ['2024-02-29T12:00:00+00:00', '2024-02-29T12:00:00.000000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000000Z'],
  ]
  for (const [text, utc] of cases) assert.equal(normalizeTimestamp(text!), utc)
})

test('what is no RFC 3339 time is refused', () => {
  const bad = [
    '',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-13-01T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:61Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00+0200',
    '2026-01-01T00:00:00.Z',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    '1767225600',
    ' 2026-01-01T00:00:00Z',
  ]
  for (const text of bad) assert.equal(normalizeTimestamp(text), null, text)
})

test('a time keeps its instant, and a normalised one stays as it is', () => {
  const min = new Date('0002-01-01T00:00:00Z')
  const max = new Date('9998-12-31T00:00:00Z')
  const dates = fc.date({ min, max, noInvalidDate: true })
  fc.assert(
    fc.property(dates, fc.integer({ min: -1439, max: 1439 }), (date, offsetMinutes) => {
      const local = new Date(date.getTime() + offsetMinutes * 60_000).toISOString().slice(0, -1)
      const two = (n: number) => String(n).padStart(2, '0')
      const size = Math.abs(offsetMinutes)
      const text = `${local}${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
      const utc = normalizeTimestamp(text)
      assert.equal(Date.parse(utc!), date.getTime())
      assert.equal(normalizeTimestamp(utc!), utc)
    }),
  )
})
