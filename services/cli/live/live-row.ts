/** One thing that happened, as `GET /live` tells it. */
export interface LiveRow {
  kind: 'accepted' | 'attempted' | 'dead'
  at: string
  event_id: string
  event_type: string
  labels?: Record<string, string>
  delivery_id?: string
  subscription_id?: string
  attempt_number?: number
  outcome?: string
  status_code?: number | null
  duration_ms?: number | null
  error?: string | null
}

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
}
