import { Agent } from 'undici'
import { type BenchReceiver, runLoad, startBenchReceiver } from './processes.ts'
import type { Results, ScenarioResult } from './results.ts'
import type { Drive } from './stage.ts'
import { stampedPayload } from './stamp.ts'

const SUBSCRIPTIONS = 100
const KIB = 1024
const CASES = [
  { name: '1KiB', bytes: KIB, full: 200, quick: 30 },
  { name: '64KiB', bytes: 64 * KIB, full: 60, quick: 10 },
]
const WARM_UP_EVENTS = 5
const CONNECTIONS = 8
const CONCURRENCY = 128

/** 100 subscriptions get each event; beside it undici alone, posting as many bodies to the same receiver. Rates are of deliveries. */
export async function benchFanout(drive: Drive): Promise<Results> {
  const receiver = await startBenchReceiver()
  const results: Results = {}
  try {
    for (const { name, bytes, full, quick } of CASES) {
      const eventType = `bench.fanout.of_${name.toLowerCase()}`
      const urls = Array.from({ length: SUBSCRIPTIONS }, (_, i) => `${receiver.url}/${name}/${i}`)
      await drive.target.subscribe(eventType, urls)
      const events = drive.size(full, quick)
      results[`fanout-${name}`] = await deliver(drive, receiver, { eventType, bytes, events })
      results[`fanout-${name}-undici`] = await postAlone(receiver, { bytes, count: events * SUBSCRIPTIONS })
    }
  } finally {
    receiver.stop()
  }
  return results
}

async function deliver(
  { target, startCpuMeter }: Drive,
  receiver: BenchReceiver,
  { eventType, bytes, events }: { eventType: string; bytes: number; events: number },
): Promise<ScenarioResult> {
  const request = target.eventRequest(eventType, bytes)
  const send = async (total: number) => {
    const before = receiver.count()
    await runLoad({ ...request, connections: CONNECTIONS, total })
    await receiver.reached(before + total * SUBSCRIPTIONS)
  }
  await send(WARM_UP_EVENTS)
  await receiver.report()
  const meter = startCpuMeter({ receiver: receiver.pid })
  const beganMs = performance.now()
  await send(events)
  const seconds = (performance.now() - beganMs) / 1_000
  const deliveries = events * SUBSCRIPTIONS
  return { rate_per_s: deliveries / seconds, cpu_us: meter.perEvent(deliveries) }
}

async function postAlone(
  receiver: BenchReceiver,
  { bytes, count }: { bytes: number; count: number },
): Promise<ScenarioResult> {
  const agent = new Agent({ connections: CONCURRENCY, pipelining: 1 })
  const body = Buffer.from(JSON.stringify(stampedPayload(bytes)))
  const headers = { 'content-type': 'application/json' }
  let left = count
  const usedBefore = process.cpuUsage()
  const beganMs = performance.now()
  try {
    await Promise.all(
      Array.from({ length: CONCURRENCY }, async () => {
        while (left-- > 0) {
          const response = await agent.request({ origin: receiver.url, path: '/', method: 'POST', body, headers })
          await response.body.dump()
        }
      }),
    )
    const { user, system } = process.cpuUsage(usedBefore)
    return { rate_per_s: count / ((performance.now() - beganMs) / 1_000), cpu_us: { node: (user + system) / count } }
  } finally {
    await agent.close()
  }
}
