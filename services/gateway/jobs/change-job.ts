import { randomUUID } from 'node:crypto'
import { ProblemError } from '#shared/contract/problems.ts'
import { decideJobAction, freePlace, JOB_PLACES, type JobAction } from '#shared/domain/job.ts'
import type { RegisteredJob } from '#shared/domain/registry-jobs.ts'
import type { Actor, ApplicationState } from '#shared/facts/control.ts'
import type { JobKind, JobState } from '#shared/facts/job.ts'
import { changeControl } from '../change-control.ts'
import type { RouteDependencies } from '../dependencies.ts'

export interface NewJob extends Pick<JobState, 'kind' | 'selection' | 'preview' | 'ratePerSecond' | 'reason'> {
  application: ApplicationState
  isConfirmed: boolean
  by: Actor
}

/** @throws {ProblemError} Conflict when all of the application's places for jobs are in use. */
export async function createJob(
  deps: RouteDependencies,
  { application, isConfirmed, by, ...given }: NewJob,
): Promise<RegisteredJob> {
  const { registry, clock } = deps
  const { applicationId, organizationId } = application
  const jobId = randomUUID()
  const changed = await changeControl<JobState>(deps, () => {
    const nowMs = clock.nowMs()
    const place = freePlace(registry.jobs.of(applicationId), nowMs)
    if (place === null)
      throw new ProblemError('Conflict', {
        detail: `The application has ${JOB_PLACES} jobs that have not ended. Cancel one, or wait until one is done.`,
      })
    const fact: JobState = {
      v: 1,
      type: 'job',
      slot: place.slot,
      jobId,
      applicationId,
      organizationId,
      ...given,
      wanted: isConfirmed ? 'run' : 'preview',
      createdBy: by,
      createdAtMs: nowMs,
      confirmedAtMs: isConfirmed ? nowMs : null,
      changedAtMs: nowMs,
      changedBy: by,
    }
    return { fact, seq: place.seq }
  })
  const { fact, seq } = changed!
  return registry.jobs.byId(jobId) ?? { state: fact, seq, progress: null, progressSeq: 0 }
}

export interface JobName {
  applicationId: string
  jobId: string
  kind: JobKind
}

/** @throws {ProblemError} NotFound. */
export function findJob({ registry }: Pick<RouteDependencies, 'registry'>, name: JobName): RegisteredJob {
  const job = registry.jobs.byId(name.jobId)
  if (job === undefined || job.state.applicationId !== name.applicationId || job.state.kind !== name.kind)
    throw new ProblemError('NotFound')
  return job
}

/** @throws {ProblemError} NotFound, or Conflict when its status doesn't allow this. */
export async function controlJob(
  deps: RouteDependencies,
  name: JobName,
  { action, ratePerSecond, by }: { action: JobAction; ratePerSecond: number | null; by: Actor },
): Promise<RegisteredJob> {
  await changeControl<JobState>(deps, () => {
    const job = findJob(deps, name)
    const next = decideJobAction(job, action)
    if (next !== null && typeof next === 'object') throw new ProblemError('Conflict', { detail: next.refusal })
    if (next === null) return null
    const nowMs = deps.clock.nowMs()
    return {
      fact: {
        ...job.state,
        wanted: next,
        ratePerSecond: ratePerSecond ?? job.state.ratePerSecond,
        confirmedAtMs: job.state.confirmedAtMs ?? (next === 'run' ? nowMs : null),
        changedAtMs: nowMs,
        changedBy: by,
      },
      seq: job.seq,
    }
  })
  return findJob(deps, name)
}
