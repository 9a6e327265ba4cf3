import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from './metrics.ts'

/** Lines of the figures that begin with `name`. */
async function shown(name: string, metrics: ReturnType<typeof createMetrics>): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((line) => line.startsWith(name))
}

test('what nobody knows is left out, with labels and without; the rest is shown, and it is back when it is known again', async () => {
  const metrics = createMetrics()
  let isKnown = true
  metrics.gauge({ name: 'a_plain', help: 'x' }, () => (isKnown ? 3 : null))
  metrics.gauge({ name: 'b_labelled', help: 'x', labels: ['of'] }, async () =>
    isKnown ? [{ labels: { of: 'one' }, value: 4 }] : null,
  )
  metrics.gauge({ name: 'c_failing', help: 'x', labels: ['of'] }, () => {
    throw new Error('away')
  })
  metrics.counter({ name: 'd_total', help: 'x', labels: ['of'] }, () => [])
  metrics.counter({ name: 'e_total', help: 'x' }, () => 7)
  const all = async () => (await Promise.all(['a_', 'b_', 'c_', 'd_', 'e_'].map((name) => shown(name, metrics)))).flat()
  assert.deepEqual(await all(), ['a_plain 3', 'b_labelled{of="one"} 4', 'e_total 7'])
  isKnown = false
  assert.deepEqual(await all(), ['e_total 7'])
  isKnown = true
  assert.deepEqual(await all(), ['a_plain 3', 'b_labelled{of="one"} 4', 'e_total 7'])
})

test('a tally that two parts ask for is one', async () => {
  const metrics = createMetrics()
  for (const by of [1, 2]) metrics.tally({ name: 'done_total', help: 'x', labels: ['of'] }).add({ of: 'a' }, by)
  assert.deepEqual(await shown('done_', metrics), ['done_total{of="a"} 3'])
})

test('a figure that takes too long does not keep the others', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const metrics = createMetrics()
  metrics.gauge({ name: 'a_slow', help: 'x' }, () => new Promise<number>(() => {}))
  metrics.gauge({ name: 'b_quick', help: 'x' }, () => 1)
  const text = metrics.text()
  t.mock.timers.tick(2_000)
  const lines = (await text).split('\n').filter((line) => /^[ab]_/.test(line))
  assert.deepEqual(lines, ['b_quick 1'])
})
