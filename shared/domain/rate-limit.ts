/** So many at once, then one for each period. */
export interface RateLimit {
  burst: number
  /** Milliseconds after which one more is allowed; may be a fraction. */
  periodMs: number
}

export interface RateDecision {
  isAllowed: boolean
  /** To be handed in with the next request. */
  state: number
  /** How long to wait until one is allowed; 0 when this one is. */
  retryAfterMs: number
}

/**
 * The generic cell rate algorithm, as the contract has it (behaviour.md §8).
 * @param state When, in ms, the bucket would be full again; undefined: it is.
 */
export function decideRate(state: number | undefined, nowMs: number, { burst, periodMs }: RateLimit): RateDecision {
  const fullAfterMs = burst * periodMs
  // A clock that was set back must not lock anybody out for longer than an empty bucket would.
  const known = state === undefined ? nowMs : Math.min(Math.max(state, nowMs), nowMs + fullAfterMs)
  const next = known + periodMs
  const waitMs = next - fullAfterMs - nowMs
  if (waitMs > EPSILON_MS) return { isAllowed: false, state: known, retryAfterMs: waitMs }
  return { isAllowed: true, state: next, retryAfterMs: 0 }
}

/** Sums of fractions are not exact. */
const EPSILON_MS = 1e-6
