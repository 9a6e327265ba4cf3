/**
 * How long a job leaves others alone between two of its batches: how long its own deliveries have waited tells how much there
 * is to do, whoever runs it where. Half of the time is for others at the least.
 */
export interface Breather {
  /** From the beginning of a batch to that of the next one, in ms. */
  readonly intervalMs: number
  /** A delivery of a batch has waited for so long from being handed over to its request. Two clocks may be in that. */
  note(waitedMs: number): void
}

/** Of the time that a batch takes. */
const SHARE = 2
/** A receiver that can't take more at once makes deliveries wait, too: that is for the window to bound. */
const INTERVAL_MAX_MS = 250
const ROUND = 16
/** The shortest wait is looked for again after so many: clocks and machines change. */
const BASE_KEPT_ROUNDS = 1_000

export function createBreather(): Breather {
  let intervalMs = 0
  let samples: number[] = []
  let baseMs = Number.POSITIVE_INFINITY
  /** Of the rounds since `baseMs` was looked at. */
  let recentBaseMs = Number.POSITIVE_INFINITY
  let rounds = 0

  function endRound(): void {
    const sorted = samples.toSorted((a, b) => a - b)
    samples = []
    baseMs = Math.min(baseMs, sorted[0]!)
    recentBaseMs = Math.min(recentBaseMs, sorted[0]!)
    if (++rounds % BASE_KEPT_ROUNDS === 0) {
      baseMs = recentBaseMs
      recentBaseMs = Number.POSITIVE_INFINITY
    }
    const tookMs = sorted[Math.floor(ROUND * 0.75)]! - baseMs
    intervalMs = Math.min(INTERVAL_MAX_MS, SHARE * tookMs)
  }

  return {
    get intervalMs() {
      return intervalMs
    },
    note(waitedMs) {
      samples.push(waitedMs)
      if (samples.length >= ROUND) endRound()
    },
  }
}
