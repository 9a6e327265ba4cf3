import type { Actor } from './control.ts'

/** Work on many dead letters or events that a person has asked for and that takes its time. */
export const JOB_KINDS = ['redrive', 'discard', 'replay'] as const
export type JobKind = (typeof JOB_KINDS)[number]

/** Which dead letters; what is left out restricts nothing. */
export interface DeadLetterFilter {
  subscriptionIds?: string[]
  eventTypes?: string[]
  eventId?: string
  causes?: string[]
  statusCodes?: number[]
  /** As groups name it: numbers and ids in the message are left open. */
  error?: string
  labels?: Record<string, string>
  /** RFC 3339. */
  minDeadAt?: string
  maxDeadAt?: string
}

/** Open dead letters of the application, up to the place in LEDGER that the preview has counted. */
export interface DeadLetterSelection {
  type: 'dead_letters'
  /** Absent: by the filter. */
  deliveryIds?: string[]
  filter: DeadLetterFilter
  throughLedgerSeq: number
}

/** Events of the application that stand in EVENTS between two sequences. */
export interface EventSelection {
  type: 'events'
  fromSeq: number
  throughSeq: number
  receivedFromMs: number | null
  receivedToMs: number | null
  /** Empty: all. */
  eventTypes: string[]
  labels: Record<string, string>
  /** Null: all that match now. */
  subscriptionIds: string[] | null
  /** Only where no delivery of the event to the subscription was ever made. */
  isOnlyUndelivered: boolean
  /** The application itself reads them with a NATS client; absent: they are delivered to subscriptions. */
  target?: 'nats'
}

/** What a person wants of a job: the next one is decided on the state before, so that two can't contradict each other. */
export type WantedOfJob = 'preview' | 'run' | 'pause' | 'cancel'

/**
 * A job as people have asked for it. Each application has a fixed number of places for jobs, so that they don't fill the
 * stream: a new one takes the place of one that is over.
 */
export interface JobState {
  v: 1
  type: 'job'
  slot: number
  jobId: string
  kind: JobKind
  applicationId: string
  organizationId: string
  selection: DeadLetterSelection | EventSelection
  /** Deliveries a second. */
  ratePerSecond: number
  wanted: WantedOfJob
  /** Of a discard. */
  reason: string | null
  /** Of dead letters, which are counted at once; null: the job's runner does it. */
  preview: JobPreview | null
  createdBy: Actor
  createdAtMs: number
  confirmedAtMs: number | null
  changedAtMs: number
  changedBy: Actor
}

/** Whether a job hands events to a NATS client, and makes no deliveries. */
export function isForNats({ selection }: Pick<JobState, 'selection'>): boolean {
  return selection.type === 'events' && selection.target === 'nats'
}

/** What a job would do, before anybody has confirmed it. */
export interface JobPreview {
  /** Deliveries that would be made (of a discard: dead letters; for a NATS client: events). */
  count: number
  /** Of a replay: events that were looked at. */
  events: number
  /** The largest ones first; the rest of them is only in `subscriptionCount`. */
  subscriptions: { subscriptionId: string; count: number }[]
  subscriptionCount: number
  /** When the oldest one was posted (events) or has died (dead letters). */
  oldestAtMs: number | null
  /** Of the payloads, each counted once for each delivery; of dead letters estimated from some of them. */
  payloadBytes: number
}

/** How far the runner of a job has come. Written by the runner alone, and only while nobody else has. */
export interface JobProgress {
  v: 1
  type: 'job_progress'
  applicationId: string
  slot: number
  jobId: string
  /** The process that works on it; null: nobody. */
  runnerId: string | null
  preview: JobPreview | null
  /** Where it goes on: a place in LEDGER and a delivery (dead letters), or in EVENTS (events). */
  position: { seq: number; deliveryId?: string }
  /** Deliveries made, dead letters discarded, or events taken by a NATS client. */
  done: number
  /** When a NATS client has answered last; absent: never, or it is no job for one. */
  takenAtMs?: number
  /** What could not be done, by reason. */
  refused: Record<string, number>
  startedAtMs: number | null
  endedAtMs: number | null
  /** Why it has ended before it was done; null: it is done, or goes on. */
  error: string | null
  changedAtMs: number
}
