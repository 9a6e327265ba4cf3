import { runLoad, startBenchReceiver } from './processes.ts'
import type { Results } from './results.ts'
import type { Drive } from './stage.ts'

const SECONDS = 20
const QUICK_SECONDS = 1
const WARM_UP_SECONDS = 1
const SHARE_OF_THROUGHPUT = 0.5
const CONNECTIONS = 128
const PAYLOAD_BYTES = 1024
const EVENT_TYPE = 'bench.latency.delivered'

/**
 * At half of what `throughput` made, in an open loop: from the acceptance of an event (the time in its id) until its first byte
 * is at the receiver, and, as `latency-due`, from when the event was due to be posted. A peer that names no UUIDv7 has the
 * second one only.
 */
export async function benchLatency(drive: Drive): Promise<Results> {
  const rate = Math.round((drive.results['throughput']?.rate_per_s ?? 1_000) * SHARE_OF_THROUGHPUT)
  const seconds = drive.size(SECONDS, QUICK_SECONDS)
  const receiver = await startBenchReceiver()
  try {
    await drive.target.subscribe(EVENT_TYPE, [`${receiver.url}/`])
    const request = drive.target.eventRequest(EVENT_TYPE, PAYLOAD_BYTES)
    const send = async (ofSeconds: number) => {
      const before = receiver.count()
      const total = rate * ofSeconds
      const sent = await runLoad({ ...request, connections: CONNECTIONS, total, ratePerSecond: rate })
      const accepted = (sent.statuses['201'] ?? 0) + (sent.statuses['202'] ?? 0) + (sent.statuses['200'] ?? 0)
      await receiver.reached(before + accepted)
      return { total, sent }
    }
    await send(WARM_UP_SECONDS)
    await receiver.report()
    const meter = drive.startCpuMeter({ receiver: receiver.pid })
    const { total, sent } = await send(seconds)
    const { sinceDue, sinceAccepted } = await receiver.report()
    const due = { rate_per_s: rate, p50_ms: sinceDue.p50Ms, p99_ms: sinceDue.p99Ms, p999_ms: sinceDue.p999Ms }
    const posted = { rate_per_s: rate, p50_ms: sent.p50Ms, p99_ms: sent.p99Ms, p999_ms: sent.p999Ms ?? 0 }
    if (sinceAccepted.count === 0) return { 'latency-due': due, 'latency-post': posted }
    const { p50Ms, p99Ms, p999Ms } = sinceAccepted
    const cpu = meter.perEvent(total, { load: sent.cpuSeconds })
    const accepted = { rate_per_s: rate, p50_ms: p50Ms, p99_ms: p99Ms, p999_ms: p999Ms, cpu_us: cpu }
    return { latency: accepted, 'latency-due': due, 'latency-post': posted }
  } finally {
    receiver.stop()
  }
}
