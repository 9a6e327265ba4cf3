import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Credentials } from '#scripts/start/credentials.ts'
import { streamsOf } from '#scripts/verify/read-streams.ts'
import { type Violation, verifyLedger } from '#scripts/verify/verify-ledger.ts'
import type { JobAnswer } from '#shared/contract/job-schemas.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { testLogger } from '../support/nats.ts'
import { until } from '../support/until.ts'
import type { JethookBench } from './jethook-bench.ts'
import { startLiveTraffic } from './live-traffic.ts'
import { percentile } from './percentile.ts'
import { postNumbered, withBench } from './redrive-run.ts'

export interface ReplayRunResult {
  events: number
  ratePerSecond: number
  /** Arrivals of the first replay that were missing or came twice. */
  missing: number
  repeated: number
  seconds: number
  /** Milliseconds from the post of a live event to its arrival, without a replay and beside it. */
  quiet: LiveTimes
  busy: LiveTimes
  /** Milliseconds from the answer to the cancellation to the last arrival. */
  stoppedAfterMs: number
  arrivedAfterCancel: number
  violations: Violation[]
}

export interface LiveTimes {
  count: number
  p50Ms: number
  p99Ms: number
}

interface ReplayRunOptions {
  events: number
  ratePerSecond: number
  /** Live traffic runs with and without the replay, in turns of so long. */
  turnSeconds: number
  report: (line: string) => void
}

const LIVE_PER_SECOND = 50
const LIMIT_MS = 600_000

/** So many events are replayed into a new subscription while live traffic runs; a second replay is cancelled in the middle. */
export function replayRun(options: ReplayRunOptions): Promise<ReplayRunResult> {
  return withBench((bench, natsUrl) => replayBesideTraffic(bench, natsUrl, options))
}

async function replayBesideTraffic(
  bench: JethookBench,
  natsUrl: string,
  { events, ratePerSecond, turnSeconds, report }: ReplayRunOptions,
): Promise<ReplayRunResult> {
  const { api, receiver } = bench
  bench.react = () => ({ status: 200 })
  const { application_id } = api.eventPost()
  const labels = { run: 'replay' }
  await postNumbered(bench, events, labels)
  await until('nothing else is to be done', () => isReadModelCurrent(bench), LIMIT_MS)
  const live = await startLiveTraffic({ ...(await accessTo(bench)), perSecond: LIVE_PER_SECOND })
  await delay(WARM_UP_MS)
  const quietMs: number[] = []
  const busyMs: number[] = []

  const { subscription_id } = await api.subscribe(`${receiver.url}/replayed`, { labels })
  const post = <T>(path: string, body: object) => api.call<T>('POST', path, { application_id, ...body })
  const asked = { subscription_ids: [subscription_id], rate_per_second: ratePerSecond, confirm: true }
  const replay = async () => (await post<JobAnswer>('/replays', asked)).body.job_id
  const arrivals = () => receiver.requests.length

  /** What happens on a machine that others use as well happens alone and beside the replay: both have their turns. */
  async function measure(into: number[], limitSeconds: number, isOver = () => false) {
    await live.take()
    const beganMs = performance.now()
    const secondsSince = () => (performance.now() - beganMs) / 1_000
    while (!isOver() && secondsSince() < limitSeconds) await delay(20)
    const seconds = secondsSince()
    const taken = await live.take()
    into.push(...taken)
    return { seconds, p99Ms: percentile(taken, 0.99) }
  }

  await measure(quietMs, turnSeconds)
  const first = await replay()
  let seconds = 0
  const untilMs = performance.now() + limitOf(events, ratePerSecond, turnSeconds)
  while (arrivals() < events) {
    if (performance.now() > untilMs) throw new Error(`${arrivals()} of ${events} have arrived`)
    const beside = await measure(busyMs, turnSeconds, () => arrivals() >= events)
    seconds += beside.seconds
    if (arrivals() < events) await post(`/replays/${first}/pause`, {})
    await delay(SETTLED_MS)
    const alone = await measure(quietMs, turnSeconds)
    if (arrivals() < events) await post(`/replays/${first}/resume`, {})
    const p99s = `p99 of live events ${beside.p99Ms.toFixed(0)} ms beside it, then ${alone.p99Ms.toFixed(0)} ms alone`
    report(`${arrivals()} of ${events} replayed in ${seconds.toFixed(0)} s, ${p99s}`)
  }
  const [quiet, busy] = [timesOf(quietMs), timesOf(busyMs)]
  const once = receiver.requests.slice()
  const distinct = new Set(once.map(({ headers }) => headers['x-event-id'])).size

  const second = await replay()
  const some = Math.min(ratePerSecond, events / 4)
  await until('the second one is under way', async () => arrivals() > once.length + some, LIMIT_MS)
  await post(`/replays/${second}/cancel`, {})
  const cancelledMs = Date.now()
  const atCancel = arrivals()
  await until('it stands', async () => {
    const path = `/replays/${second}?application_id=${application_id}`
    const { progress } = (await api.call<JobAnswer>('GET', path)).body
    return progress.under_way === 0 && progress.done === progress.succeeded
  })
  await live.stop()
  const nats = await connectNats(natsUrl, 'verify', testLogger)
  const verified = await verifyLedger({ ...streamsOf(nats), isQuiet: false, retriesMax: 1, cancelGraceMs: 1_000 })
  await nats.connection.close()
  return {
    events,
    ratePerSecond,
    missing: events - distinct,
    repeated: once.length - distinct,
    seconds,
    quiet,
    busy,
    stoppedAfterMs: Math.max(0, receiver.requests.at(-1)!.atMs - cancelledMs),
    arrivedAfterCancel: arrivals() - atCancel,
    violations: verified.violations,
  }
}

/** A process that has just begun is slow. */
const WARM_UP_MS = 2_000
/** What was under way when the replay was paused has arrived after so long. */
const SETTLED_MS = 1_000

/** In ms: twice the time that it takes at its rate, turns without it included, and some more for a slow start. */
function limitOf(events: number, ratePerSecond: number, turnSeconds: number): number {
  const turns = Math.ceil(events / ratePerSecond / turnSeconds)
  return LIMIT_MS + 2 * turns * (2 * turnSeconds * 1_000 + SETTLED_MS)
}

async function isReadModelCurrent({ api }: JethookBench): Promise<boolean> {
  const { application_id } = api.eventPost()
  const { headers } = await api.call('GET', `/events?application_id=${application_id}&limit=1`)
  return headers.get('jethook-read-model') === 'current'
}

async function accessTo({ home }: JethookBench) {
  const text = await readFile(join(home, 'credentials.json'), 'utf8')
  const { api_url: apiUrl, application_id: applicationId, service_token: token } = JSON.parse(text) as Credentials
  return { apiUrl, applicationId, token }
}

function timesOf(ms: readonly number[]): LiveTimes {
  return { count: ms.length, p50Ms: percentile(ms, 0.5), p99Ms: percentile(ms, 0.99) }
}
