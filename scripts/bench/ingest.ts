import { eventLoad, prepareApplication } from './jethook-load.ts'
import type { Bench } from './main.ts'
import { runLoad } from './processes.ts'
import type { ScenarioResult } from './table.ts'

const EVENTS = 20_000
const EVENT_TYPE = 'bench.event.ingested'

/** Fsynced 201s; no subscription wants these events. */
export async function benchIngest({ credentials, scale }: Bench): Promise<Record<string, ScenarioResult>> {
  await prepareApplication(credentials, EVENT_TYPE, null)
  await runLoad(eventLoad(credentials, EVENT_TYPE, { connections: 64, total: 1_000 }))
  const results: Record<string, ScenarioResult> = {}
  for (const connections of [64, 256]) {
    const total = Math.round(EVENTS * scale)
    const { statuses, seconds, p50Ms, p99Ms } = await runLoad(
      eventLoad(credentials, EVENT_TYPE, { connections, total }),
    )
    if (statuses['201'] !== total) throw new Error(`not every event was accepted: ${JSON.stringify(statuses)}`)
    const result = { rate_per_s: total / seconds, p50_ms: p50Ms, p99_ms: p99Ms }
    results[`ingest-${connections}`] = result
    results['ingest'] ??= result
  }
  return results
}
