import type { JobProgress, JobState } from '../facts/job.ts'
import type { Sequenced } from './registry.ts'

/** A job with what its runner last said of it, and where both stand in CONTROL. */
export interface RegisteredJob extends Sequenced<JobState> {
  /** Null: nobody has begun with it. */
  progress: JobProgress | null
  /** CONTROL sequence of the last progress of its place, of whichever job; 0: none. */
  progressSeq: number
}

/** The jobs that are under way, and the last ones that were. */
export interface Jobs {
  of(applicationId: string): readonly RegisteredJob[]
  byId(jobId: string): RegisteredJob | undefined
  /** Those that have not ended: previews, and what runs or is paused. */
  open(): Iterable<RegisteredJob>
  evolve(fact: JobState | JobProgress, seq: number): void
}

export function createJobs(): Jobs {
  const places = new Map<string, RegisteredJob>()
  const open = new Map<string, RegisteredJob>()
  const progressOfPlaces = new Map<string, Sequenced<JobProgress>>()
  const idsByApplication = new Map<string, Set<string>>()
  const placeOf = ({ applicationId, slot }: JobState | JobProgress) => `${applicationId}/${slot}`
  const placeById = new Map<string, string>()

  function put(place: string, job: RegisteredJob): void {
    places.set(place, job)
    const hasEnded = job.state.wanted === 'cancel' || (job.progress !== null && job.progress.endedAtMs !== null)
    if (hasEnded) open.delete(place)
    else open.set(place, job)
  }

  function evolveJob(state: JobState, seq: number): void {
    const place = placeOf(state)
    const before = places.get(place)
    const ids = idsByApplication.get(state.applicationId) ?? new Set()
    idsByApplication.set(state.applicationId, ids)
    if (before && before.state.jobId !== state.jobId) {
      ids.delete(before.state.jobId)
      placeById.delete(before.state.jobId)
    }
    ids.add(state.jobId)
    placeById.set(state.jobId, place)
    const progress = progressOfPlaces.get(place)
    put(place, {
      state,
      seq,
      progress: progress?.state.jobId === state.jobId ? progress.state : null,
      progressSeq: progress?.seq ?? 0,
    })
  }

  const byId = (jobId: string) => places.get(placeById.get(jobId) ?? '')

  return {
    of: (applicationId) => [...(idsByApplication.get(applicationId) ?? [])].flatMap((jobId) => byId(jobId) ?? []),
    byId,
    open: () => open.values(),
    evolve(fact, seq) {
      if (fact.type === 'job') {
        evolveJob(fact, seq)
        return
      }
      progressOfPlaces.set(placeOf(fact), { state: fact, seq })
      const job = places.get(placeOf(fact))
      if (!job) return
      const progress = job.state.jobId === fact.jobId ? fact : null
      put(placeOf(fact), { ...job, progress, progressSeq: seq })
    },
  }
}
