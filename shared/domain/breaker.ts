/** When a receiver is left alone, and for how long. */
export interface BreakerPolicy {
  /** So many failures of late, and hardly anything else, open it; 0: failures never do. */
  failuresToOpen: number
  /** So many time-outs in a row open it; 0: they never do. */
  timeoutsToOpen: number
  /** Until the first probe, in ms; doubled after each one that fails. */
  probeAfterMs: number
  probeAfterMaxMs: number
}

/** What an answer says about the receiver's health; one that refuses a request is well. */
export type HealthSign = 'well' | 'failing' | 'timed-out'

export type BreakerState =
  | { type: 'closed'; failures: number; successes: number; timeoutsInARow: number; atMs: number }
  | { type: 'open'; reason: 'failures' | 'time-outs'; sinceMs: number; failedProbes: number; probeAtMs: number }

export const CLOSED: BreakerState = { type: 'closed', failures: 0, successes: 0, timeoutsInARow: 0, atMs: 0 }

/** Answers count for half after so long. */
const HALF_LIFE_MS = 30_000
const FAILURE_RATE = 0.9

/** A breaker that was found open, by a process that knows no more of it than that. */
export function openBreaker(
  reason: 'failures' | 'time-outs',
  sinceMs: number,
  nowMs: number,
  policy: BreakerPolicy,
): BreakerState {
  return { type: 'open', reason, sinceMs, failedProbes: 0, probeAtMs: nowMs + policy.probeAfterMs }
}

/**
 * The breaker after one more answer: open after nothing but failures, or after time-outs in a row; closed again by the first
 * sign of health.
 */
export function evolveBreaker(
  breaker: BreakerState,
  sign: HealthSign,
  nowMs: number,
  policy: BreakerPolicy,
): BreakerState {
  if (breaker.type === 'open') return afterProbe(breaker, sign, nowMs, policy)
  const weight = 0.5 ** (Math.max(0, nowMs - breaker.atMs) / HALF_LIFE_MS)
  const failures = breaker.failures * weight + (sign === 'well' ? 0 : 1)
  const successes = breaker.successes * weight + (sign === 'well' ? 1 : 0)
  const timeoutsInARow = sign === 'timed-out' ? breaker.timeoutsInARow + 1 : 0
  if (policy.timeoutsToOpen > 0 && timeoutsInARow >= policy.timeoutsToOpen)
    return openBreaker('time-outs', nowMs, nowMs, policy)
  const isFailing = policy.failuresToOpen > 0 && failures >= policy.failuresToOpen
  if (isFailing && failures >= FAILURE_RATE * (failures + successes))
    return openBreaker('failures', nowMs, nowMs, policy)
  return { type: 'closed', failures, successes, timeoutsInARow, atMs: nowMs }
}

function afterProbe(
  breaker: Extract<BreakerState, { type: 'open' }>,
  sign: HealthSign,
  nowMs: number,
  policy: BreakerPolicy,
): BreakerState {
  if (sign === 'well') return { type: 'closed', failures: 0, successes: 0, timeoutsInARow: 0, atMs: nowMs }
  // Answers to requests that were under way when it opened say nothing new.
  if (nowMs < breaker.probeAtMs) return breaker
  const failedProbes = breaker.failedProbes + 1
  const waitMs = Math.min(policy.probeAfterMs * 2 ** failedProbes, policy.probeAfterMaxMs)
  return { ...breaker, failedProbes, probeAtMs: nowMs + waitMs }
}
