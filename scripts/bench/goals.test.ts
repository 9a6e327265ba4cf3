import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goalsOf } from './goals.ts'
import { mediansOf, type Results } from './results.ts'

const run = (bare: number, throughput: number): Results => ({
  bare: { rate_per_s: bare },
  throughput: { rate_per_s: throughput, cpu_us: { jethook: 150, 'nats-server': 120 } },
})

test('a ratio is taken within each run, and its median is what counts', () => {
  const [goal] = goalsOf([run(1_000, 390), run(2_000, 900), run(1_000, 500)])
  assert.deepEqual(goal, {
    scenario: 'throughput',
    text: 'rate ÷ bare',
    unit: '',
    value: { min: 0.39, median: 0.45, max: 0.5 },
    goal: '≥ 0.40',
    is_met: true,
  })
  assert.equal(goalsOf([run(1_000, 390)])[0]?.is_met, false)
})

test('what was not measured has no goal, and CPU is held against its budget', () => {
  const goals = goalsOf([run(1_000, 500)])
  assert.deepEqual(
    goals.map(({ text, is_met }) => [text, is_met]),
    [
      ['rate ÷ bare', true],
      ['CPU of jethook for an event', true],
      ['CPU of nats-server for an event', false],
    ],
  )
})

test('of several runs each figure shows its median', () => {
  assert.deepEqual(mediansOf([run(1, 10), run(3, 30), run(2, 20)]), {
    bare: { rate_per_s: 2 },
    throughput: { rate_per_s: 20, cpu_us: { jethook: 150, 'nats-server': 120 } },
  })
})
