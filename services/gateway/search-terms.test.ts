import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTerms } from './search-terms.ts'

test('an id is known by its first eight digits, with hyphens or without', () => {
  const whole = '01993f0c-2a3b-7c4d-8e5f-60718293a4b5'
  assert.deepEqual(readTerms(` ${whole.toUpperCase()} `).ids, { from: whole, to: whole })
  assert.deepEqual(readTerms('01993f0c-2').ids, {
    from: '01993f0c-2000-0000-0000-000000000000',
    to: '01993f0c-2fff-ffff-ffff-ffffffffffff',
  })
  for (const none of ['01993f0', 'order', `${whole}0`, '-------']) assert.equal(readTerms(none).ids, null, none)
})

test('labels are written with a colon or an equals sign; an address is no label', () => {
  assert.deepEqual(readTerms('tenant:42').label, { tenant: '42' })
  assert.deepEqual(readTerms('tenant=a b:c').label, { tenant: 'a b:c' })
  for (const none of ['https://example.com/', 'tenant:', ':x', 'two words: x'])
    assert.equal(readTerms(none).label, null)
})
