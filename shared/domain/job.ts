import type { JobPreview, WantedOfJob } from '../facts/job.ts'
import type { RegisteredJob } from './registry-jobs.ts'

/** Jobs of one application, ended ones included, that are remembered; what was done stays in the audit log. */
export const JOB_PLACES = 100
/** A preview that nobody has confirmed for so long gives its place away when no other is free. */
const PREVIEW_KEPT_MS = 60 * 60 * 1_000

export type JobStatus = 'previewing' | 'preview' | 'running' | 'paused' | 'cancelled' | 'done' | 'failed'

export function jobStatus(job: RegisteredJob): JobStatus {
  const { state, progress } = job
  if (state.wanted === 'cancel') return 'cancelled'
  if (progress !== null && progress.endedAtMs !== null) return progress.error === null ? 'done' : 'failed'
  switch (state.wanted) {
    case 'run':
      return 'running'
    case 'pause':
      return 'paused'
    case 'preview':
      return jobPreview(job) === null ? 'previewing' : 'preview'
  }
}

export function jobPreview({ state, progress }: RegisteredJob): JobPreview | null {
  return state.preview ?? progress?.preview ?? null
}

/** Whether a runner has something to do for it. */
export function isToBeRun(job: RegisteredJob): boolean {
  const status = jobStatus(job)
  return status === 'running' || status === 'previewing'
}

export const JOB_ACTIONS = ['confirm', 'pause', 'resume', 'cancel'] as const
export type JobAction = (typeof JOB_ACTIONS)[number]

const WANTED_BY: Record<JobAction, WantedOfJob> = { confirm: 'run', pause: 'pause', resume: 'run', cancel: 'cancel' }
/** In which states an action changes something, and in which it has been done already. */
const ALLOWED_IN: Record<JobAction, { from: readonly JobStatus[]; done: JobStatus }> = {
  confirm: { from: ['preview'], done: 'running' },
  pause: { from: ['running'], done: 'paused' },
  resume: { from: ['paused'], done: 'running' },
  cancel: { from: ['previewing', 'preview', 'running', 'paused'], done: 'cancelled' },
}

/** @returns what the job is to do next; null: it is as asked for already; a sentence: why it can't be done. */
export function decideJobAction(job: RegisteredJob, action: JobAction): WantedOfJob | null | { refusal: string } {
  const status = jobStatus(job)
  const { from, done } = ALLOWED_IN[action]
  if (from.includes(status)) return WANTED_BY[action]
  if (status === done) return null
  if (action === 'confirm' && status === 'previewing')
    return { refusal: 'What it would do is still being counted: confirm it when its status is preview.' }
  return { refusal: `It is ${status}: ${action} is for jobs that are ${from.join(' or ')}.` }
}

/** A place for a new job and the CONTROL sequence of the job that had it (0: nobody); null: all are in use. */
export function freePlace(jobs: readonly RegisteredJob[], nowMs: number): { slot: number; seq: number } | null {
  const taken = new Map(jobs.map((job) => [job.state.slot, job]))
  for (let slot = 0; slot < JOB_PLACES; slot++) if (!taken.has(slot)) return { slot, seq: 0 }
  const over = jobs.filter(isOver)
  const forgotten = jobs.filter(
    (job) => jobStatus(job) === 'preview' && nowMs - job.state.changedAtMs > PREVIEW_KEPT_MS,
  )
  const [oldest] = (over.length > 0 ? over : forgotten).toSorted((a, b) => a.seq - b.seq)
  return oldest ? { slot: oldest.state.slot, seq: oldest.seq } : null
}

function isOver(job: RegisteredJob): boolean {
  return ['cancelled', 'done', 'failed'].includes(jobStatus(job))
}
