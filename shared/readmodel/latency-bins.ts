/** Bins of one doubling of the time: neighbours differ by 19 %. */
const BINS_PER_DOUBLING = 4
/** Reaches 35 days. */
const BIN_MAX = 126

/** SQL for the bin of a time in ms, from 0 (less than 1 ms) to 126. `ms` is an expression of ours. */
export const binSql = (ms: string): string =>
  `CASE WHEN (${ms}) < 1 THEN 0 ELSE least(floor(ln((${ms})::float8) * ${BINS_PER_DOUBLING} / ln(2::float8))::int + 1, ${BIN_MAX}) END`

/** How many times fell into each bin. */
export type Histogram = ReadonlyMap<number, number>

/** From where a bin reaches to where, in ms. */
function boundsOf(bin: number): [fromMs: number, toMs: number] {
  return bin === 0 ? [0, 1] : [2 ** ((bin - 1) / BINS_PER_DOUBLING), 2 ** (bin / BINS_PER_DOUBLING)]
}

/**
 * The time that a share `q` of all stays below, in ms, right to the width of a bin (19 %); null when there are none.
 * @param q In (0, 1].
 */
export function percentileMs(histogram: Histogram, q: number): number | null {
  const bins = [...histogram].filter(([, amount]) => amount > 0).sort(([a], [b]) => a - b)
  const total = bins.reduce((sum, [, amount]) => sum + amount, 0)
  let left = q * total
  for (const [bin, amount] of bins) {
    if (left <= amount) {
      const [fromMs, toMs] = boundsOf(bin)
      return Math.round(fromMs + (toMs - fromMs) * (left / amount))
    }
    left -= amount
  }
  return null
}
