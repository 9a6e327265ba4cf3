import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTimes } from './quantiles.ts'
import { readStamp, STAMP_PLACE, stampedPayload, stampOf } from './stamp.ts'

test('a stamp is read back to the µs, also from the beginning of a body', () => {
  const body = JSON.stringify(stampedPayload(1_024))
  assert.equal(body.length, 1_024)
  const stamped = body.replace(STAMP_PLACE, stampOf(1_790_000_000_123.456))
  assert.equal(stamped.length, 1_024)
  assert.equal(readStamp(Buffer.from(stamped.slice(0, 64))), 1_790_000_000_123.456)
})

test('a body without a stamp has no time', () => {
  for (const body of ['', '{"a":1}', '{"sent_at":"12"}', '{"sent_at":"abcdefghijklmnop"}'])
    assert.equal(readStamp(Buffer.from(body)), null)
})

test('quantiles of times are good to three figures', () => {
  const times = createTimes()
  for (let ms = 1; ms <= 1_000; ms++) times.add(ms)
  const { count, p50Ms, p99Ms, maxMs } = times.quantiles()
  assert.equal(count, 1_000)
  for (const [value, wanted] of [
    [p50Ms, 500],
    [p99Ms, 990],
    [maxMs, 1_000],
  ] as const)
    assert.ok(Math.abs(value - wanted) <= wanted * 0.002, `${value} is not ${wanted}`)
})
