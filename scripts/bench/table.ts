/** One line of the result. */
export interface ScenarioResult {
  rate_per_s: number
  /** CPU time of each process for one event, in µs. */
  cpu_us?: Record<string, number>
  p50_ms?: number
  p99_ms?: number
}

const BAR_WIDTH = 30

/** A readable table: rates with bars, and each as a part of `bare`, the yardstick. */
export function printTable(results: Record<string, ScenarioResult>): void {
  const max = Math.max(...Object.values(results).map(({ rate_per_s }) => rate_per_s))
  const bare = results['bare']?.rate_per_s
  for (const [name, { rate_per_s, cpu_us, p50_ms, p99_ms }] of Object.entries(results)) {
    const bar = '█'.repeat(Math.max(1, Math.round((rate_per_s / max) * BAR_WIDTH))).padEnd(BAR_WIDTH)
    const ratio = bare ? `  ${(rate_per_s / bare).toFixed(2)} × bare` : ''
    const latency = p50_ms === undefined ? '' : `  p50 ${p50_ms.toFixed(1)} ms, p99 ${(p99_ms ?? 0).toFixed(1)} ms`
    process.stdout.write(
      `  ${name.padEnd(12)} ${bar} ${Math.round(rate_per_s).toString().padStart(7)}/s${ratio}${latency}\n`,
    )
    if (!cpu_us) continue
    const parts = Object.entries(cpu_us).map(([process, us]) => `${process} ${us.toFixed(0)}`)
    process.stdout.write(`  ${''.padEnd(12)} CPU µs per event: ${parts.join(', ')}\n`)
  }
}
