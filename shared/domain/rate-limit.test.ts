import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decideRate, type RateLimit } from './rate-limit.ts'

const LIMIT: RateLimit = { burst: 20, periodMs: 100 }
const limit = fc.record({
  burst: fc.integer({ min: 1, max: 50 }),
  periodMs: fc.double({ min: 0.01, max: 500, noNaN: true }),
})
const gaps = fc.array(fc.double({ min: 0, max: 1_000, noNaN: true }), { minLength: 1, maxLength: 200 })

/** Times at which requests were allowed. */
function allowed(waits: readonly number[], rate: RateLimit): number[] {
  let state: number | undefined
  let nowMs = 0
  return waits.flatMap((wait) => {
    nowMs += wait
    const decision = decideRate(state, nowMs, rate)
    state = decision.state
    return decision.isAllowed ? [nowMs] : []
  })
}

test('a full bucket allows a burst at once, then one a period', () => {
  assert.equal(allowed(Array(30).fill(0), LIMIT).length, 20)
  assert.equal(allowed([...Array(25).fill(0), ...Array(10).fill(100)], LIMIT).length, 30)
})

test('no stretch of time has more than the burst and what it restores', () => {
  fc.assert(
    fc.property(limit, gaps, (rate, waits) => {
      const times = allowed(waits, rate)
      for (let i = 0; i < times.length; i++) {
        for (let j = i; j < times.length; j++) {
          const most = rate.burst + (times[j]! - times[i]!) / rate.periodMs
          assert.ok(j - i + 1 <= most + 1e-3, `${j - i + 1} in ${times[j]! - times[i]!} ms`)
        }
      }
    }),
  )
})

test('who waits as long as told is allowed, and not before', () => {
  fc.assert(
    fc.property(limit, gaps, (rate, waits) => {
      let state: number | undefined
      let nowMs = 0
      for (const wait of waits) {
        nowMs += wait
        const decision = decideRate(state, nowMs, rate)
        state = decision.state
        if (decision.isAllowed) continue
        assert.ok(decision.retryAfterMs > 0)
        assert.ok(decideRate(state, nowMs + decision.retryAfterMs + 1e-3, rate).isAllowed)
        assert.ok(
          !decideRate(state, nowMs + decision.retryAfterMs * 0.9 - 1e-3, rate).isAllowed ||
            decision.retryAfterMs < 0.01,
        )
      }
    }),
  )
})

test('a clock that is set back locks nobody out for longer than an empty bucket', () => {
  const { state } = decideRate(undefined, 1_000_000, LIMIT)
  const decision = decideRate(state, 0, LIMIT)
  assert.ok(decision.retryAfterMs <= LIMIT.burst * LIMIT.periodMs)
  assert.ok(decideRate(decision.state, 2_001, LIMIT).isAllowed)
})
