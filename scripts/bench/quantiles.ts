import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** Of an HDR histogram with three figures, in ms. */
export interface Quantiles {
  count: number
  p50Ms: number
  p99Ms: number
  p999Ms: number
  maxMs: number
}

const MICROSECONDS = 1_000

/** Times in ms, kept to a µs in constant space. */
export function createTimes(): { add(ms: number): void; quantiles(): Quantiles; reset(): void } {
  const histogram: RecordableHistogram = createHistogram({ figures: 3 })
  const ofPercent = (percent: number) => (histogram.count === 0 ? 0 : histogram.percentile(percent) / MICROSECONDS)
  return {
    // The histogram takes whole numbers from 1 on.
    add: (ms) => histogram.record(Math.max(1, Math.round(ms * MICROSECONDS))),
    quantiles: () => ({
      count: histogram.count,
      p50Ms: ofPercent(50),
      p99Ms: ofPercent(99),
      p999Ms: ofPercent(99.9),
      maxMs: histogram.count === 0 ? 0 : histogram.max / MICROSECONDS,
    }),
    reset: () => histogram.reset(),
  }
}
