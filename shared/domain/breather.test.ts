import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Breather, createBreather } from './breather.ts'

/** So many batches, whose deliveries wait one after the other, from `firstMs` on. */
function batches(breather: Breather, count: number, firstMs: number, eachMs: number): void {
  for (let i = 0; i < count * 16; i++) breather.note(firstMs + (i % 16) * eachMs)
}

test('nothing is known at first: there is no pause', () => {
  assert.equal(createBreather().intervalMs, 0)
})

test('others have as much time as a batch takes', () => {
  const breather = createBreather()
  batches(breather, 3, 5, 2)
  assert.equal(breather.intervalMs, 2 * 24)
})

test('when others have more to do, the pause gets longer, up to a bound, and shorter again', () => {
  const breather = createBreather()
  batches(breather, 3, 5, 1)
  batches(breather, 1, 45, 1)
  assert.equal(breather.intervalMs, 2 * 52)
  batches(breather, 1, 500, 1)
  assert.equal(breather.intervalMs, 250)
  batches(breather, 1, 5, 1)
  assert.equal(breather.intervalMs, 2 * 12)
})

test('clocks that differ change nothing', () => {
  for (const skewMs of [-60_000, 60_000]) {
    const breather = createBreather()
    batches(breather, 3, skewMs, 2)
    assert.equal(breather.intervalMs, 2 * 24)
  }
})

test('a clock that was put right is believed after a while', () => {
  const breather = createBreather()
  batches(breather, 1, -60_000, 2)
  batches(breather, 2_100, 5, 2)
  assert.equal(breather.intervalMs, 2 * 24)
})
