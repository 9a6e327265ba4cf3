import { setTimeout as delay } from 'node:timers/promises'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { eventLoad, prepareApplication } from './jethook-load.ts'
import type { NatsLoadOrder } from './nats-load.ts'
import { type LoadResult, runLoad } from './processes.ts'
import type { ScenarioResult } from './results.ts'
import type { Bench } from './stage.ts'

const EVENTS = 20_000
const WARM_UP_EVENTS = 1_000
const UNDER_WAY = 256
/** As several instances of a service have. */
const CONNECTIONS = 4
const BATCH_EVENTS = 100
const BATCHES_UNDER_WAY = 8
const EVENT_TYPE = 'bench.event.published'
const POLL_MS = 10

/**
 * From the first event until EVENTS has the last one, 1 KiB each, by each door: published to INBOX one by one and a hundred in
 * a message, requested of the micro service, posted. No subscription wants these events.
 */
export async function benchNats(bench: Bench): Promise<Record<string, ScenarioResult>> {
  const { servers, credentials, scale } = bench
  await prepareApplication(credentials, EVENT_TYPE, null)
  const nats = await connectNats(servers.natsUrl, 'bench', createLogger('error'))
  const doors = doorsOf(bench)
  const { startCpuMeter } = bench
  try {
    const results: Record<string, ScenarioResult> = {}
    for (const [name, send] of Object.entries(doors)) {
      await untilStored(nats, WARM_UP_EVENTS * scale, { send, startCpuMeter })
      results[name] = await untilStored(nats, Math.round((EVENTS * scale) / BATCH_EVENTS) * BATCH_EVENTS, {
        send,
        startCpuMeter,
      })
    }
    return results
  } finally {
    await nats.connection.close()
  }
}

type Send = (total: number) => Promise<LoadResult>

function doorsOf({ servers, credentials }: Bench): Record<string, Send> {
  const { application_id } = credentials
  const { body } = eventLoad(credentials, EVENT_TYPE, { connections: 1, total: 1 })
  const { payload } = JSON.parse(body) as { payload: string }
  const byNats = (order: Omit<NatsLoadOrder, 'natsUrl' | 'connections' | 'total'>) => (total: number) =>
    runLoad<NatsLoadOrder>({ natsUrl: servers.natsUrl, connections: CONNECTIONS, total, ...order }, 'nats-load.ts')
  const single = { payload, underWay: UNDER_WAY, eventsPerMessage: 1 }
  const events = Array.from({ length: BATCH_EVENTS }, () => ({ event_type: EVENT_TYPE, payload }))
  return {
    'nats-publish': byNats({ ...single, way: 'publish', subject: `in.${application_id}.${EVENT_TYPE}` }),
    'nats-batch': byNats({
      way: 'publish',
      subject: `in.${application_id}.batch`,
      payload: JSON.stringify({ events }),
      underWay: BATCHES_UNDER_WAY,
      eventsPerMessage: BATCH_EVENTS,
    }),
    'nats-request': byNats({ ...single, way: 'request', subject: `ingest.${application_id}.${EVENT_TYPE}` }),
    'nats-rest': (total) => runLoad(eventLoad(credentials, EVENT_TYPE, { connections: UNDER_WAY, total })),
  }
}

async function untilStored(
  nats: Nats,
  total: number,
  { send, startCpuMeter }: { send: Send; startCpuMeter: Bench['startCpuMeter'] },
): Promise<ScenarioResult> {
  const count = async () => (await readStreamState(nats, STREAM_NAMES.events)).lastSeq - before
  const reached = async (wanted: number) => {
    for (;;) {
      const now = await count()
      if (now >= wanted) return { count: now, atMs: performance.now() }
      await delay(POLL_MS)
    }
  }
  const { lastSeq: before } = await readStreamState(nats, STREAM_NAMES.events)
  const meter = startCpuMeter()
  const sending = send(total)
  // The load generator has to start first.
  const first = await reached(1)
  const last = await reached(total)
  const { p50Ms, p99Ms } = await sending
  const rate = (last.count - first.count) / ((last.atMs - first.atMs) / 1_000)
  return { rate_per_s: rate, cpu_us: meter.perEvent(total), p50_ms: p50Ms, p99_ms: p99Ms }
}
