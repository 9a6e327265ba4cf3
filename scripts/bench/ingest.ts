import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { startCpuMeter } from './cpu.ts'
import { batchLoad, eventLoad, prepareApplication } from './jethook-load.ts'
import { type Load, runLoad } from './processes.ts'
import type { Results, ScenarioResult } from './results.ts'
import type { Bench } from './stage.ts'

const EVENTS = 20_000
const QUICK_EVENTS = 2_000
const WARM_UP_EVENTS = 1_000
const CONNECTIONS = [64, 256]
const EVENT_TYPE = 'bench.event.ingested'
const BATCH = 100
const BATCH_CONNECTIONS = 16
/** A batch costs less: so many more events are sent, so that it takes as long. */
const BATCH_EVENTS_FACTOR = 3

/** Fsynced 201s, and fastify with the same schema that answers at once; no subscription wants these events. */
export async function benchIngest(bench: Bench): Promise<Results> {
  const total = bench.options.names.includes('ingest') ? bench.size(EVENTS, QUICK_EVENTS) : EVENTS * bench.scale
  await prepareApplication(bench.credentials, EVENT_TYPE, null)
  const load = (connections: number, count: number) =>
    eventLoad(bench.credentials, EVENT_TYPE, { connections, total: count })
  const reference = await startReference()
  const results: Results = {}
  try {
    await runLoad(load(64, WARM_UP_EVENTS * bench.scale))
    await runLoad({ ...load(64, WARM_UP_EVENTS * bench.scale), ...reference.place })
    for (const connections of CONNECTIONS) {
      results[`ingest-${connections}`] = await measure(load(connections, total), () => bench.startCpuMeter())
      results[`ingest-${connections}-fastify`] = await measure(
        { ...load(connections, total), ...reference.place },
        () => startCpuMeter({ fastify: reference.pid }),
      )
    }
  } finally {
    reference.stop()
  }
  return results
}

/** POST /events/batch, 100 events each. */
export async function benchBatch(bench: Bench): Promise<Results> {
  await prepareApplication(bench.credentials, EVENT_TYPE, null)
  const events = bench.size(EVENTS, QUICK_EVENTS) * BATCH_EVENTS_FACTOR
  const load = (total: number) =>
    batchLoad(bench.credentials, EVENT_TYPE, { batch: BATCH, connections: BATCH_CONNECTIONS, total })
  await runLoad(load(BATCH_CONNECTIONS))
  return { batch: await measure(load(Math.ceil(events / BATCH)), () => bench.startCpuMeter(), BATCH) }
}

async function measure(
  load: Load,
  startMeter: () => ReturnType<typeof startCpuMeter>,
  eventsEach = 1,
): Promise<ScenarioResult> {
  const meter = startMeter()
  const { statuses, seconds, p50Ms, p99Ms, p999Ms = 0, cpuSeconds } = await runLoad(load)
  const accepted = (statuses['201'] ?? 0) + (statuses['200'] ?? 0)
  if (accepted !== load.total) throw new Error(`not every event was accepted: ${JSON.stringify(statuses)}`)
  const events = load.total * eventsEach
  return {
    rate_per_s: events / seconds,
    cpu_us: meter.perEvent(events, { load: cpuSeconds }),
    p50_ms: p50Ms,
    p99_ms: p99Ms,
    p999_ms: p999Ms,
  }
}

function startReference(): Promise<{ place: { origin: string; path: string }; pid: number; stop(): void }> {
  return new Promise((resolve, reject) => {
    const path = fileURLToPath(new URL('ingest-reference.ts', import.meta.url))
    const child = fork(path, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    child.once('exit', (code) => reject(new Error(`the reference server ended with code ${code}`)))
    child.once('message', ({ port }: { port: number }) =>
      resolve({
        place: { origin: `http://127.0.0.1:${port}`, path: '/event' },
        pid: child.pid!,
        stop: () => void child.kill(),
      }),
    )
  })
}
