import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Credentials } from '#scripts/start/credentials.ts'
import type { Bench } from './main.ts'
import type { ScenarioResult } from './table.ts'

const HEALTHY = 99
/** Each goes to all healthy subscriptions. */
const EVENTS = 300
const WARM_UP_EVENTS = 30
/** For the times: so many events a second, for so long. */
const PACED_PER_SECOND = 5
const PACED_SECONDS = 10
const WAITING = 100_000
const BATCH = 1_000
const EVENT_TYPE = 'bench.event.isolated'
const LIMIT_MS = 10 * 60_000

interface IsolationReceiver {
  url: string
  count(): number
  /** Quantiles since the last report. */
  report(): Promise<{ p50Ms: number; p99Ms: number }>
  stop(): void
}

/**
 * 99 healthy subscriptions alone, and beside one that hangs with 100,000 deliveries waiting (a tenth with `--quick`): the rate
 * of a burst, and how long deliveries take at a steady pace.
 */
export async function benchIsolation({ credentials, scale }: Bench): Promise<Record<string, ScenarioResult>> {
  const receiver = await startReceiver()
  const hanging = await startReceiver()
  const call = createCall(credentials)
  const waiting = scale < 1 ? WAITING / 10 : WAITING
  const events = Math.round(EVENTS * scale)
  try {
    await call('/event_types', { service: 'bench', resource_type: 'event', verb: 'isolated' })
    for (let i = 0; i < HEALTHY; i++) await call('/subscriptions', subscription(`${receiver.url}/${i}`, 'healthy'))
    await deliver(WARM_UP_EVENTS)
    const alone = await measure()
    const { subscription_id: id } = await call('/subscriptions', subscription(`${hanging.url}/hang`, 'hanging'))
    for (let sent = 0; sent < waiting; sent += BATCH) await postBatch('hanging', BATCH)
    await untilWaiting(String(id), waiting)
    const beside = await measure()
    tell(alone, beside)
    return { 'isolation-alone': alone, 'isolation-beside': beside, isolation: beside }
  } finally {
    receiver.stop()
    hanging.stop()
  }

  async function measure(): Promise<ScenarioResult> {
    await receiver.report()
    const seconds = await deliver(events)
    await receiver.report()
    for (let i = 0; i < PACED_PER_SECOND * PACED_SECONDS; i++) {
      await postBatch('healthy', 1)
      await delay(1_000 / PACED_PER_SECOND)
    }
    await reached(PACED_PER_SECOND * PACED_SECONDS * HEALTHY)
    const { p50Ms, p99Ms } = await receiver.report()
    return { rate_per_s: (events * HEALTHY) / seconds, p50_ms: p50Ms, p99_ms: p99Ms }
  }

  /** @returns how long it took until everything had arrived, in seconds. */
  async function deliver(count: number): Promise<number> {
    await receiver.report()
    const beganMs = performance.now()
    for (let sent = 0; sent < count; sent += BATCH) await postBatch('healthy', Math.min(BATCH, count - sent))
    await reached(count * HEALTHY)
    return (performance.now() - beganMs) / 1_000
  }

  async function reached(count: number): Promise<void> {
    const untilMs = performance.now() + LIMIT_MS
    while (receiver.count() < count) {
      if (performance.now() > untilMs) throw new Error(`${receiver.count()} of ${count} requests have arrived`)
      await delay(10)
    }
  }

  async function postBatch(group: string, count: number): Promise<void> {
    const event = {
      event_type: EVENT_TYPE,
      payload: JSON.stringify({ filler: 'x'.repeat(1_011) }),
      payload_content_type: 'application/json',
      occurred_at: '2026-01-01T00:00:00Z',
      labels: { group },
    }
    await call('/events/batch', { events: Array(count).fill(event) })
  }

  /** All but what is in hand is parked. */
  async function untilWaiting(id: string, count: number): Promise<void> {
    const path = `/subscriptions/${id}/status?application_id=${credentials.application_id}`
    const untilMs = performance.now() + LIMIT_MS
    for (;;) {
      const { backlog, breaker } = (await call(path)) as {
        backlog: { parked: number; scheduled: number }
        breaker: { state: string }
      }
      if (backlog.parked + backlog.scheduled >= count * 0.99 && breaker.state === 'open') return
      if (performance.now() > untilMs) throw new Error(`${JSON.stringify(backlog)} of ${count} wait`)
      await delay(500)
    }
  }
}

const subscription = (url: string, group: string) => ({
  is_enabled: true,
  event_types: [EVENT_TYPE],
  labels: { group },
  target: { type: 'http', method: 'POST', url, headers: {} },
})

/** Calls the API for the application; waits where a rate limit says so. */
function createCall({ api_url, application_id, service_token }: Credentials) {
  return async function call(path: string, body?: Record<string, unknown>): Promise<Record<string, unknown>> {
    for (;;) {
      const response = await fetch(api_url + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${service_token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify({ application_id, ...body }) }),
      })
      const answer = (await response.json()) as Record<string, unknown>
      if (response.ok) return answer
      if (response.status !== 429)
        throw new Error(`${path} was answered with ${response.status}: ${JSON.stringify(answer)}`)
      await delay(Number(response.headers.get('retry-after') ?? 0) * 1_000 + 50)
    }
  }
}

function startReceiver(): Promise<IsolationReceiver> {
  return new Promise((resolve) => {
    const path = fileURLToPath(new URL('isolation-receiver.ts', import.meta.url))
    const child: ChildProcess = fork(path, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    let count = 0
    let tellReport: ((report: { p50Ms: number; p99Ms: number }) => void) | null = null
    child.on('message', (message: { port?: number; count?: number; p50Ms?: number; p99Ms?: number }) => {
      if (message.count !== undefined) count = message.count
      if (message.p50Ms !== undefined && message.p99Ms !== undefined) {
        count = 0
        tellReport?.({ p50Ms: message.p50Ms, p99Ms: message.p99Ms })
      }
      if (message.port === undefined) return
      resolve({
        url: `http://127.0.0.1:${message.port}`,
        count: () => count,
        report: () =>
          new Promise((told) => {
            tellReport = told
            child.send('report')
          }),
        stop: () => void child.kill(),
      })
    })
  })
}

function tell(alone: ScenarioResult, beside: ScenarioResult): void {
  const ratio = beside.rate_per_s / alone.rate_per_s
  const p99 = (beside.p99_ms ?? 0) / Math.max(1, alone.p99_ms ?? 1)
  process.stderr.write(`  isolation: ${ratio.toFixed(2)} of the rate alone, ${p99.toFixed(2)} × the p99 alone\n`)
}
