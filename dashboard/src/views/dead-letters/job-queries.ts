import { queryOptions } from '@tanstack/react-query'
import { api, dataOf, pageOf, type Schemas } from '#dashboard/api/client.ts'

export type Job = Schemas['Job']
export type JobKind = 'redrives' | 'discards' | 'replays'

const LIVE_MS = 1_000
const IDLE_MS = 15_000
/** So long after its end what became of its deliveries may still be missing. */
const ROWS_LATE_MAX_MS = 60_000

export function isJobKind(kind: string): kind is JobKind {
  return kind === 'redrives' || kind === 'discards' || kind === 'replays'
}

/** The path of a job's kind: 'redrive' is at `/redrives`. */
export function pathKind({ kind }: Pick<Job, 'kind'>): JobKind {
  return `${kind}s`
}

export const jobQuery = (applicationId: string, kind: JobKind, jobId: string) =>
  queryOptions({
    queryKey: ['jobs', applicationId, kind, jobId],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET(`/api/v1/${kind}/{job_id}`, {
          params: { path: { job_id: jobId }, query: { application_id: applicationId } },
          signal,
        }),
      ),
    refetchInterval: ({ state }) => (state.data && isLive(state.data) ? LIVE_MS : IDLE_MS),
  })

export const jobsQuery = (applicationId: string, kind: JobKind) =>
  queryOptions({
    queryKey: ['jobs', applicationId, kind],
    queryFn: async ({ signal }) =>
      (await pageOf(api.GET(`/api/v1/${kind}`, { params: { query: { application_id: applicationId } }, signal })))
        .items,
    refetchInterval: ({ state }) => (state.data?.some(isLive) ? LIVE_MS : IDLE_MS),
  })

/** Whether its figures change by themselves: also for a while after its end, since receivers still answer. */
function isLive({ kind, status, progress, ended_at }: Job): boolean {
  if (status !== 'done') return status === 'previewing' || status === 'running'
  const { done, succeeded, failed_again, cancelled, under_way } = progress
  if ((under_way ?? 0) > 0) return true
  if (kind === 'discard' || ended_at === null || Date.now() - Date.parse(ended_at) > ROWS_LATE_MAX_MS) return false
  return (succeeded ?? 0) + (failed_again ?? 0) + (cancelled ?? 0) < done
}
