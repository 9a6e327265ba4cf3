import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JobAnswer } from '#shared/contract/job-schemas.ts'
import { hasEnded } from './jobs.ts'

const NOW_MS = Date.parse('2026-01-01T00:00:10Z')

function job(progress: Partial<JobAnswer['progress']>, more: Partial<JobAnswer> = {}): JobAnswer {
  return {
    kind: 'redrive',
    status: 'done',
    ended_at: '2026-01-01T00:00:00Z',
    progress: {
      done: 2,
      succeeded: 0,
      failed_again: 0,
      cancelled: 0,
      under_way: 0,
      refused: [],
      left: 0,
      eta: null,
      ...progress,
    },
    ...more,
  } as JobAnswer
}

test('a job is over when all that it has handed over has its answer, in the rows too', () => {
  const cases: [JobAnswer, boolean][] = [
    [job({ succeeded: 1, failed_again: 1 }), true],
    [job({ succeeded: 2 }, { status: 'running' }), false],
    [job({ succeeded: 1, under_way: 1 }), false],
    // The rows know nothing of the second one yet.
    [job({ succeeded: 1 }), false],
    [job({ succeeded: null, failed_again: null, cancelled: null, under_way: null }), false],
    [job({ done: 0 }, { status: 'cancelled' }), true],
    [job({}, { kind: 'discard' }), true],
  ]
  for (const [each, isOver] of cases) assert.equal(hasEnded(each, NOW_MS), isOver, JSON.stringify(each))
})

test('what a crash had counted twice is not waited for without end', () => {
  assert.equal(hasEnded(job({ done: 3, succeeded: 2 }), NOW_MS), false)
  assert.equal(hasEnded(job({ done: 3, succeeded: 2 }), NOW_MS + 10_000), true)
})
