import { type Results, type ScenarioResult, type Spread, spreadOf } from './results.ts'

/** What a scenario is to reach on two cores. */
interface GoalRule {
  scenario: string
  text: string
  /** Null: it was not measured in this run. */
  value(results: Results): number | null
  bound: { atLeast: number } | { atMost: number }
  unit?: string
}

export interface Goal {
  scenario: string
  text: string
  unit: string
  /** Of the runs; the median is what counts. */
  value: Spread
  goal: string
  is_met: boolean
}

type Measure = (line: ScenarioResult) => number | undefined
const rate: Measure = ({ rate_per_s }) => rate_per_s
const p99: Measure = ({ p99_ms }) => p99_ms
const figure =
  (name: string): Measure =>
  ({ figures }) =>
    figures?.[name]

const of =
  (name: string, measure: Measure) =>
  (results: Results): number | null => {
    const line = results[name]
    return line === undefined ? null : (measure(line) ?? null)
  }
const ratio =
  (name: string, to: string, measure: Measure) =>
  (results: Results): number | null => {
    const [value, reference] = [of(name, measure)(results), of(to, measure)(results)]
    return value === null || reference === null || reference === 0 ? null : value / reference
  }

const GOALS: readonly GoalRule[] = [
  { scenario: 'throughput', text: 'rate ÷ bare', value: ratio('throughput', 'bare', rate), bound: { atLeast: 0.4 } },
  ...[64, 256].map(
    (connections): GoalRule => ({
      scenario: 'ingest',
      text: `rate at ${connections} connections ÷ fastify alone`,
      value: ratio(`ingest-${connections}`, `ingest-${connections}-fastify`, rate),
      bound: { atLeast: 0.5 },
    }),
  ),
  { scenario: 'batch', text: 'rate ÷ ingest', value: ratio('batch', 'ingest-64', rate), bound: { atLeast: 3 } },
  {
    scenario: 'fanout',
    text: '1 KiB: rate ÷ undici alone',
    value: ratio('fanout-1KiB', 'fanout-1KiB-undici', rate),
    bound: { atLeast: 2 / 3 },
  },
  {
    scenario: 'fanout',
    text: '64 KiB: rate ÷ undici alone',
    value: ratio('fanout-64KiB', 'fanout-64KiB-undici', rate),
    bound: { atLeast: 1 / 2 },
  },
  {
    scenario: 'latency',
    text: 'p99, accepted → first byte',
    value: of('latency', p99),
    bound: { atMost: 50 },
    unit: 'ms',
  },
  {
    scenario: 'isolation',
    text: 'rate beside the hanging one ÷ alone',
    value: ratio('isolation-beside', 'isolation-alone', rate),
    bound: { atLeast: 0.9 },
  },
  {
    scenario: 'isolation',
    text: 'p99 beside the hanging one ÷ alone',
    value: ratio('isolation-beside', 'isolation-alone', p99),
    bound: { atMost: 1.2 },
  },
  {
    scenario: 'retries',
    text: 'nats-server RSS',
    value: of('retries-beside', figure('nats_rss_mb')),
    bound: { atMost: 3_072 },
    unit: 'MB',
  },
  {
    scenario: 'retries',
    text: 'healthy rate beside them ÷ without',
    value: ratio('retries-beside', 'retries-without', rate),
    bound: { atLeast: 0.9 },
  },
  {
    scenario: 'retries',
    text: 'p99 lateness of those due at once',
    value: of('retries-due', p99),
    bound: { atMost: 2_000 },
    unit: 'ms',
  },
  {
    scenario: 'projection',
    text: 'live: facts/s ÷ COPY alone',
    value: ratio('projection-live', 'projection-copy', rate),
    bound: { atLeast: 0.5 },
  },
  {
    scenario: 'projection',
    text: 'rebuild',
    value: of('projection-rebuild', rate),
    bound: { atLeast: 20_000 },
    unit: 'facts/s',
  },
  ...['first-page', 'page-100', 'groups', 'search'].map(
    (query): GoalRule => ({
      scenario: 'read',
      text: `${query}: median at the large size ÷ small`,
      value: ratio(`read-large-${query}`, `read-small-${query}`, ({ p50_ms }) => p50_ms),
      bound: { atMost: 2 },
    }),
  ),
  {
    scenario: 'start',
    text: 'warm, to ready',
    value: of('start-warm', figure('ready_s')),
    bound: { atMost: 2 },
    unit: 's',
  },
  {
    scenario: 'growth',
    text: 'least rate ÷ rate with one subscription',
    value: of('growth', figure('least_ratio')),
    bound: { atLeast: 0.8 },
  },
  {
    scenario: 'growth',
    text: 'memory after all events ÷ after the first tenth',
    value: of('growth', figure('memory_ratio')),
    bound: { atMost: 1.25 },
  },
  {
    scenario: 'overload',
    text: 'acknowledged events that were lost',
    value: of('overload', figure('lost_events')),
    bound: { atMost: 0 },
  },
  {
    scenario: 'overload',
    text: 'memory at the end of it ÷ after its first third',
    value: of('overload', figure('memory_ratio')),
    bound: { atMost: 1.25 },
  },
  {
    scenario: 'overload',
    text: 'rate afterwards ÷ before',
    value: ratio('overload-after', 'overload-before', rate),
    bound: { atLeast: 0.9 },
  },
]

/** What one delivered event may cost, in µs of CPU (docs/performance.md). */
export const CPU_BUDGET_US: Record<string, number> = { jethook: 200, 'nats-server': 110, postgres: 50 }

const BUDGET_RULES: readonly GoalRule[] = Object.entries(CPU_BUDGET_US).map(([name, most]) => ({
  scenario: 'throughput',
  text: `CPU of ${name} for an event`,
  value: of('throughput', ({ cpu_us }) => cpu_us?.[name]),
  bound: { atMost: most },
  unit: 'µs',
}))

/** Every goal that at least one run has a value for; ratios are those within one run. */
export function goalsOf(runs: readonly Results[]): Goal[] {
  return [...GOALS, ...BUDGET_RULES].flatMap((rule) => {
    const values = runs.flatMap((run) => rule.value(run) ?? [])
    return values.length === 0 ? [] : [goalOf(rule, spreadOf(values))]
  })
}

function goalOf({ scenario, text, bound, unit = '' }: GoalRule, value: Spread): Goal {
  const isMet = 'atLeast' in bound ? value.median >= bound.atLeast : value.median <= bound.atMost
  const goal = 'atLeast' in bound ? `≥ ${rounded(bound.atLeast)}` : `≤ ${rounded(bound.atMost)}`
  return { scenario, text, unit, value, goal, is_met: isMet }
}

/** As many digits as say something. */
export function rounded(value: number): string {
  if (Number.isInteger(value)) return String(value)
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
