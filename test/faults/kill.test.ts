import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killRun } from './kill-run.ts'

test('every event that was answered 201 is delivered though everything is killed once', async (t) => {
  const result = await killRun({ events: 2_000, connections: 32, report: (line) => t.diagnostic(line) })
  assert.equal(result.kills.length, 3)
  assert.equal(result.accepted, 2_000)
  assert.deepEqual(result.lost, [])
  assert.deepEqual(result.notInLog, [])
  assert.deepEqual(result.verified.violations, [])
  assert.equal(result.verified.events, 2_000)
  assert.deepEqual(result.differences, [])
})
