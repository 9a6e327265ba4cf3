import { setTimeout as delay } from 'node:timers/promises'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { eventLoad, prepareApplication } from './jethook-load.ts'
import type { Bench } from './main.ts'
import type { NatsLoadOrder } from './nats-load.ts'
import { type LoadResult, runLoad } from './processes.ts'
import type { ScenarioResult } from './table.ts'

const EVENTS = 20_000
const WARM_UP_EVENTS = 1_000
const UNDER_WAY = 256
const EVENT_TYPE = 'bench.event.published'
const POLL_MS = 10

/**
 * From the first event until EVENTS has the last one, 1 KiB each, by each door: published to INBOX, requested of the micro
 * service, posted. No subscription wants these events.
 */
export async function benchNats({ servers, credentials, scale }: Bench): Promise<Record<string, ScenarioResult>> {
  await prepareApplication(credentials, EVENT_TYPE, null)
  const nats = await connectNats(servers.natsUrl, 'bench', createLogger('error'))
  const { body } = eventLoad(credentials, EVENT_TYPE, { connections: 1, total: 1 })
  const { payload } = JSON.parse(body) as { payload: string }
  const byNats = (way: NatsLoadOrder['way'], total: number) => {
    const subject = `${way === 'publish' ? 'in' : 'ingest'}.${credentials.application_id}.${EVENT_TYPE}`
    const order: NatsLoadOrder = { natsUrl: servers.natsUrl, subject, payload, way, underWay: UNDER_WAY, total }
    return runLoad(order, 'nats-load.ts')
  }
  const doors: Record<string, (total: number) => Promise<LoadResult>> = {
    'nats-publish': (total) => byNats('publish', total),
    'nats-request': (total) => byNats('request', total),
    'nats-rest': (total) => runLoad(eventLoad(credentials, EVENT_TYPE, { connections: UNDER_WAY, total })),
  }
  try {
    const results: Record<string, ScenarioResult> = {}
    for (const [name, send] of Object.entries(doors)) {
      await untilStored(nats, WARM_UP_EVENTS, send)
      results[name] = await untilStored(nats, Math.round(EVENTS * scale), send)
    }
    return results
  } finally {
    await nats.connection.close()
  }
}

async function untilStored(
  nats: Nats,
  total: number,
  send: (total: number) => Promise<LoadResult>,
): Promise<ScenarioResult> {
  const lastSeq = async () => (await readStreamState(nats, STREAM_NAMES.events)).lastSeq
  const before = await lastSeq()
  const beganMs = performance.now()
  const { p50Ms, p99Ms } = await send(total)
  while ((await lastSeq()) < before + total) await delay(POLL_MS)
  return { rate_per_s: total / ((performance.now() - beganMs) / 1_000), p50_ms: p50Ms, p99_ms: p99Ms }
}
