import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RetryPolicy as Post } from '../contract/schemas.ts'
import { isRetried, type RetryPolicy, retryDelayMs } from './retry-policy.ts'
import { readRetryPolicy, showRetryPolicy } from './validate-retry-policy.ts'

const BASE: RetryPolicy = {
  scheduleMs: [3_000, 10_000],
  retriesMax: 24,
  jitter: { ratio: 0, minSpreadMs: 0, maxSpreadMs: 0 },
}

const delay = fc
  .tuple(fc.integer({ min: 1, max: 500 }), fc.constantFrom('ms', 's', 'm', 'h'))
  .map(([n, unit]) => `${n}${unit}`)
const status = fc.oneof(fc.integer({ min: 100, max: 599 }), fc.constantFrom('1xx', '2xx', '3xx', '4xx', '5xx'))
const policy: fc.Arbitrary<Post> = fc.record(
  {
    max_attempts: fc.integer({ min: 1, max: 1_001 }),
    schedule: fc.array(delay, { minLength: 1, maxLength: 10 }),
    jitter_ratio: fc.double({ min: 0, max: 1, noNaN: true }),
    permanent_statuses: fc.oneof(fc.constant('retry_all' as const), fc.array(status, { maxLength: 5 })),
    retryable_statuses: fc.array(status, { maxLength: 5 }),
    timeout_ms: fc.integer({ min: 100, max: 60_000 }),
  },
  { requiredKeys: [] },
)

test('a policy that is shown can be given again, and is then the same', () => {
  fc.assert(
    fc.property(policy, (post) => {
      const read = readRetryPolicy(post)
      assert.ok(typeof read !== 'string', String(read))
      const shown = showRetryPolicy(read.policy, read.maxRetries)
      assert.deepEqual(readRetryPolicy(shown), read)
    }),
  )
})

test('exponential delays grow by the factor up to the cap, and never fall', () => {
  const exponential = fc.record({
    baseMs: fc.integer({ min: 1, max: 60_000 }),
    factor: fc.double({ min: 1, max: 100, noNaN: true }),
    capMs: fc.integer({ min: 60_000, max: 86_400_000 }),
  })
  fc.assert(
    fc.property(exponential, (grows) => {
      let before = 0
      for (let attempt = 1; attempt <= 24; attempt++) {
        const ms = retryDelayMs(attempt, { ...BASE, exponential: grows }, 0)!
        assert.ok(Number.isSafeInteger(ms) && ms >= before && ms <= grows.capMs)
        if (attempt === 1) assert.equal(ms, grows.baseMs)
        before = ms
      }
      assert.equal(retryDelayMs(25, { ...BASE, exponential: grows }, 0), null)
    }),
  )
})

test('jitter adds at the most its part of the delay', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 1, max: 24 }), (random, attempt) => {
      const jitter = { ratio: 0.1, minSpreadMs: 2_000, maxSpreadMs: 900_000 }
      const base = retryDelayMs(attempt, BASE, random)!
      const spread = retryDelayMs(attempt, { ...BASE, jitter }, random)! - base
      assert.ok(spread >= 0 && spread < Math.max(2_000, base * 0.1))
    }),
  )
})

test('what is said of a status goes before what is said of its class, and that before the table', () => {
  const of = (more: Partial<RetryPolicy>, code: number) => isRetried(code, { ...BASE, ...more })
  assert.deepEqual(
    [404, 408, 410, 429, 500, 302].map((code) => of({}, code)),
    [false, true, false, true, true, false],
  )
  assert.equal(of({ retryableStatuses: ['4xx'] }, 404), true)
  assert.equal(of({ retryableStatuses: ['4xx'], permanentStatuses: [404] }, 404), false)
  assert.equal(of({ permanentStatuses: ['5xx'], retryableStatuses: [503] }, 503), true)
  assert.equal(of({ permanentStatuses: ['5xx'], retryableStatuses: [503] }, 500), false)
  assert.equal(of({ permanentStatuses: 'retry_all' }, 410), true)
})
