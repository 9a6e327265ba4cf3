import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProblemError } from '#shared/contract/problems.ts'
import { parseJson } from './json-body.ts'

const refuses = (body: Buffer) =>
  assert.throws(
    () => parseJson(body),
    (error) => error instanceof ProblemError && error.document.id === 'JsonPayload',
  )

test('a body is any JSON value in UTF-8', () => {
  assert.deepEqual(parseJson(Buffer.from('{"a":[1,"ü",null]}')), { a: [1, 'ü', null] })
})

test('no JSON, no UTF-8 and half a surrogate pair are refused', () => {
  for (const text of [
    '',
    '{',
    '{"a":1}x',
    String.raw`{"a":"\ud800"}`,
    String.raw`{"\uDC00":1}`,
    String.raw`["\uD83D x"]`,
  ])
    refuses(Buffer.from(text))
  refuses(Buffer.from([0x22, 0xff, 0x22]))
})

test('a pair of surrogate escapes, and the text of one, are fine', () => {
  assert.deepEqual(parseJson(Buffer.from(String.raw`["\ud83d\ude00"]`)), ['😀'])
  assert.deepEqual(parseJson(Buffer.from(String.raw`{"payload":"\"\\ud83d\""}`)), { payload: String.raw`"\ud83d"` })
})

test('what is nested too deep is refused, however deep', () => {
  const nested = (depth: number) => Buffer.from('['.repeat(depth) + ']'.repeat(depth))
  assert.deepEqual(parseJson(nested(2)), [[]])
  assert.doesNotThrow(() => parseJson(nested(64)))
  for (const depth of [65, 1_000, 500_000]) assert.throws(() => parseJson(nested(depth)), ProblemError)
  assert.throws(() => parseJson(Buffer.from(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`)), ProblemError)
})
