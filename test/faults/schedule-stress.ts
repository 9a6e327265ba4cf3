import { setTimeout as delay } from 'node:timers/promises'
import type { FaultBench } from './fault-bench.ts'
import { subscribe } from './jethook-bench.ts'

const RETRIES = 3_000
/** Long enough for all first attempts, also on a busy machine. */
const UNTIL_DUE_MS = 15_000
const LATE_MAX_MS = 15_000
/** A breaker would hold back what is to wait for its schedule. */
const WITHOUT_BREAKER = { environment: { BREAKER_FAILURES: '0' } }

interface Round {
  path: string
  subscriptionId: string
  dueAtMs: number
}

/** Three times 3,000 retries that are due in the same second: as ever, overdue at a start, and called off meanwhile. */
export async function stressSchedules(bench: FaultBench): Promise<void> {
  await bench.restartJethook(WITHOUT_BREAKER)
  const plain = await waitingRetries(bench, 'plain')
  await allRetried(bench, plain)

  const overdue = await waitingRetries(bench, 'overdue')
  bench.jethook.kill('SIGKILL')
  await delay(overdue.dueAtMs + 1_000 - Date.now())
  await bench.restartJethook(WITHOUT_BREAKER)
  await allRetried(bench, overdue)

  const cancelled = await waitingRetries(bench, 'cancelled')
  await bench.receiver.waitFor((requests) => requestsOf(requests, cancelled) > RETRIES + 100, LATE_MAX_MS)
  const { api, receiver } = bench
  const post = api.subscriptionPost(receiver.url, { is_enabled: false })
  const { status } = await api.call('PUT', `/subscriptions/${cancelled.subscriptionId}`, post)
  if (status !== 200) throw new Error(`disabling was answered with ${status}`)
  bench.react = null
}

/** @returns once all of a new subscription's first attempts have failed, and their retries wait for the same second. */
async function waitingRetries(bench: FaultBench, name: string): Promise<Round> {
  const labels = { stress: name }
  const subscriptionId = await subscribe(bench, { labels })
  const path = `/${subscriptionId}`
  const dueAtMs = Math.ceil((Date.now() + UNTIL_DUE_MS) / 1_000) * 1_000
  const busy = { status: 503, headers: { 'retry-after': new Date(dueAtMs).toUTCString() } }
  bench.react = (request) => (request.path === path && Date.now() < dueAtMs - 500 ? busy : { status: 200 })
  for (let i = 0; i < RETRIES; i += 500) await bench.poster.postBatch(500, { labels })
  const round = { path, subscriptionId, dueAtMs }
  await bench.receiver.waitFor((requests) => requestsOf(requests, round) >= RETRIES)
  if (Date.now() > dueAtMs - 500) throw new Error('the first attempts took too long for this test')
  return round
}

async function allRetried(bench: FaultBench, round: Round): Promise<void> {
  await bench.receiver.waitFor((requests) => requestsOf(requests, round) >= 2 * RETRIES, UNTIL_DUE_MS + LATE_MAX_MS)
}

function requestsOf(requests: readonly { path: string }[], round: Round): number {
  let count = 0
  for (const { path } of requests) if (path === round.path) count++
  return count
}
