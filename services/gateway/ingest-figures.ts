import type { ProblemId } from '#shared/contract/problems.ts'
import { type Metrics, SECONDS_BUCKETS } from '#shared/runtime/metrics.ts'

/** Where an event came in. */
export type Door = 'rest' | 'nats'

/** What is counted of events as they come in. */
export interface IngestFigures {
  accepted(door: Door, count: number): void
  rejected(door: Door, problem: ProblemId | string): void
  /** A post was answered that its events are on disk. */
  answered(elapsedMs: number): void
}

export function createIngestFigures(metrics: Metrics): IngestFigures {
  const accepted = metrics.tally({
    name: 'jethook_events_accepted_total',
    help: 'Events that are on disk and were acknowledged',
    labels: ['door'],
  })
  const rejected = metrics.tally({
    name: 'jethook_events_rejected_total',
    help: 'Events that were refused, by problem id; a batch that is refused as a whole counts once',
    labels: ['door', 'problem'],
  })
  const answered = metrics.distribution(
    { name: 'jethook_event_accept_seconds', help: 'From a post, or a batch, to the answer that it is on disk' },
    SECONDS_BUCKETS,
  )
  return {
    accepted: (door, count) => accepted.add({ door }, count),
    rejected: (door, problem) => rejected.add({ door, problem }),
    answered: (elapsedMs) => answered.observe({}, elapsedMs / 1_000),
  }
}
