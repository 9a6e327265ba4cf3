import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JobProgress, JobState } from '../facts/job.ts'
import { decideJobAction, freePlace, JOB_PLACES, jobStatus } from './job.ts'
import { createJobs, type RegisteredJob } from './registry-jobs.ts'

const BY = { kind: 'user', id: 'u' } as const

function jobState(more: Partial<JobState> = {}): JobState {
  return {
    v: 1,
    type: 'job',
    slot: 0,
    jobId: 'job',
    kind: 'redrive',
    applicationId: 'app',
    organizationId: 'o',
    selection: { type: 'dead_letters', filter: {}, throughLedgerSeq: 1 },
    ratePerSecond: 1,
    wanted: 'preview',
    reason: null,
    preview: { count: 1, events: 0, subscriptions: [], subscriptionCount: 0, oldestAtMs: null, payloadBytes: 0 },
    createdBy: BY,
    createdAtMs: 0,
    confirmedAtMs: null,
    changedAtMs: 0,
    changedBy: BY,
    ...more,
  }
}

function jobProgress(more: Partial<JobProgress> = {}): JobProgress {
  return {
    v: 1,
    type: 'job_progress',
    applicationId: 'app',
    slot: 0,
    jobId: 'job',
    runnerId: 'r',
    preview: null,
    position: { seq: 0 },
    done: 0,
    refused: {},
    startedAtMs: null,
    endedAtMs: null,
    error: null,
    changedAtMs: 0,
    ...more,
  }
}

const job = (state: Partial<JobState>, progress: Partial<JobProgress> | null = null): RegisteredJob => ({
  state: jobState(state),
  seq: 1,
  progress: progress && jobProgress(progress),
  progressSeq: 0,
})

test('a status follows from what is wanted and what was done', () => {
  assert.equal(jobStatus(job({})), 'preview')
  assert.equal(jobStatus(job({ preview: null })), 'previewing')
  assert.equal(jobStatus(job({ preview: null }, { preview: jobState().preview })), 'preview')
  assert.equal(jobStatus(job({ wanted: 'run' })), 'running')
  assert.equal(jobStatus(job({ wanted: 'pause' }, {})), 'paused')
  assert.equal(jobStatus(job({ wanted: 'run' }, { endedAtMs: 1 })), 'done')
  assert.equal(jobStatus(job({ wanted: 'run' }, { endedAtMs: 1, error: 'e' })), 'failed')
  assert.equal(jobStatus(job({ wanted: 'cancel' })), 'cancelled')
})

test('an action changes what it is for, twice is once, and else it is refused with a sentence', () => {
  assert.equal(decideJobAction(job({}), 'confirm'), 'run')
  assert.equal(decideJobAction(job({ wanted: 'run' }), 'confirm'), null)
  assert.equal(decideJobAction(job({ wanted: 'run' }), 'pause'), 'pause')
  assert.equal(decideJobAction(job({ wanted: 'pause' }), 'resume'), 'run')
  assert.equal(decideJobAction(job({ wanted: 'pause' }), 'cancel'), 'cancel')
  for (const [state, action] of [
    [job({}), 'pause'],
    [job({ preview: null }), 'confirm'],
    [job({ wanted: 'cancel' }), 'resume'],
    [job({ wanted: 'run' }, { endedAtMs: 1 }), 'cancel'],
  ] as const) {
    const decided = decideJobAction(state, action)
    assert.match((decided as { refusal: string }).refusal, /^(It is|What it would do)/)
  }
})

test('a new job takes a free place, or that of the oldest which is over, and else there is none', () => {
  const running = Array.from({ length: JOB_PLACES }, (_, slot) => ({ ...job({ slot, wanted: 'run' }), seq: slot + 10 }))
  assert.deepEqual(freePlace([], 0), { slot: 0, seq: 0 })
  assert.deepEqual(freePlace(running.slice(1), 0), { slot: 0, seq: 0 })
  assert.equal(freePlace(running, 0), null)
  const over = running.map((each, i) =>
    i === 7 || i === 4 ? { ...each, progress: jobProgress({ endedAtMs: 1 }) } : each,
  )
  assert.deepEqual(freePlace(over, 0), { slot: 4, seq: 14 })
  const forgotten = running.map((each, i) => (i === 3 ? { ...each, state: jobState({ slot: 3 }) } : each))
  assert.equal(freePlace(forgotten, 1_000), null)
  assert.deepEqual(freePlace(forgotten, 4_000_000), { slot: 3, seq: 13 })
})

test('a place that is given on forgets its old job and what was said of it', () => {
  const jobs = createJobs()
  jobs.evolve(jobState({ wanted: 'run' }), 1)
  jobs.evolve(jobProgress({ endedAtMs: 5 }), 2)
  assert.deepEqual([...jobs.open()], [])
  jobs.evolve(jobState({ jobId: 'next' }), 3)
  assert.equal(jobs.byId('job'), undefined)
  const next = jobs.byId('next')!
  assert.deepEqual([next.progress, next.progressSeq], [null, 2])
  jobs.evolve(jobProgress({ done: 3 }), 4)
  assert.equal(jobs.byId('next')?.progress, null, 'a late word about the old one')
  assert.equal(jobs.byId('next')?.progressSeq, 4)
  assert.equal(jobs.of('app').length, 1)
  assert.equal([...jobs.open()].length, 1)
})
