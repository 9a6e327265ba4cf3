import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redriveRun, replayRun } from './redrive-run.ts'

/** The short form of `npm run test:redrive`; how fast it goes is looked at there. */
test('a redrive by filter outlasts a kill -9, and sends exactly what was chosen', async () => {
  const result = await redriveRun({ letters: 600, ratePerSecond: 200, report: () => {} })
  assert.deepEqual(result.violations, [])
  assert.deepEqual([result.groups, result.wrongGroups], [18, 0])
  assert.deepEqual([result.chosen, result.missing, result.notChosen], [400, 0, 0])
  assert.ok(result.repeated <= 128, `${result.repeated} repeated: more than two subscriptions have under way`)
  assert.equal(result.job.progress.done, 400)
})

test('a replay into a new subscription sends each event once, beside live traffic, and stops when it is cancelled', async () => {
  const result = await replayRun({ events: 1_500, ratePerSecond: 500, quietSeconds: 1, report: () => {} })
  assert.deepEqual(result.violations, [])
  assert.deepEqual([result.missing, result.repeated], [0, 0])
  assert.ok(result.arrivedAfterCancel < 500, 'less than what a second brings')
})
