import type { LiveRow as LiveData, LiveKind } from '#shared/contract/live-schemas.ts'

/** One thing that happened, as `GET /live` tells it. */
export type LiveRow = LiveData & { kind: LiveKind }

export interface LiveFilter {
  application_id: string
  event_type?: string | undefined
  subscription_id?: string | undefined
  kinds?: string | undefined
}

export interface LiveListener {
  onRow(row: LiveRow): void
  /** So many rows were left out, since they came faster than they were taken. */
  onSkipped(count: number): void
  /** The server ends the stream, and says why. */
  onEnded(reason: string): void
}
