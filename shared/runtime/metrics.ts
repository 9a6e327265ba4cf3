import { Counter, Gauge, Registry } from '@prometheus-io/client'

/** The figures of a process, for Prometheus. */
export interface Metrics {
  /** @param name Ends in `_total`.  @param read The count since the process was started. */
  counter(name: string, help: string, read: () => number): void
  gauge(name: string, help: string, read: () => number): void
  contentType: string
  /** All of them, as they are now. */
  text(): Promise<string>
}

/** Figures are read when they are asked for: counting costs nothing in between. */
export function createMetrics(): Metrics {
  const registry = new Registry(Registry.OPENMETRICS_CONTENT_TYPE)
  const registers = [registry]
  return {
    counter(name, help, read) {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset()
          this.inc(read())
        },
      })
    },
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read())
        },
      })
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  }
}
