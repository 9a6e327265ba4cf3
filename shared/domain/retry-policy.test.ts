import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRetrySchedule, RETRY_AFTER_MAX_MS, type RetryPolicy, retryAfterMs, retryDelayMs } from './retry-policy.ts'

const SECOND = 1_000
const HOUR = 3_600 * SECOND
const DEFAULT: RetryPolicy = {
  scheduleMs: parseRetrySchedule('3s,10s,3m,30m,1h,3h,5h,10h'),
  retriesMax: 24,
  jitter: { ratio: 0.1, minSpreadMs: 2 * SECOND, maxSpreadMs: 900 * SECOND },
}

test("the default schedule is the contract's", () => {
  const withoutJitter = Array.from({ length: 10 }, (_, i) => retryDelayMs(i + 1, DEFAULT, 0))
  const hours = [1, 3, 5, 10, 10, 10].map((h) => h * HOUR)
  assert.deepEqual(withoutJitter, [3 * SECOND, 10 * SECOND, 180 * SECOND, 1_800 * SECOND, ...hours])
})

test('the first retry comes after 3 to 5 s, the second after 10 to 12 s', () => {
  assert.equal(retryDelayMs(1, DEFAULT, 0.9999), 4_999)
  assert.equal(retryDelayMs(2, DEFAULT, 0.9999), 11_999)
})

test('the 24th retry is made, a 25th is not', () => {
  assert.equal(retryDelayMs(24, DEFAULT, 0), 10 * HOUR)
  assert.equal(retryDelayMs(25, DEFAULT, 0), null)
})

test('a delay is never shorter than the schedule says, nor longer than schedule and largest spread', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 24 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const base = retryDelayMs(attempt, DEFAULT, 0)!
        const delay = retryDelayMs(attempt, DEFAULT, random)!
        assert.ok(delay >= base && delay < base + DEFAULT.jitter.maxSpreadMs)
        assert.ok(Number.isInteger(delay))
      },
    ),
  )
})

test('a ratio of 0 adds no jitter', () => {
  const policy = { ...DEFAULT, jitter: { ...DEFAULT.jitter, ratio: 0 } }
  assert.equal(retryDelayMs(1, policy, 0.99), 3 * SECOND)
})

test("a schedule that can't be read is refused by name", () => {
  for (const text of ['', '3', '3s,,10s', '3 weeks', '-1s'])
    assert.throws(() => parseRetrySchedule(text), /RETRY_SCHEDULE/, text)
})

test('Retry-After is read as seconds or as a date, and bounded', () => {
  const nowMs = Date.parse('2026-01-01T00:00:00Z')
  assert.equal(retryAfterMs('120', nowMs), 120 * SECOND)
  assert.equal(retryAfterMs('Thu, 01 Jan 2026 00:01:00 GMT', nowMs), 60 * SECOND)
  assert.equal(retryAfterMs('1000000000', nowMs), RETRY_AFTER_MAX_MS)
  for (const useless of [undefined, '', 'soon', '-5', 'Wed, 01 Jan 2020 00:00:00 GMT'])
    assert.equal(retryAfterMs(useless, nowMs), 0, String(useless))
})
