import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLatest } from './latest.ts'

test('the latest are there with their latest values, and of the others not many', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10 }),
      fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 100 }),
      (count, keys) => {
        const latest = createLatest<number, number>(count)
        for (const [i, key] of keys.entries()) latest.set(key, i)
        const inOrder = [...new Set(keys.toReversed())]
        for (const key of inOrder.slice(0, count)) assert.equal(latest.get(key), keys.lastIndexOf(key))
        const known = inOrder.filter((key) => latest.has(key))
        assert.ok(known.length <= 2 * count)
        for (const key of known) assert.equal(latest.get(key), keys.lastIndexOf(key))
        assert.equal(latest.has(99), false)
      },
    ),
  )
})
