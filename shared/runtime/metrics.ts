import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client'

export interface Sample<L extends string = string> {
  labels: Record<L, string>
  value: number
}

/** What a figure is right now; null: nobody knows, and it is left out. */
export type Reading<L extends string = string> = number | null | readonly Sample<L>[]

/** Asked when the figures are; one that takes too long or fails is left out. */
export type Read<L extends string = string> = () => Reading<L> | Promise<Reading<L>>

/** A name, what it tells, and its labels, each of which has few values that are known beforehand. */
export interface Figure<L extends string> {
  name: string
  help: string
  labels?: readonly L[]
}

/** Counts as things happen. */
export interface Tally<L extends string> {
  /** @param labels Each of the figure's. */
  add(labels: Record<L, string>, by?: number): void
}

/** Puts what is measured into buckets, as it happens; about 0.2 µs. */
export interface Distribution<L extends string> {
  observe(labels: Record<L, string>, value: number): void
}

/** The figures of a process, for Prometheus. A tally or distribution that several parts ask for is the same one. */
export interface Metrics {
  /** @param figure Its name ends in `_total`.  @param read The count since the process was started. */
  counter<L extends string>(figure: Figure<L>, read: Read<L>): void
  gauge<L extends string>(figure: Figure<L>, read: Read<L>): void
  /** @param figure Its name ends in `_total`. */
  tally<L extends string>(figure: Figure<L>): Tally<L>
  /** @param figure Its name ends in its unit.  @param buckets Upper bounds in that unit. */
  distribution<L extends string>(figure: Figure<L>, buckets: readonly number[]): Distribution<L>
  contentType: string
  /** All of them, as they are now. */
  text(): Promise<string>
}

/** Seconds, for what is to take milliseconds and may take a minute. */
export const SECONDS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

const READ_LIMIT_MS = 2_000

/** For parts that run without a process of jethook's: nothing is counted. */
export const NO_METRICS: Metrics = {
  counter() {},
  gauge() {},
  tally: () => ({ add() {} }),
  distribution: () => ({ observe() {} }),
  contentType: 'text/plain',
  text: async () => '',
}

/** With the figures of Node itself: memory, CPU, garbage collection, delay of the event loop. */
export function createMetrics(): Metrics {
  const registry = new Registry(Registry.OPENMETRICS_CONTENT_TYPE)
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  return {
    counter({ name, help, labels = [] }, read) {
      new Counter<string>({
        name,
        help,
        labelNames: [...labels],
        registers,
        async collect() {
          const samples = await samplesOf(read)
          this.reset()
          // Without labels a reset leaves a 0, which nobody has said.
          if (samples.length === 0 && labels.length === 0) this.remove()
          for (const { labels: of, value } of samples) this.inc(of, value)
        },
      })
    },
    gauge({ name, help, labels = [] }, read) {
      new Gauge<string>({
        name,
        help,
        labelNames: [...labels],
        registers,
        async collect() {
          const samples = await samplesOf(read)
          this.reset()
          // Without labels a reset leaves a 0, which nobody has said.
          if (samples.length === 0 && labels.length === 0) this.remove()
          for (const { labels: of, value } of samples) this.set(of, value)
        },
      })
    },
    tally({ name, help, labels = [] }) {
      const known = registry.getSingleMetric(name) as Counter<string> | undefined
      const counter = known ?? new Counter<string>({ name, help, labelNames: [...labels], registers })
      return { add: (of: Record<string, string>, by = 1) => counter.inc(of, by) }
    },
    distribution({ name, help, labels = [] }, buckets) {
      const known = registry.getSingleMetric(name) as Histogram<string> | undefined
      const histogram =
        known ?? new Histogram<string>({ name, help, labelNames: [...labels], buckets: [...buckets], registers })
      return { observe: (of: Record<string, string>, value) => histogram.observe(of, value) }
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  }
}

/** A server that is away must not keep the other figures from being seen. */
async function samplesOf(read: Read): Promise<readonly Sample[]> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, READ_LIMIT_MS, null)
  })
  try {
    const reading = await Promise.race([read(), tooLate])
    if (reading === null) return []
    return typeof reading === 'number' ? [{ labels: {}, value: reading }] : reading
  } catch {
    return []
  } finally {
    clearTimeout(timer)
  }
}
