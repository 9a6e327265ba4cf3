import { CPU_BUDGET_US, type Goal, rounded } from './goals.ts'
import type { Results, ScenarioResult, Spread } from './results.ts'

const BAR_WIDTH = 24
const NAME_WIDTH = 24

/** A readable table: rates with bars (each scenario's own scale), times, CPU, then the goals. */
export function printTable(results: Results, goals: readonly Goal[], runs: number): void {
  const print = (line: string) => process.stdout.write(`${line}\n`)
  const bare = results['bare']?.rate_per_s
  print('')
  for (const [name, line] of Object.entries(results)) {
    const yardstick = name === 'throughput' ? bare : undefined
    print(`  ${name.padEnd(NAME_WIDTH)} ${parts(line, greatestRate(results, name), yardstick).join('  ')}`)
    for (const more of [cpuLine(line), figuresLine(line)]) if (more) print(`  ${''.padEnd(NAME_WIDTH)} ${more}`)
  }
  const budget = Object.entries(CPU_BUDGET_US).map(([name, us]) => `${name} ≤ ${us}`)
  print(`\n  Budget of a delivered event (throughput), CPU µs: ${budget.join(', ')}`)
  if (goals.length === 0) return
  print(`\n  Goals${runs > 1 ? ` (median of ${runs} runs, least … greatest)` : ''}`)
  for (const { scenario, text, value, unit, goal, is_met } of goals) {
    const shown = `${spread(value, runs)}${unit && ` ${unit}`}`
    print(`  ${is_met ? '✓' : '✗'} ${`${scenario}: ${text}`.padEnd(58)} ${shown.padEnd(26)} ${goal}`)
  }
}

function parts(
  { rate_per_s, p50_ms, p99_ms, p999_ms }: ScenarioResult,
  greatest: number,
  bare: number | undefined,
): string[] {
  const shown: string[] = []
  if (rate_per_s !== undefined) {
    const bar = '█'.repeat(Math.max(1, Math.round((rate_per_s / greatest) * BAR_WIDTH))).padEnd(BAR_WIDTH)
    shown.push(`${bar} ${Math.round(rate_per_s).toString().padStart(7)}/s`)
    if (bare) shown.push(`${(rate_per_s / bare).toFixed(2)} × bare`)
  }
  if (p50_ms !== undefined)
    shown.push(
      `p50 ${rounded(p50_ms)} ms, p99 ${rounded(p99_ms ?? 0)} ms${p999_ms === undefined ? '' : `, p99.9 ${rounded(p999_ms)} ms`}`,
    )
  return shown
}

function greatestRate(results: Results, name: string): number {
  const family = name.split('-')[0]
  const rates = Object.entries(results).flatMap(([other, { rate_per_s }]) =>
    other.split('-')[0] === family ? (rate_per_s ?? []) : [],
  )
  return Math.max(...rates)
}

function cpuLine({ cpu_us }: ScenarioResult): string | null {
  if (!cpu_us) return null
  const shown = Object.entries(cpu_us).map(([name, us]) => `${name} ${us.toFixed(0)}`)
  return `CPU µs per event: ${shown.join(', ')}`
}

function figuresLine({ figures }: ScenarioResult): string | null {
  if (!figures) return null
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${rounded(value)}`)
    .join(', ')
}

function spread({ min, median, max }: Spread, runs: number): string {
  return runs > 1 ? `${rounded(median)} (${rounded(min)} … ${rounded(max)})` : rounded(median)
}
