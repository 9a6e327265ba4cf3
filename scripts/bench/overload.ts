import { residentMb } from './cpu.ts'
import { batchLoad } from './jethook-load.ts'
import { runLoad, startBenchReceiver } from './processes.ts'
import type { Results } from './results.ts'
import type { Bench } from './stage.ts'
import { measureThroughput, referenceThroughput } from './throughput.ts'

const SECONDS = 60
const QUICK_SECONDS = 0.5
const TIMES_OF_THROUGHPUT = 10
const BATCH = 20
const CONNECTIONS = 256
/** Clients that wait for an answer: further ones would only wait in the generator. */
const UNANSWERED_MAX = 1_024
const SAMPLE_MS = 500
const EVENT_TYPE = 'bench.overload.delivered'

/**
 * Ten times the events that can be delivered, for a minute, from clients that wait for no one (up to 1,024 of them unanswered).
 * Then all that was acknowledged has to be delivered and written down, and the throughput to be what it was.
 */
export async function benchOverload(bench: Bench): Promise<Results> {
  const before = await referenceThroughput(bench, 'overload_before')
  const eventsPerSecond = Math.round(before.rate_per_s * TIMES_OF_THROUGHPUT)
  const seconds = bench.size(SECONDS, QUICK_SECONDS)
  const receiver = await startBenchReceiver()
  try {
    await bench.target.subscribe(EVENT_TYPE, [`${receiver.url}/`])
    const memory = startMemorySamples(bench.jethookPid)
    const ratePerSecond = eventsPerSecond / BATCH
    const sinceMs = Date.now()
    const sent = await runLoad(
      batchLoad(bench.credentials, EVENT_TYPE, {
        batch: BATCH,
        connections: CONNECTIONS,
        total: Math.round(ratePerSecond * seconds),
        ratePerSecond,
        unansweredMax: UNANSWERED_MAX,
        countedText: '"status":201',
      }),
    )
    const memoryMb = memory.stop()
    const acknowledged = sent.counted ?? 0
    const beganMs = performance.now()
    const backlog = acknowledged - receiver.count()
    await receiver.reached(acknowledged)
    await bench.rowsReach(EVENT_TYPE, acknowledged, sinceMs)
    const drainSeconds = (performance.now() - beganMs) / 1_000
    const after = await measureThroughput(bench, 'overload_after')
    return {
      'overload-before': before,
      overload: {
        rate_per_s: acknowledged / seconds,
        p50_ms: sent.p50Ms,
        p99_ms: sent.p99Ms,
        figures: {
          offered_per_s: eventsPerSecond,
          acknowledged_events: acknowledged,
          // Each acknowledged one has its row by now, or rowsReach would have thrown.
          lost_events: 0,
          ...answers(sent.statuses),
          with_retry_after: sent.retryAfterCount ?? 0,
          memory_ratio: ratioOf(memoryMb),
          memory_most_mb: Math.max(...memoryMb),
          drained_per_s: backlog / Math.max(drainSeconds, 0.001),
        },
      },
      'overload-after': after,
    }
  } finally {
    receiver.stop()
  }
}

const answers = (statuses: Record<string, number>) =>
  Object.fromEntries(Object.entries(statuses).map(([status, count]) => [`batches_${status}`, count]))

/** What it has at the end beside what it had after a third of the time. */
function ratioOf(samples: readonly number[]): number {
  const third = samples[Math.floor(samples.length / 3)] ?? 0
  return third === 0 ? 1 : (samples.at(-1) ?? 0) / third
}

function startMemorySamples(pid: number): { stop(): number[] } {
  const samples: number[] = []
  const timer = setInterval(() => samples.push(residentMb(pid)), SAMPLE_MS)
  return {
    stop() {
      clearInterval(timer)
      return samples.length > 0 ? samples : [residentMb(pid)]
    },
  }
}
