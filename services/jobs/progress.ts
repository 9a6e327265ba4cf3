import type { RegisteredJob } from '#shared/domain/registry-jobs.ts'
import { controlSubject } from '#shared/facts/control.ts'
import type { JobProgress } from '#shared/facts/job.ts'
import { AppendConflictError, type Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'

/** How far a job has come, kept in CONTROL; only one runner at a time can write it. */
export interface Progress {
  readonly now: JobProgress
  /** Changes it here; it is written now and then. */
  update(change: Partial<JobProgress>): void
  /** @throws {JobLostError} */
  saveIfDue(): Promise<void>
  /** @throws {JobLostError} */
  save(): Promise<void>
}

/** Another runner has the job, or its place was given to another job. */
export class JobLostError extends Error {
  override name = 'JobLostError'
}

const SAVE_INTERVAL_MS = 1_000

/** @returns null when another runner was faster. */
export async function claimJob(
  { state, progress, progressSeq }: RegisteredJob,
  { control, clock, runnerId }: { control: Appender; clock: Clock; runnerId: string },
): Promise<Progress | null> {
  const { applicationId, slot, jobId } = state
  let now: JobProgress = {
    ...(progress ?? {
      v: 1,
      type: 'job_progress',
      applicationId,
      slot,
      jobId,
      preview: null,
      position: { seq: 0 },
      done: 0,
      refused: {},
      startedAtMs: null,
      endedAtMs: null,
      error: null,
    }),
    runnerId,
    changedAtMs: clock.nowMs(),
  }
  let place = progressSeq
  let savedAtMs = Number.NEGATIVE_INFINITY

  async function save(): Promise<void> {
    now = { ...now, changedAtMs: clock.nowMs() }
    savedAtMs = performance.now()
    const message = { subject: controlSubject(now), body: JSON.stringify(now), expectLastSubjectSeq: place }
    try {
      place = (await control.append(message)).seq
    } catch (error) {
      if (error instanceof AppendConflictError) throw new JobLostError(`job ${jobId} has another runner`)
      throw error
    }
  }

  try {
    await save()
  } catch (error) {
    if (error instanceof JobLostError) return null
    throw error
  }
  return {
    get now() {
      return now
    },
    update(change) {
      now = { ...now, ...change }
    },
    async saveIfDue() {
      if (performance.now() - savedAtMs >= SAVE_INTERVAL_MS) await save()
    },
    save,
  }
}
