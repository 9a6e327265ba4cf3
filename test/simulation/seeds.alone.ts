import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runSeeds, type SeedRow } from './run-seeds.ts'

const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 5_000)

test(`${SEEDS} seeds: whatever goes wrong, every promise is kept`, { timeout: 600_000 }, async (t) => {
  const rows: SeedRow[] = []
  await runSeeds({
    from: 1,
    count: SEEDS,
    onRow(row) {
      rows.push(row)
      return row.complaints.length === 0
    },
  })
  const failed = rows.find((row) => row.complaints.length > 0)
  assert.equal(failed, undefined, `again: npm run simulate -- --seed ${failed?.seed}`)
  assert.equal(rows.length, SEEDS)
  // Runs in which nothing happens would show nothing.
  const sum = (column: 'attempts' | 'dead' | 'cancelled' | 'broughtBack') => rows.reduce((n, row) => n + row[column], 0)
  assert.ok(sum('attempts') > 20 * SEEDS)
  for (const column of ['dead', 'cancelled', 'broughtBack'] as const) assert.ok(sum(column) > 0, column)
  t.diagnostic(`${sum('attempts')} attempts, ${sum('broughtBack')} brought back by the reconciler`)
})

test('a seed does the same each time', async () => {
  const rows: SeedRow[] = []
  for (let i = 0; i < 2; i++) await runSeeds({ from: 7, count: 1, onRow: (row) => rows.push(row) > 0 })
  assert.deepEqual(rows[0], rows[1])
})
