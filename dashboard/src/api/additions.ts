/** Answers that the checked-in description does not have yet. */

export interface OverviewBucket {
  at: string
  events: number
  attempts: number
  succeeded: number
  failed: number
  dead: number
  p50_ms: number | null
  p95_ms: number | null
}

export interface Overview {
  from: string
  to: string
  bucket_seconds: number
  as_of: string | null
  buckets: OverviewBucket[]
  totals: {
    events: number
    attempts: number
    succeeded: number
    failed: number
    dead_letters: number
    success_rate: number | null
    p50_ms: number | null
    p95_ms: number | null
    p50_delivery_ms: number | null
    p95_delivery_ms: number | null
  }
  oldest_waiting: null | {
    event_id: string
    delivery_id: string
    subscription_id: string
    due_at: string
    accepted_at: string
  }
  worst_endpoints: {
    subscription_id: string
    description: string | null
    url: string
    attempts: number
    error_rate: number
    p95_ms: number | null
    breaker: string
    waiting: number
    is_paused: boolean
  }[]
  forecast: { at: string; retries: number }[]
  dead_letters_by_cause: { cause: string; count: number }[]
}

export interface SearchHit {
  kind: 'event' | 'event_type' | 'subscription' | 'attempt' | 'delivery' | 'dead_letter'
  id: string
  event_id?: string | null
  subscription_id?: string | null
  title: string
  detail: string
  at?: string | null
}

export interface SubscriptionHealth {
  subscription_id: string
  spark: { at: string; succeeded: number; failed: number }[]
  error_rate: number | null
  p95_ms: number | null
  breaker: string
  waiting: number
  parked: number
  is_paused: boolean
  last_success_at: string | null
  last_failure_at: string | null
}
