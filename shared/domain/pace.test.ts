import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPace } from './pace.ts'

/** How many are done in `forMs` by somebody who asks every `everyMs`. */
function doneIn(perSecond: number, forMs: number, everyMs: number): number {
  const pace = createPace(perSecond, { stepMax: 32, nowMs: 0 })
  let done = 0
  for (let nowMs = 0; nowMs <= forMs; nowMs += everyMs) {
    const count = pace.allowance(nowMs)
    pace.spend(count)
    done += count
  }
  return done
}

test('in the long run exactly the rate is reached, whatever it is', () => {
  for (const rate of [1, 3, 10, 99, 500, 10_000]) {
    const done = doneIn(rate, 20_000, 7)
    assert.ok(Math.abs(done - rate * 20) <= Math.max(1, rate * 0.1), `${rate}: ${done}`)
  }
})

test('a pause is not made up for', () => {
  const pace = createPace(1_000, { stepMax: 32, nowMs: 0 })
  assert.equal(pace.allowance(60_000), 250)
})

test('what was done beyond the allowance is waited for', () => {
  const pace = createPace(100, { stepMax: 32, nowMs: 0 })
  pace.spend(50)
  assert.equal(pace.allowance(400), 0)
  assert.ok(pace.allowance(600) > 0)
})
