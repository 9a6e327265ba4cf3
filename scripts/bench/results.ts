/** One line of the result. */
export interface ScenarioResult {
  rate_per_s?: number
  /** CPU time of each process for one event, in µs. */
  cpu_us?: Record<string, number>
  p50_ms?: number
  p99_ms?: number
  p999_ms?: number
  /** What else was measured; each name ends in its unit. */
  figures?: Record<string, number>
}

/** By the line's name, which begins with its scenario's. */
export type Results = Record<string, ScenarioResult>

/** The least, the middle and the greatest of several runs. */
export interface Spread {
  min: number
  median: number
  max: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor((sorted.length - 1) / 2)
  const upper = Math.ceil((sorted.length - 1) / 2)
  return { min: sorted[0] ?? 0, median: ((sorted[middle] ?? 0) + (sorted[upper] ?? 0)) / 2, max: sorted.at(-1) ?? 0 }
}

/** Each figure's median over the runs, under the same names. */
export function mediansOf(runs: readonly Results[]): Results {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run)))]
  return Object.fromEntries(names.map((name) => [name, median(runs.flatMap((run) => run[name] ?? []))]))
}

function median(lines: readonly ScenarioResult[]): ScenarioResult {
  const result: ScenarioResult = {}
  for (const key of ['rate_per_s', 'p50_ms', 'p99_ms', 'p999_ms'] as const) {
    const values = lines.flatMap((line) => line[key] ?? [])
    if (values.length > 0) result[key] = spreadOf(values).median
  }
  for (const key of ['cpu_us', 'figures'] as const) {
    const names = [...new Set(lines.flatMap((line) => Object.keys(line[key] ?? {})))]
    if (names.length === 0) continue
    result[key] = Object.fromEntries(
      names.map((name) => [name, spreadOf(lines.flatMap((line) => line[key]?.[name] ?? [])).median]),
    )
  }
  return result
}
