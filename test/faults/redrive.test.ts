import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redriveRun } from './redrive-run.ts'
import { replayRun } from './replay-run.ts'

/** The short form of `npm run test:redrive`; how fast it goes is looked at there. */
test('deliveries die for six causes; a redrive by filter outlasts a kill -9, and sends exactly what was chosen', async () => {
  const result = await redriveRun({ letters: 360, ratePerSecond: 200, report: () => {} })
  assert.deepEqual(result.violations, [])
  assert.deepEqual(result.wrongGroups, [])
  assert.deepEqual([result.letters, result.causes, result.groups], [360, 6, 24])
  assert.deepEqual([result.chosen, result.expired, result.missing, result.notChosen], [240, 40, 0, 0])
  assert.ok(
    result.repeated <= result.underWay,
    `${result.repeated} repeated: more than the ${result.underWay} under way`,
  )
  assert.deepEqual([result.job.progress.done, result.job.progress.succeeded], [200, 200])
})

test('a replay into a new subscription sends each event once, beside live traffic, and stops when it is cancelled', async () => {
  const result = await replayRun({ events: 1_500, ratePerSecond: 500, turnSeconds: 1, report: () => {} })
  assert.deepEqual(result.violations, [])
  assert.deepEqual([result.missing, result.repeated], [0, 0])
  assert.ok(result.arrivedAfterCancel < 500, 'less than what a second brings')
})
