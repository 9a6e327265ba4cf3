import type { JobAnswer } from '#shared/contract/job-schemas.ts'
import { jobPreview, jobStatus } from '#shared/domain/job.ts'
import type { RegisteredJob } from '#shared/domain/registry-jobs.ts'
import { type DeadLetterSelection, type EventSelection, isForNats } from '#shared/facts/job.ts'
import { REPLAY_SUBJECTS } from '#shared/facts/subjects.ts'
import type { JobOutcomes } from '../queries/jobs.ts'
import { timeText } from './time.ts'

/** @param outcomes Null: the read model is not to be had; the job itself doesn't need it. */
export function presentJob(job: RegisteredJob, outcomes: JobOutcomes | null, nowMs: number): JobAnswer {
  const { state, progress } = job
  const status = jobStatus(job)
  const preview = jobPreview(job)
  return {
    job_id: state.jobId,
    kind: state.kind,
    application_id: state.applicationId,
    ...(isForNats(state) ? { target: 'nats', subject: REPLAY_SUBJECTS.out(state.applicationId, state.jobId) } : {}),
    status,
    rate_per_second: state.ratePerSecond,
    reason: state.reason,
    selection: presentSelection(state.selection),
    preview: preview && {
      count: preview.count,
      ...(state.kind === 'replay' ? { events: preview.events } : {}),
      subscriptions: preview.subscriptions.map(({ subscriptionId, count }) => ({
        subscription_id: subscriptionId,
        count,
      })),
      subscription_count: preview.subscriptionCount,
      oldest_at: timeOrNull(preview.oldestAtMs),
      payload_bytes: preview.payloadBytes,
    },
    progress: presentProgress(job, outcomes, nowMs),
    error: progress?.error ?? null,
    created_at: timeText(state.createdAtMs),
    created_by: state.createdBy,
    confirmed_at: timeOrNull(state.confirmedAtMs),
    ended_at: timeOrNull(progress?.endedAtMs ?? (status === 'cancelled' ? state.changedAtMs : null)),
  }
}

function presentProgress(job: RegisteredJob, outcomes: JobOutcomes | null, nowMs: number): JobAnswer['progress'] {
  const { done = 0, refused = {} } = job.progress ?? {}
  const left = leftOf(job)
  const isRunning = jobStatus(job) === 'running'
  return {
    done,
    succeeded: outcomes?.succeeded ?? null,
    failed_again: outcomes?.failedAgain ?? null,
    cancelled: outcomes?.cancelled ?? null,
    under_way: outcomes?.underWay ?? null,
    refused: Object.entries(refused).map(([reason, count]) => ({ reason, count })),
    left,
    eta: isRunning && left !== null ? timeText(nowMs + (left / job.state.ratePerSecond) * 1_000) : null,
  }
}

/** Of what the preview has counted; what has come or gone since makes a difference until the end. */
function leftOf(job: RegisteredJob): number | null {
  const status = jobStatus(job)
  if (status === 'done') return 0
  const preview = jobPreview(job)
  if (preview === null) return null
  const { done = 0, refused = {} } = job.progress ?? {}
  return Math.max(0, preview.count - done - Object.values(refused).reduce((sum, count) => sum + count, 0))
}

function presentSelection(selection: DeadLetterSelection | EventSelection): Record<string, unknown> {
  if (selection.type === 'events')
    return {
      from_seq: selection.fromSeq,
      to_seq: selection.throughSeq,
      received_from: timeOrNull(selection.receivedFromMs),
      received_to: timeOrNull(selection.receivedToMs),
      event_types: selection.eventTypes,
      labels: selection.labels,
      subscription_ids: selection.subscriptionIds,
      only_undelivered: selection.isOnlyUndelivered,
    }
  if (selection.deliveryIds !== undefined) return { delivery_ids: selection.deliveryIds }
  const { filter } = selection
  return {
    filter: {
      subscription_ids: filter.subscriptionIds,
      event_types: filter.eventTypes,
      event_id: filter.eventId,
      causes: filter.causes,
      status_codes: filter.statusCodes,
      error: filter.error,
      labels: filter.labels,
      min_dead_at: filter.minDeadAt,
      max_dead_at: filter.maxDeadAt,
    },
  }
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : timeText(ms)
}
