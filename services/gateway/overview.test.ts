import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bucketsOf, endpointFigures, forecastOf, rangeOf, worstOf } from './overview.ts'

const MINUTE = 60_000

test('a range is cut into buckets of whole minutes, a long one of whole hours', () => {
  assert.deepEqual(rangeOf(90_000, 90_000 + 60 * MINUTE, 60), { fromMs: 60_000, toMs: 3_690_000, bucketMs: MINUTE })
  assert.equal(rangeOf(0, 90 * MINUTE, 60).bucketMs, 2 * MINUTE)
  assert.equal(rangeOf(0, 24 * 60 * MINUTE, 60).bucketMs, 24 * MINUTE)
  const hour = 60 * MINUTE
  assert.deepEqual(rangeOf(hour + 1, hour * 722, 60), { fromMs: hour, toMs: hour * 722, bucketMs: 13 * hour })
  assert.equal(rangeOf(0, 10, 60).bucketMs, MINUTE)
})

test('buckets without anything are there, and the totals are those of all', () => {
  const range = { fromMs: 0, toMs: 3 * MINUTE, bucketMs: MINUTE }
  const { buckets, totals } = bucketsOf(
    range,
    [
      { bucket: 0, kind: 'succeeded', bin: 9, amount: 3 },
      { bucket: 0, kind: 'delivered', bin: 13, amount: 3 },
      { bucket: 2, kind: 'failed', bin: 41, amount: 1 },
      { bucket: 2, kind: 'dead', bin: 0, amount: 1 },
    ],
    [{ bucket: 1, amount: 4 }],
  )
  assert.deepEqual(
    buckets.map(({ events, attempts, succeeded, failed, dead }) => [events, attempts, succeeded, failed, dead]),
    [
      [0, 3, 3, 0, 0],
      [4, 0, 0, 0, 0],
      [0, 1, 0, 1, 1],
    ],
  )
  assert.equal(buckets[1]!.p95_ms, null)
  assert.deepEqual([totals.events, totals.attempts, totals.success_rate, totals.dead_letters], [4, 4, 0.75, 1])
  assert.ok(totals.p50_ms! >= 4 && totals.p50_ms! <= 5, String(totals.p50_ms))
  assert.ok(totals.p95_ms! >= 1024 && totals.p95_ms! <= 1218, String(totals.p95_ms))
  assert.ok(totals.p50_delivery_ms! >= 8 && totals.p50_delivery_ms! <= 10, String(totals.p50_delivery_ms))
})

test('without attempts there is no rate of success', () => {
  const { totals } = bucketsOf({ fromMs: 0, toMs: MINUTE, bucketMs: MINUTE }, [], [])
  assert.deepEqual([totals.success_rate, totals.p50_ms, totals.p95_delivery_ms], [null, null, null])
})

test('the worst endpoint is the one that fails most often, then the busiest; what never fails is none of them', () => {
  const figures = endpointFigures([
    { subscription_id: 'fine', kind: 'succeeded', bin: 3, amount: 100 },
    { subscription_id: 'bad', kind: 'failed', bin: 3, amount: 5 },
    { subscription_id: 'busy', kind: 'failed', bin: 3, amount: 50 },
    { subscription_id: 'half', kind: 'failed', bin: 3, amount: 50 },
    { subscription_id: 'half', kind: 'succeeded', bin: 3, amount: 50 },
  ])
  assert.deepEqual(
    worstOf(figures, 10).map(({ subscriptionId, errorRate }) => [subscriptionId, errorRate]),
    [
      ['busy', 1],
      ['bad', 1],
      ['half', 0.5],
    ],
  )
  assert.equal(worstOf(figures, 1).length, 1)
})

test('a forecast has every step', () => {
  const steps = forecastOf({ fromMs: 0, stepMs: 600_000, steps: 3 }, [{ step: 1, retries: 7 }])
  assert.deepEqual(
    steps.map(({ retries }) => retries),
    [0, 7, 0],
  )
  assert.equal(steps[2]!.at, '1970-01-01T00:20:00.000000Z')
})
