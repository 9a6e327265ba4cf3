import { setTimeout as delay } from 'node:timers/promises'
import { createCall, eventOf } from './jethook-load.ts'
import { startBenchReceiver } from './processes.ts'
import type { Results, ScenarioResult } from './results.ts'
import type { Bench } from './stage.ts'

const HEALTHY = 99
/** Each goes to all healthy subscriptions. */
const EVENTS = 300
const QUICK_EVENTS = 30
const WARM_UP_EVENTS = 15
/** For the times: so many events a second, for so long. */
const PACED_PER_SECOND = 5
const PACED_SECONDS = 10
const QUICK_PACED_SECONDS = 1
const WAITING = 100_000
const QUICK_WAITING = 500
const BATCH = 1_000
const EVENT_TYPE = 'bench.event.isolated'
const LIMIT_MS = 10 * 60_000
const LOOK_MS = 500

/**
 * 99 healthy subscriptions alone, and beside one that hangs with 100,000 deliveries waiting: the rate of a burst, and how long
 * deliveries take at a steady pace, from the acceptance of the event to the first byte.
 */
export async function benchIsolation(bench: Bench): Promise<Results> {
  const { credentials, options } = bench
  const receiver = await startBenchReceiver()
  const hanging = await startBenchReceiver()
  const call = createCall(credentials)
  const waiting = bench.size(WAITING, QUICK_WAITING)
  const events = options.isQuick ? QUICK_EVENTS : EVENTS
  const paced = PACED_PER_SECOND * (options.isQuick ? QUICK_PACED_SECONDS : PACED_SECONDS)
  try {
    await call('/event_types', { service: 'bench', resource_type: 'event', verb: 'isolated' })
    for (let i = 0; i < HEALTHY; i++) await call('/subscriptions', subscription(`${receiver.url}/${i}`, 'healthy'))
    await deliver(WARM_UP_EVENTS)
    const alone = await measure()
    const { subscription_id: id } = await call('/subscriptions', subscription(`${hanging.url}/hang`, 'hanging'))
    for (let sent = 0; sent < waiting; sent += BATCH) await postBatch('hanging', Math.min(BATCH, waiting - sent))
    await untilWaiting(String(id), waiting)
    const beside = await measure()
    await call(`/subscriptions/${String(id)}/deliveries/cancel`, {})
    return { 'isolation-alone': alone, 'isolation-beside': { ...beside, figures: { waiting_deliveries: waiting } } }
  } finally {
    receiver.stop()
    hanging.stop()
  }

  async function measure(): Promise<ScenarioResult> {
    const meter = bench.startCpuMeter({ receiver: receiver.pid })
    const seconds = await deliver(events)
    const cpu = meter.perEvent(events * HEALTHY)
    await receiver.report()
    const before = receiver.count()
    const beganMs = performance.now()
    for (let i = 0; i < paced; i++) {
      await postBatch('healthy', 1)
      await delay(Math.max(0, beganMs + ((i + 1) * 1_000) / PACED_PER_SECOND - performance.now()))
    }
    await receiver.reached(before + paced * HEALTHY)
    const { p50Ms, p99Ms, p999Ms } = (await receiver.report()).sinceAccepted
    return { rate_per_s: (events * HEALTHY) / seconds, cpu_us: cpu, p50_ms: p50Ms, p99_ms: p99Ms, p999_ms: p999Ms }
  }

  /** @returns how long it took until everything had arrived, in seconds. */
  async function deliver(count: number): Promise<number> {
    const before = receiver.count()
    const beganMs = performance.now()
    for (let sent = 0; sent < count; sent += BATCH) await postBatch('healthy', Math.min(BATCH, count - sent))
    await receiver.reached(before + count * HEALTHY)
    return (performance.now() - beganMs) / 1_000
  }

  async function postBatch(group: string, count: number): Promise<void> {
    await call('/events/batch', { events: Array(count).fill(eventOf(EVENT_TYPE, { group })) })
  }

  /** All but what is in hand is parked. */
  async function untilWaiting(id: string, count: number): Promise<void> {
    const path = `/subscriptions/${id}/status?application_id=${credentials.application_id}`
    const untilMs = performance.now() + LIMIT_MS
    for (;;) {
      const { backlog, breaker } = await call<{
        backlog: { parked: number; scheduled: number }
        breaker: { state: string }
      }>(path)
      if (backlog.parked + backlog.scheduled >= count * 0.98 && breaker.state !== 'closed') return
      if (performance.now() > untilMs) throw new Error(`${JSON.stringify(backlog)} of ${count} wait`)
      await delay(LOOK_MS)
    }
  }
}

const subscription = (url: string, group: string) => ({
  is_enabled: true,
  event_types: [EVENT_TYPE],
  labels: { group },
  target: { type: 'http', method: 'POST', url, headers: {} },
})
