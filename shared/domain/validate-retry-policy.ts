import type { RetryPolicy } from '../contract/schemas.ts'
import type { StatusPattern, SubscriptionRetryPolicy } from '../facts/control.ts'
import { parseDelay } from './retry-policy.ts'

const SECOND = 1_000
const DAY = 24 * 3_600 * SECOND
const ATTEMPTS_MAX = 1_001
const SCHEDULE_MAX = 100
const DELAY_MAX_MS = 30 * DAY
const FACTOR_MAX = 100
const STATUSES_MAX = 100
const TIMEOUT_MIN_MS = 100
const TIMEOUT_MAX_MS = 60 * SECOND

/** A policy as a subscription keeps it; `maxRetries` null: the server's default. */
export interface ReadRetryPolicy {
  maxRetries: number | null
  policy: SubscriptionRetryPolicy
}

/**
 * Reads a retry policy.
 * @returns the policy, or a sentence that says what is wrong with it and what to do.
 */
export function readRetryPolicy(post: RetryPolicy): ReadRetryPolicy | string {
  const { max_attempts: attempts, jitter_ratio: jitterRatio, timeout_ms: timeoutMs } = post
  if (isOutside(attempts, 1, ATTEMPTS_MAX)) return `max_attempts must be 1 to ${ATTEMPTS_MAX}`
  if (isOutside(jitterRatio, 0, 1)) return 'jitter_ratio must be 0 to 1'
  if (isOutside(timeoutMs, TIMEOUT_MIN_MS, TIMEOUT_MAX_MS))
    return `timeout_ms must be ${TIMEOUT_MIN_MS} to ${TIMEOUT_MAX_MS}`
  if (post.schedule && post.exponential) return 'give schedule or exponential, not both'
  const scheduleMs = post.schedule ? readSchedule(post.schedule) : null
  if (typeof scheduleMs === 'string') return scheduleMs
  const exponential = post.exponential ? readExponential(post.exponential) : null
  if (typeof exponential === 'string') return exponential
  const permanent = post.permanent_statuses === 'retry_all' ? [] : readStatuses(post.permanent_statuses)
  const retryable = readStatuses(post.retryable_statuses)
  if (permanent === null || retryable === null)
    return `statuses must be at most ${STATUSES_MAX} numbers of 100 to 599, or classes such as "4xx"`
  return {
    maxRetries: attempts === null || attempts === undefined ? null : attempts - 1,
    policy: {
      scheduleMs,
      exponential,
      jitterRatio: jitterRatio ?? null,
      permanentStatuses: post.permanent_statuses === 'retry_all' ? 'retry_all' : permanent,
      retryableStatuses: retryable,
      timeoutMs: timeoutMs ?? null,
    },
  }
}

function isOutside(value: number | null | undefined, min: number, max: number): boolean {
  return typeof value === 'number' && !(value >= min && value <= max)
}

function readSchedule(schedule: readonly string[]): number[] | string {
  if (schedule.length < 1 || schedule.length > SCHEDULE_MAX) return `schedule must have 1 to ${SCHEDULE_MAX} delays`
  const delays = schedule.map(parseDelay)
  const wrong = delays.findIndex((ms) => ms === null || ms > DELAY_MAX_MS)
  if (wrong >= 0)
    return `schedule: '${schedule[wrong]!.slice(0, 50)}' is no delay such as 500ms, 3s, 10m or 1h, of at most 720h`
  return delays as number[]
}

function readExponential({
  base,
  factor,
  cap,
}: {
  base: string
  factor: number
  cap: string
}): SubscriptionRetryPolicy['exponential'] | string {
  const [baseMs, capMs] = [parseDelay(base), parseDelay(cap)]
  if (baseMs === null || capMs === null || baseMs < 1 || capMs > DELAY_MAX_MS || baseMs > capMs)
    return 'exponential: base and cap must be delays such as 500ms, 3s, 10m or 1h; base at most cap, cap at most 720h'
  if (!(factor >= 1 && factor <= FACTOR_MAX)) return `exponential: factor must be 1 to ${FACTOR_MAX}`
  return { baseMs, factor, capMs }
}

const CLASS = /^[1-5]xx$/

/** @returns null when there is something that is no status and no class. */
function readStatuses(statuses: readonly (number | string)[] | null | undefined): StatusPattern[] | null {
  if (!statuses) return []
  if (statuses.length > STATUSES_MAX) return null
  const isPattern = (each: number | string): each is StatusPattern =>
    typeof each === 'number' ? each >= 100 && each <= 599 : CLASS.test(each)
  return statuses.every(isPattern) ? [...new Set(statuses.filter(isPattern))] : null
}

/** The policy as the API shows it. */
export function showRetryPolicy(policy: SubscriptionRetryPolicy, maxRetries: number | null): RetryPolicy {
  const { scheduleMs, exponential } = policy
  return {
    max_attempts: maxRetries === null ? null : maxRetries + 1,
    schedule: scheduleMs?.map(showDelay) ?? null,
    exponential: exponential && {
      base: showDelay(exponential.baseMs),
      factor: exponential.factor,
      cap: showDelay(exponential.capMs),
    },
    jitter_ratio: policy.jitterRatio,
    permanent_statuses: policy.permanentStatuses === 'retry_all' ? 'retry_all' : [...policy.permanentStatuses],
    retryable_statuses: [...policy.retryableStatuses],
    timeout_ms: policy.timeoutMs,
  }
}

function showDelay(ms: number): string {
  for (const [unit, length] of [
    ['h', 3_600 * SECOND],
    ['m', 60 * SECOND],
    ['s', SECOND],
  ] as const) {
    if (ms >= length && ms % length === 0) return `${ms / length}${unit}`
  }
  return `${ms}ms`
}
