import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { MUTATIONS } from './mutations.ts'
import { runSeeds } from './run-seeds.ts'

const SEEDS_MAX = 1_000

test('each mutation has its place in the sources', async () => {
  for (const { file, find, name } of MUTATIONS) {
    const source = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')
    assert.equal(source.split(find).length, 2, `${name}: ${file}`)
  }
})

for (const { name, faults } of MUTATIONS) {
  test(`noticed: ${name}`, { timeout: 120_000 }, async (t) => {
    let found: string | null = null
    await runSeeds({
      from: 1,
      count: SEEDS_MAX,
      mutation: name,
      faults,
      onRow({ seed, complaints }) {
        if (complaints.length > 0) found = `seed ${seed}: ${complaints[0]}`
        return found === null
      },
    })
    assert.notEqual(found, null, `${SEEDS_MAX} seeds did not notice it`)
    t.diagnostic(String(found))
  })
}
