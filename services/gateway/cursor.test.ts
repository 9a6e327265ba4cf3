import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeCursor, encodeCursor } from './cursor.ts'

test('a cursor comes back as it went out', () => {
  const dates = fc
    .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('9999-01-01T00:00:00Z'), noInvalidDate: true })
    .map((date) => `${date.toISOString().slice(0, 23)}000Z`)
  fc.assert(
    fc.property(dates, fc.uuid(), (date, id) => {
      const text = encodeCursor({ date, id })
      assert.match(text, /^[A-Za-z0-9_-]+={0,2}$/)
      assert.equal(text.length % 4, 0)
      assert.deepEqual(decodeCursor(text), { date, id })
      assert.deepEqual(decodeCursor(text.replaceAll('=', '')), { date, id })
    }),
  )
})

test("a cursor is the contract's JSON in base64url, with any offset", () => {
  const json = '{"date":"2026-01-01T02:00:00+02:00","id":"01900000-0000-7000-8000-000000000002"}'
  assert.deepEqual(decodeCursor(Buffer.from(json).toString('base64url')), {
    date: '2026-01-01T00:00:00.000000Z',
    id: '01900000-0000-7000-8000-000000000002',
  })
})

test('what is no cursor is null, never an exception', () => {
  const id = '01900000-0000-7000-8000-000000000002'
  const bad = ['', 'x', '%', 'bnVsbA==', '{}']
  for (const value of [{}, { date: '1', id }, { date: '2026-01-01T00:00:00Z', id: 'x' }, { date: 1, id }, []])
    bad.push(Buffer.from(JSON.stringify(value)).toString('base64url'))
  for (const text of bad) assert.equal(decodeCursor(text), null, text)
  fc.assert(fc.property(fc.string(), (text) => assert.equal(decodeCursor(text), null)))
})
