import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { eventLoad, prepareApplication } from './jethook-load.ts'
import type { Bench } from './main.ts'
import { cpuSeconds, processTree, runLoad, startBenchReceiver } from './processes.ts'
import type { ScenarioResult } from './table.ts'

const EVENTS = 20_000
const WARM_UP_EVENTS = 1_000
const CONNECTIONS = 128
const EVENT_TYPE = 'bench.event.delivered'

/** POST /event → delivered → attempt row in Postgres, one subscription, 1 KiB; until the last row is there. */
export async function benchThroughput({
  servers,
  credentials,
  jethookPid,
  scale,
}: Bench): Promise<Record<string, ScenarioResult>> {
  const receiver = await startBenchReceiver()
  const client = new pg.Client({ connectionString: servers.databaseUrl })
  await client.connect()
  const rows = async (): Promise<number> => {
    const { rows } = await client.query(
      `SELECT count(*) AS count FROM attempts WHERE event_type = $1 AND outcome = 'success'`,
      [EVENT_TYPE],
    )
    return Number(rows[0].count)
  }
  const rowsReach = async (total: number) => {
    while ((await rows()) < total) await delay(50)
  }
  const postgresCpu = () => processTree(servers.postgres!.pid).reduce((sum, pid) => sum + cpuSeconds(pid), 0)
  const cpu = () => ({
    jethook: cpuSeconds(jethookPid),
    'nats-server': cpuSeconds(servers.nats!.pid),
    postgres: postgresCpu(),
    receiver: cpuSeconds(receiver.pid),
  })
  try {
    await prepareApplication(credentials, EVENT_TYPE, `${receiver.url}/`)
    await runLoad(eventLoad(credentials, EVENT_TYPE, { connections: CONNECTIONS, total: WARM_UP_EVENTS }))
    await rowsReach(WARM_UP_EVENTS)
    const total = Math.round(EVENTS * scale)
    const before = cpu()
    const beganMs = performance.now()
    const load = await runLoad(eventLoad(credentials, EVENT_TYPE, { connections: CONNECTIONS, total }))
    await receiver.reached(WARM_UP_EVENTS + total)
    await rowsReach(WARM_UP_EVENTS + total)
    const seconds = (performance.now() - beganMs) / 1_000
    const after = cpu()
    const perEvent = Object.fromEntries(
      Object.entries(after).map(([name, used]) => [name, ((used - before[name as keyof typeof before]) / total) * 1e6]),
    )
    return { throughput: { rate_per_s: total / seconds, cpu_us: perEvent, p50_ms: load.p50Ms, p99_ms: load.p99Ms } }
  } finally {
    receiver.stop()
    await client.end()
  }
}
