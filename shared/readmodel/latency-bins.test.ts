import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { percentileMs } from './latency-bins.ts'

/** The bin of a time, as the SQL has it. */
const binOf = (ms: number) => (ms < 1 ? 0 : Math.min(Math.floor(Math.log2(ms) * 4) + 1, 126))

test('of nothing there is no percentile', () => {
  assert.equal(percentileMs(new Map(), 0.5), null)
  assert.equal(percentileMs(new Map([[3, 0]]), 0.5), null)
})

test('a percentile is as near to the real one as a bin is wide', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 90_000_000 }), { minLength: 1, maxLength: 200 }),
      fc.constantFrom(0.5, 0.95, 1),
      (times, q) => {
        const histogram = new Map<number, number>()
        for (const ms of times) histogram.set(binOf(ms), (histogram.get(binOf(ms)) ?? 0) + 1)
        const real = times.toSorted((a, b) => a - b)[Math.ceil(q * times.length) - 1]!
        const found = percentileMs(histogram, q)!
        assert.ok(found >= real / 1.2 - 1 && found <= real * 1.2 + 1, `${found} instead of ${real}`)
      },
    ),
  )
})
