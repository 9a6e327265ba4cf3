import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attemptIdOf } from './ids.ts'
import { holdAskedMs, isGone, judgeAttempt, type SendResult } from './outcome.ts'
import type { RetryPolicy } from './retry-policy.ts'

const POLICY: RetryPolicy = {
  scheduleMs: [1_000, 5_000],
  retriesMax: 2,
  jitter: { ratio: 0, minSpreadMs: 0, maxSpreadMs: 0 },
}
const NOW = 1_000_000

function responded(statusCode: number, headers: Record<string, string> = {}): SendResult {
  return { type: 'responded', response: { statusCode, headers, bodyBase64: '', isBodyCut: false } }
}

function judge(result: SendResult, attemptNumber = 1) {
  return judgeAttempt(result, { deliveryId: 'd', attemptNumber, nowMs: NOW, random: 0 }, POLICY)
}

test('every 2xx is a success', () => {
  for (const status of [200, 201, 204, 299]) {
    assert.deepEqual(judge(responded(status)), {
      outcome: 'success',
      errorName: null,
      errorMessage: null,
      decision: { type: 'succeeded' },
    })
  }
})

test('408, 429 and 5xx are retried', () => {
  for (const status of [408, 429, 500, 502, 503, 504, 599]) {
    const { errorName, decision } = judge(responded(status))
    assert.equal(errorName, 'E_HTTP')
    assert.deepEqual(decision, { type: 'retry', atMs: NOW + 1_000, attemptId: attemptIdOf('d', 2) }, String(status))
  }
})

test('any other answer is a dead letter at once', () => {
  for (const status of [300, 301, 304, 400, 401, 403, 404, 407, 409, 410, 422, 451, 499, 600]) {
    assert.deepEqual(judge(responded(status)).decision, { type: 'dead-letter', reason: 'permanent' }, String(status))
  }
})

test("network trouble is retried, under the contract's name for it", () => {
  const names = {
    'timed-out': 'E_TIMEOUT',
    'connection-failed': 'E_CONNECTION',
    'dns-failed': 'E_DNS',
    'invalid-target': 'E_INVALID_TARGET',
    unknown: 'E_UNKNOWN',
  } as const
  for (const [type, name] of Object.entries(names)) {
    const judgement = judge({ type, message: 'm' } as SendResult)
    assert.equal(judgement.errorName, name)
    assert.equal(judgement.outcome, type === 'timed-out' ? 'timeout' : 'failed')
    assert.equal(judgement.decision.type, 'retry')
  }
})

test("a header that can't be sent, or an event that is gone, is a dead letter at once", () => {
  assert.deepEqual(judge({ type: 'invalid-header', message: 'm' }).decision, {
    type: 'dead-letter',
    reason: 'invalid-header',
  })
  assert.deepEqual(judge({ type: 'event-expired', message: 'm' }).decision, {
    type: 'dead-letter',
    reason: 'event-expired',
  })
})

test('when the retries are spent the delivery is a dead letter', () => {
  assert.equal(judge(responded(500), 2).decision.type, 'retry')
  assert.deepEqual(judge(responded(500), 3).decision, { type: 'dead-letter', reason: 'retries-spent' })
})

test('Retry-After on 429, 502, 503 and 504 asks for the whole subscription to be left alone, up to 10 h', () => {
  const held = (status: number, after?: string) =>
    holdAskedMs(responded(status, after === undefined ? {} : { 'retry-after': after }), NOW)
  for (const status of [429, 502, 503, 504]) assert.equal(held(status, '60'), 60_000)
  assert.equal(held(429, new Date(NOW + 90_000).toUTCString()), Math.floor((NOW + 90_000) / 1_000) * 1_000 - NOW)
  assert.equal(held(429, '999999999'), 36_000_000)
  for (const [status, after] of [
    [500, '60'],
    [200, '60'],
    [429, 'soon'],
    [429, '-5'],
  ] as const)
    assert.equal(held(status, after), 0)
  assert.equal(held(503), 0)
  assert.equal(holdAskedMs({ type: 'timed-out', message: '' }, NOW), 0)
})

test('a 410 says that the receiver is gone, unless the policy has it tried again', () => {
  const gone = (status: number, policy?: Partial<RetryPolicy>) => {
    const result = responded(status)
    return isGone(
      result,
      judgeAttempt(result, { deliveryId: 'd', attemptNumber: 1, nowMs: NOW, random: 0 }, { ...POLICY, ...policy }),
    )
  }
  assert.equal(gone(410), true)
  assert.equal(gone(404), false)
  assert.equal(gone(410, { retryableStatuses: [410] }), false)
})

test('Retry-After counts on 429 and 503 only, and only when it is longer', () => {
  const atMs = (status: number, after: string) => {
    const { decision } = judge(responded(status, { 'retry-after': after }))
    return decision.type === 'retry' ? decision.atMs - NOW : null
  }
  assert.equal(atMs(429, '60'), 60_000)
  assert.equal(atMs(503, '60'), 60_000)
  assert.equal(atMs(500, '60'), 1_000)
  assert.equal(atMs(429, '0'), 1_000)
})
