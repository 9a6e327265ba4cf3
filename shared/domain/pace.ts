/** Spreads work evenly over time: so much a second, and never much more at once. */
export interface Pace {
  /** How many may be done now; 0: wait. Less than a step's worth is left to gather. */
  allowance(nowMs: number): number
  /** So many were done, even if it was more than allowed: then the next ones wait longer. */
  spend(count: number): void
}

const STEP_MS = 50
/** What was not used in a pause is not made up for beyond this. */
const CREDIT_MAX_MS = 250

/** @param options.stepMax So many are a step's worth at the most. @param options.nowMs Of a monotonic clock. */
export function createPace(perSecond: number, { stepMax, nowMs }: { stepMax: number; nowMs: number }): Pace {
  const of = (ms: number) => (perSecond * ms) / 1_000
  const step = Math.max(1, Math.min(stepMax, Math.floor(of(STEP_MS))))
  const creditMax = Math.max(1, of(CREDIT_MAX_MS))
  let credit = 0
  let atMs = nowMs
  return {
    allowance(now) {
      credit = Math.min(creditMax, credit + of(Math.max(0, now - atMs)))
      atMs = now
      return credit < step ? 0 : Math.floor(credit)
    },
    spend(count) {
      credit -= count
    },
  }
}
