import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planWorkers } from './worker-plan.ts'

test('one process runs everything', () => {
  assert.deepEqual(planWorkers('1', 64).workers, [])
})

test('of several, the matcher stays with a deliverer, and further ones deliver', () => {
  assert.deepEqual(planWorkers('2', 1).workers, [['matcher', 'deliverer']])
  assert.deepEqual(planWorkers('4', 1).workers, [
    ['matcher', 'deliverer'],
    ['projections', 'outcomes', 'notifier'],
    ['deliverer'],
  ])
})

test('auto leaves two cores to the servers, and makes no further process where there are none', () => {
  assert.equal(planWorkers('auto', 1).workers.length, 0)
  assert.equal(planWorkers('auto', 2).workers.length, 0)
  assert.equal(planWorkers('auto', 8).workers.length, 5)
})

test('what is neither is refused, and the setting named', () => {
  for (const wrong of ['0', '-1', '1.5', 'many', '65', ''])
    assert.throws(() => planWorkers(wrong, 4), { name: 'SettingsError', message: /WORKERS takes auto or a number/ })
})
