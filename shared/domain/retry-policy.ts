import type { StatusPattern } from '../facts/control.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const UNIT_MS: Record<string, number> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR }

/** A receiver can't ask for a longer wait than this (contract, behaviour.md §7). */
export const RETRY_AFTER_MAX_MS = 10 * HOUR

export interface RetryPolicy {
  /** Delays in ms before the 1st, 2nd, … retry; the last one repeats. */
  scheduleMs: readonly number[]
  /** Instead of the schedule: `baseMs × factor^(n - 1)` before the n-th retry, at most `capMs`. */
  exponential?: { baseMs: number; factor: number; capMs: number } | null
  /** Answers that are final, beyond the table of `isRetryableStatus`; `retry_all`: none but 2xx. */
  permanentStatuses?: readonly StatusPattern[] | 'retry_all'
  retryableStatuses?: readonly StatusPattern[]
  /** Retries after the first attempt. */
  retriesMax: number
  jitter: { ratio: number; minSpreadMs: number; maxSpreadMs: number }
}

/**
 * Reads a schedule such as `3s,10s,3m,1h` (units ms, s, m, h).
 * @throws {RangeError} when it is no such list.
 */
export function parseRetrySchedule(text: string): number[] {
  return text.split(',').map((part) => {
    const ms = parseDelay(part)
    if (ms === null) throw new RangeError(`RETRY_SCHEDULE: '${part.trim()}' is no delay such as 500ms, 3s, 10m or 1h`)
    return ms
  })
}

/** Reads a delay such as `500ms`, `3s`, `10m` or `1h`. @returns ms, or null when `text` is none. */
export function parseDelay(text: string): number | null {
  const [, amount, unit] = /^\s*(\d{1,12})(ms|s|m|h)\s*$/.exec(text) ?? []
  return amount === undefined || unit === undefined ? null : Number(amount) * UNIT_MS[unit]!
}

/**
 * The delay before attempt `attemptNumber + 1` (contract, behaviour.md §7): the schedule's, plus a random part that is
 * uniform in [0, spread), spread = max(ratio × delay, least spread), at most the largest spread; a ratio of 0 adds none.
 * @param attemptNumber Attempts already made, ≥ 1.
 * @param random In [0, 1).
 * @returns Whole ms, or null when the retries are spent and the delivery becomes a dead letter.
 */
export function retryDelayMs(attemptNumber: number, policy: RetryPolicy, random: number): number | null {
  if (attemptNumber > policy.retriesMax) return null
  const { jitter } = policy
  const baseMs = baseDelayMs(attemptNumber, policy)
  if (jitter.ratio === 0) return baseMs
  const spreadMs = Math.min(Math.max(jitter.ratio * baseMs, jitter.minSpreadMs), jitter.maxSpreadMs)
  return baseMs + Math.floor(random * spreadMs)
}

function baseDelayMs(attemptNumber: number, { scheduleMs, exponential }: RetryPolicy): number {
  if (!exponential) return scheduleMs[Math.min(attemptNumber, scheduleMs.length) - 1] ?? 0
  const { baseMs, factor, capMs } = exponential
  return Math.floor(Math.min(capMs, baseMs * factor ** (attemptNumber - 1)))
}

/**
 * Whether an answer other than 2xx is to be tried again: what the policy says of the very status, else of its class, else
 * the contract's table (model.md: 408, 429 and 5xx are retried).
 */
export function isRetried(
  statusCode: number,
  { permanentStatuses = [], retryableStatuses = [] }: RetryPolicy,
): boolean {
  if (permanentStatuses === 'retry_all') return true
  const ofClass = `${Math.floor(statusCode / 100)}xx` as StatusPattern
  for (const pattern of [statusCode, ofClass]) {
    if (permanentStatuses.includes(pattern)) return false
    if (retryableStatuses.includes(pattern)) return true
  }
  return isRetryableStatus(statusCode)
}

/** Whether the receiver's answer means "try again later" (contract, model.md: 408, 429 and 5xx). */
export function isRetryableStatus(statusCode: number): boolean {
  return statusCode === 408 || statusCode === 429 || (statusCode >= 500 && statusCode <= 599)
}

/** All three forms of RFC 9110 §5.6.7 begin with the day; the parser would take much else, such as `-5`, for a date. */
function parseHttpDate(text: string): number {
  return /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) : Number.NaN
}

/**
 * How long a `Retry-After` header (RFC 9110 §10.2.3) asks to wait.
 * @returns ms from `nowMs`, at most 10 h; 0 when there is none, it lies in the past or can't be read.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0
  const text = header.trim()
  const waitMs = /^\d+$/.test(text) ? Number(text) * SECOND : parseHttpDate(text) - nowMs
  return Number.isNaN(waitMs) ? 0 : Math.min(Math.max(0, waitMs), RETRY_AFTER_MAX_MS)
}
