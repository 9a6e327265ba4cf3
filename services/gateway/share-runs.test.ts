import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shareRuns } from './share-runs.ts'

function countedRuns() {
  const runs: PromiseWithResolvers<number>[] = []
  const shared = shareRuns(() => {
    const run = Promise.withResolvers<number>()
    runs.push(run)
    return run.promise
  })
  return { runs, shared }
}

test('who comes while a run is under way gets the one after it, together with the others', async () => {
  const { runs, shared } = countedRuns()
  const first = shared()
  const [second, third] = [shared(), shared()]
  assert.equal(runs.length, 1)
  runs[0]!.resolve(1)
  assert.equal(await first, 1)
  await new Promise(setImmediate)
  assert.equal(runs.length, 2)
  runs[1]!.resolve(2)
  assert.deepEqual(await Promise.all([second, third]), [2, 2])
})

test('a run that fails fails its own callers only', async () => {
  const { runs, shared } = countedRuns()
  const first = shared()
  const second = shared()
  runs[0]!.reject(new Error('away'))
  await assert.rejects(first, /away/)
  await new Promise(setImmediate)
  runs[1]!.resolve(2)
  assert.equal(await second, 2)
  const third = shared()
  runs[2]!.resolve(3)
  assert.equal(await third, 3)
})
