import { residentMb } from './cpu.ts'
import { createCall } from './jethook-load.ts'
import { runLoad, startBenchReceiver } from './processes.ts'
import type { Results } from './results.ts'
import type { Bench } from './stage.ts'
import { measureThroughput, referenceThroughput } from './throughput.ts'

const SUBSCRIPTIONS = [1, 100, 10_000, 100_000]
const QUICK_SUBSCRIPTIONS = [1, 100]
const EVENTS = 5_000_000
const QUICK_EVENTS = 1_000
const STEPS = 10
const QUICK_STEPS = 3
const CREATED_AT_ONCE = 64
const TOLD_EACH = 10_000
const CONNECTIONS = 128
const PAYLOAD_BYTES = 1_024
/** The types of all events that are measured. */
const OTHERS_TYPES = 'bench.**'
const EVENT_TYPE = 'bench.growth.delivered'

/**
 * Throughput with ever more subscriptions (each event still goes to one of them: the others are other tenants'), and memory
 * while many events are delivered: after the first tenth of them, and after the last. `--size` says how many events.
 */
export async function benchGrowth(bench: Bench): Promise<Results> {
  const events = bench.size(EVENTS, QUICK_EVENTS)
  const results: Results = {}
  let made = 1
  const rates: number[] = []
  for (const count of bench.options.isQuick ? QUICK_SUBSCRIPTIONS : SUBSCRIPTIONS) {
    await subscribeOthers(bench, count - made)
    made = Math.max(made, count)
    const measure = count === 1 ? referenceThroughput : measureThroughput
    const line = await measure(bench, `growth_with_${count}`)
    rates.push(line.rate_per_s)
    results[`growth-subscriptions-${count}`] = { ...line, figures: memoryOf(bench) }
  }
  const { memoryRatio, rate, first, last } = await deliverMany(bench, events)
  results['growth-events'] = { rate_per_s: rate, figures: { events, jethook_first_mb: first, jethook_last_mb: last } }
  const after = await measureThroughput(bench, 'growth_after')
  results['growth-after'] = { ...after, figures: memoryOf(bench) }
  const leastRate = Math.min(...rates, after.rate_per_s)
  results['growth'] = { figures: { least_ratio: leastRate / rates[0]!, memory_ratio: memoryRatio } }
  return results
}

const memoryOf = ({ jethookPid, servers }: Bench) => ({
  jethook_mb: residentMb(jethookPid),
  nats_mb: residentMb(servers.nats!.pid),
})

/** Subscriptions of other tenants: they want the same types, with another label. */
async function subscribeOthers({ credentials, tell, options }: Bench, count: number): Promise<void> {
  const call = createCall(credentials)
  let left = count
  await Promise.all(
    Array.from({ length: CREATED_AT_ONCE }, async () => {
      while (left-- > 0) {
        await call('/subscriptions', {
          is_enabled: true,
          event_types: [OTHERS_TYPES],
          labels: { tenant: String(left) },
          target: { type: 'http', method: 'POST', url: 'http://127.0.0.1:9/', headers: {} },
        })
        if (!options.isQuick && left % TOLD_EACH === 0) tell(`growth: ${left} subscriptions to be made`)
      }
    }),
  )
}

async function deliverMany(bench: Bench, events: number) {
  const receiver = await startBenchReceiver()
  try {
    await bench.target.subscribe(EVENT_TYPE, [`${receiver.url}/`])
    const request = bench.target.eventRequest(EVENT_TYPE, PAYLOAD_BYTES)
    const steps = bench.options.isQuick ? QUICK_STEPS : STEPS
    const step = Math.ceil(events / steps)
    const memory: number[] = []
    const rates: number[] = []
    for (let i = 0; i < steps; i++) {
      const beganMs = performance.now()
      await runLoad({ ...request, connections: CONNECTIONS, total: step })
      await receiver.reached(step * (i + 1))
      rates.push(step / ((performance.now() - beganMs) / 1_000))
      memory.push(residentMb(bench.jethookPid))
      if (!bench.options.isQuick) bench.tell(`growth: ${step * (i + 1)} events, ${memory.at(-1)!.toFixed(0)} MB`)
    }
    const [first = 0, last = 0] = [memory[0], memory.at(-1)]
    return { memoryRatio: first === 0 ? 1 : last / first, rate: rates.at(-1)!, first, last }
  } finally {
    receiver.stop()
  }
}
