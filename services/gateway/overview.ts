import type { OverviewAnswer } from '#shared/contract/overview-schemas.ts'
import type { SubscriptionState } from '#shared/facts/control.ts'
import type { FigureKind } from '#shared/readmodel/attempt-figure.entity.ts'
import { percentileMs } from '#shared/readmodel/latency-bins.ts'
import { timeText } from './presenters/time.ts'
import type { BucketFigure, FigureRange, SubscriptionFigure } from './queries/figures.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** From the minute (or hour) of `fromMs` to `toMs`, cut into `buckets` equal ones of whole minutes (or hours); its beginning may make one more. */
export function rangeOf(fromMs: number, toMs: number, buckets: number): FigureRange {
  const wantedMs = (toMs - fromMs) / buckets
  const unitMs = wantedMs > HOUR_MS ? HOUR_MS : MINUTE_MS
  const bucketMs = Math.max(1, Math.ceil(wantedMs / unitMs)) * unitMs
  return { fromMs: Math.floor(fromMs / unitMs) * unitMs, toMs, bucketMs }
}

/** Figures by kind and bin. */
interface Tally {
  amount: number
  histogram: Map<number, number>
}

type Tallies = Record<FigureKind, Tally>

function newTallies(): Tallies {
  const tally = () => ({ amount: 0, histogram: new Map<number, number>() })
  return { succeeded: tally(), failed: tally(), delivered: tally(), dead: tally() }
}

function add(tallies: Tallies, { kind, bin, amount }: Pick<BucketFigure, 'kind' | 'bin' | 'amount'>): void {
  const tally = tallies[kind]
  tally.amount += amount
  tally.histogram.set(bin, (tally.histogram.get(bin) ?? 0) + amount)
}

/** Of all attempts, whatever came of them. */
function attemptHistogram({ succeeded, failed }: Tallies): Map<number, number> {
  const all = new Map(succeeded.histogram)
  for (const [bin, amount] of failed.histogram) all.set(bin, (all.get(bin) ?? 0) + amount)
  return all
}

/** Buckets of the whole range, those without anything too, and what they come to. */
export function bucketsOf(
  range: FigureRange,
  figures: readonly BucketFigure[],
  events: readonly { bucket: number; amount: number }[],
): Pick<OverviewAnswer, 'buckets' | 'totals'> {
  const count = Math.max(1, Math.ceil((range.toMs - range.fromMs) / range.bucketMs))
  const byBucket = Array.from({ length: count }, newTallies)
  const total = newTallies()
  for (const figure of figures) {
    const tallies = byBucket[figure.bucket]
    if (tallies) add(tallies, figure)
    add(total, figure)
  }
  const eventsOf = new Map(events.map(({ bucket, amount }) => [bucket, amount]))
  const buckets = byBucket.map((tallies, i) => ({
    at: timeText(range.fromMs + i * range.bucketMs),
    events: eventsOf.get(i) ?? 0,
    ...attemptFields(tallies),
    dead: tallies.dead.amount,
  }))
  const { attempts, succeeded, ...rest } = attemptFields(total)
  return {
    buckets,
    totals: {
      events: events.reduce((sum, { amount }) => sum + amount, 0),
      attempts,
      succeeded,
      ...rest,
      dead_letters: total.dead.amount,
      success_rate: attempts === 0 ? null : succeeded / attempts,
      p50_delivery_ms: percentileMs(total.delivered.histogram, 0.5),
      p95_delivery_ms: percentileMs(total.delivered.histogram, 0.95),
    },
  }
}

function attemptFields(tallies: Tallies) {
  const histogram = attemptHistogram(tallies)
  return {
    attempts: tallies.succeeded.amount + tallies.failed.amount,
    succeeded: tallies.succeeded.amount,
    failed: tallies.failed.amount,
    p50_ms: percentileMs(histogram, 0.5),
    p95_ms: percentileMs(histogram, 0.95),
  }
}

/** What an endpoint's attempts have come to. */
export interface EndpointFigures {
  subscriptionId: string
  attempts: number
  errorRate: number
  p95Ms: number | null
}

export function endpointFigures(figures: readonly SubscriptionFigure[]): EndpointFigures[] {
  return [...Map.groupBy(figures, ({ subscription_id }) => subscription_id)].map(([subscriptionId, own]) => {
    const tallies = newTallies()
    for (const figure of own) add(tallies, figure)
    const { attempts, failed, p95_ms: p95Ms } = attemptFields(tallies)
    return { subscriptionId, attempts, errorRate: attempts === 0 ? 0 : failed / attempts, p95Ms }
  })
}

/** Those that fail most often come first; of those that fail alike the busiest. What never fails is not among them. */
export function worstOf(endpoints: readonly EndpointFigures[], max: number): EndpointFigures[] {
  return endpoints
    .filter(({ errorRate }) => errorRate > 0)
    .toSorted((a, b) => b.errorRate - a.errorRate || b.attempts - a.attempts)
    .slice(0, max)
}

/** Steps of the whole forecast, those without anything too. */
export function forecastOf(
  { fromMs, stepMs, steps }: { fromMs: number; stepMs: number; steps: number },
  due: readonly { step: number; retries: number }[],
): OverviewAnswer['forecast'] {
  const retriesOf = new Map(due.map(({ step, retries }) => [step, retries]))
  return Array.from({ length: steps }, (_, i) => ({
    at: timeText(fromMs + i * stepMs),
    retries: retriesOf.get(i) ?? 0,
  }))
}

/** What is known of the receiver's breaker, if it is still the same address. */
export function breakerOf(
  { targetVersion = 0 }: SubscriptionState,
  receiver: { targetVersion?: number; breaker: { state: 'closed' | 'open' } } | undefined,
): 'closed' | 'open' {
  return receiver && (receiver.targetVersion ?? 0) === targetVersion ? receiver.breaker.state : 'closed'
}
