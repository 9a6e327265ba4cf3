import { runLoad, startBenchReceiver } from './processes.ts'
import type { Results, ScenarioResult } from './results.ts'
import type { Drive } from './stage.ts'

type Throughput = ScenarioResult & { rate_per_s: number }

const EVENTS = 30_000
const QUICK_EVENTS = 2_000
const WARM_UP_EVENTS = 10_000
const QUICK_WARM_UP_EVENTS = 300
const CONNECTIONS = 128
const PAYLOAD_BYTES = 1024

/** POST /event → delivered → attempt row in Postgres, one subscription, 1 KiB; until the last row is there (of a peer: until the last one has arrived). */
export async function benchThroughput(bench: Drive): Promise<Results> {
  return { throughput: await measureThroughput(bench, 'throughput') }
}

/** What others are measured beside: in a quick look, the throughput that this run has measured already. */
export async function referenceThroughput(bench: Drive, name: string): Promise<Throughput> {
  const measured = bench.options.isQuick ? bench.results.throughput : undefined
  return measured?.rate_per_s === undefined
    ? await measureThroughput(bench, name)
    : { ...measured, rate_per_s: measured.rate_per_s }
}

/** @param name Of the event type, which nobody else must use. */
export async function measureThroughput(bench: Drive, name: string): Promise<Throughput> {
  const eventType = `bench.${name}.delivered`
  const sinceMs = Date.now()
  const receiver = await startBenchReceiver()
  try {
    await bench.target.subscribe(eventType, [`${receiver.url}/`])
    // What others are measured beside is done twice, and needs no more than half.
    const isOwn = bench.options.names.includes('throughput') && name === 'throughput'
    const total = isOwn ? bench.size(EVENTS, QUICK_EVENTS) : bench.options.isQuick ? QUICK_EVENTS / 2 : EVENTS
    const send = async (count: number, before: number) => {
      const load = { ...bench.target.eventRequest(eventType, PAYLOAD_BYTES), connections: CONNECTIONS, total: count }
      const sent = await runLoad(load)
      await receiver.reached(before + count)
      await bench.rowsReach(eventType, before + count, sinceMs)
      return sent
    }
    const warmUp = bench.options.isQuick ? QUICK_WARM_UP_EVENTS : WARM_UP_EVENTS
    await send(warmUp, 0)
    const meter = bench.startCpuMeter({ receiver: receiver.pid })
    const beganMs = performance.now()
    const sent = await send(total, warmUp)
    const seconds = (performance.now() - beganMs) / 1_000
    return {
      rate_per_s: total / seconds,
      cpu_us: meter.perEvent(total, { load: sent.cpuSeconds }),
      p50_ms: sent.p50Ms,
      p99_ms: sent.p99Ms,
      ...(sent.p999Ms === undefined ? {} : { p999_ms: sent.p999Ms }),
    }
  } finally {
    receiver.stop()
  }
}
