import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSearch, stringifySearch, textsOf } from './search.ts'

test('texts stay texts on their way through the address', () => {
  const search = { status_code: '503', error: 'a & b = "c"', label: ['a:1', 'b:2'] }
  assert.deepEqual(parseSearch(stringifySearch(search)), search)
})

test('what is not set does not stand in the address', () => {
  assert.equal(stringifySearch({ a: undefined, b: '', c: null }), '')
  assert.equal(stringifySearch({ a: undefined, b: 'x' }), '?b=x')
})

test('a view keeps the filters that it knows, and only texts', () => {
  assert.deepEqual(textsOf('q', 'type')({ q: 'x', type: ['a', 'b'], other: 'y' }), { q: 'x' })
})
