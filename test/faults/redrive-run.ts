import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedServers } from '#scripts/embedded/servers.ts'
import { streamsOf } from '#scripts/verify/read-streams.ts'
import { type Violation, verifyLedger } from '#scripts/verify/verify-ledger.ts'
import type { DeadLetterGroup } from '#shared/contract/dead-letter-schemas.ts'
import type { JobAnswer } from '#shared/contract/job-schemas.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { testLogger } from '../support/nats.ts'
import type { ReceivedRequest } from '../support/receiver.ts'
import { until } from '../support/until.ts'
import { type JethookBench, openJethookBench } from './jethook-bench.ts'
import { percentile } from './percentile.ts'

const LIMIT_MS = 600_000
const POST_BATCH = 1_000
/** Not what these runs are about: breakers, disabling, and a machine that has too much to do. */
const QUICK_DEATH = {
  RETRY_SCHEDULE: '20ms',
  MAX_RETRIES: '1',
  BREAKER_FAILURES: '0',
  AUTO_DISABLE_AFTER_HOURS: '0',
  OVERLOAD_EVENT_LOOP_DELAY_MS: '0',
}

/** What the broken receiver does, by the event's number: each is a group of its own. */
const FAILURES = [404, 422, 302, 500, 503, 'reset'] as const

/** A jethook process on servers of its own, for runs about what people ask to be sent again. */
export async function withBench<T>(use: (bench: JethookBench, natsUrl: string) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'jethook-redrive-'))
  const servers = await startEmbeddedServers({ home, hasOpenUser: true })
  try {
    const { natsUrl, databaseUrl } = servers
    const bench = await openJethookBench({ home, natsUrl, databaseUrl, environment: QUICK_DEATH })
    try {
      return await use(bench, natsUrl)
    } finally {
      await bench.close()
    }
  } finally {
    await servers.stop()
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

/** Posts so many events, numbered from 0 in a label. */
export async function postNumbered(bench: JethookBench, count: number, labels: Record<string, string>): Promise<void> {
  for (let from = 0; from < count; from += POST_BATCH) {
    const events = Array.from({ length: Math.min(POST_BATCH, count - from) }, (_, i) => {
      const { application_id: _application, ...event } = bench.api.eventPost({
        labels,
        payload: JSON.stringify({ n: from + i }),
      })
      return event
    })
    const { application_id } = bench.api.eventPost()
    const { status } = await bench.api.call('POST', '/events/batch', { application_id, events })
    if (status !== 200) throw new Error(`a batch was answered with ${status}`)
  }
}

export interface RedriveRunResult {
  letters: number
  /** Groups of dead letters, and those whose count is not what the receiver did. */
  groups: number
  wrongGroups: number
  chosen: number
  /** Chosen ones that did not arrive after the receiver was mended. */
  missing: number
  /** Requests beyond the first for a chosen one: repeated because of the kill. */
  repeated: number
  /** Requests for dead letters that were not chosen. */
  notChosen: number
  wantedRate: number
  /** Arrivals a second, before the kill and after it. */
  rates: number[]
  job: JobAnswer
  violations: Violation[]
}

/**
 * So many deliveries die for six causes over three subscriptions. Then the receiver is mended, those of two subscriptions are
 * redriven by a filter, and jethook is killed in the middle of that.
 */
export function redriveRun(options: {
  letters: number
  ratePerSecond: number
  report: (line: string) => void
}): Promise<RedriveRunResult> {
  return withBench(async (bench, natsUrl) => {
    const { letters, ratePerSecond, report } = options
    const { api, receiver } = bench
    const { application_id } = api.eventPost()
    const events = Math.ceil(letters / 3)
    const labels = { run: 'redrive' }
    bench.react = ({ body }) => {
      const failure = FAILURES[(JSON.parse(body.toString()) as { n: number }).n % FAILURES.length]!
      return failure === 'reset' ? 'reset' : { status: failure }
    }
    const ids: string[] = []
    for (let i = 0; i < 3; i++) ids.push((await api.subscribe(`${receiver.url}/s${i}`, { labels })).subscription_id)
    await postNumbered(bench, events, labels)
    const groupsNow = async () =>
      (await api.call<DeadLetterGroup[]>('GET', `/dead_letters/groups?application_id=${application_id}&limit=100`)).body
    const groups = await until(
      'all are dead',
      async () => {
        const now = await groupsNow()
        return now.reduce((sum, { count }) => sum + count, 0) === 3 * events && now
      },
      LIMIT_MS,
    )
    report(`${3 * events} dead letters in ${groups.length} groups`)

    bench.react = () => ({ status: 200 })
    const before = receiver.requests.length
    const post = <T>(path: string, body: object) => api.call<T>('POST', path, { application_id, ...body })
    const { body: made } = await post<JobAnswer>('/redrives', {
      filter: { subscription_ids: ids.slice(0, 2) },
      rate_per_second: ratePerSecond,
    })
    const chosen = made.preview!.count
    await post(`/redrives/${made.job_id}/confirm`, {})
    const arrived = () => receiver.requests.length - before
    await until('a part has arrived', async () => arrived() > chosen * 0.4, LIMIT_MS)
    const atKill = receiver.requests.length
    await bench.restartJethook()
    report(`killed after ${atKill - before} of ${chosen}`)
    const job = await until(
      'the job is done and all of it has ended',
      async () => {
        const path = `/redrives/${made.job_id}?application_id=${application_id}`
        const answer = await api.call<JobAnswer>('GET', path).catch(() => null)
        return answer?.body.status === 'done' && answer.body.progress.succeeded === chosen && answer.body
      },
      LIMIT_MS,
    )
    const nats = await connectNats(natsUrl, 'verify', testLogger)
    const verified = await verifyLedger({ ...streamsOf(nats), isQuiet: true, retriesMax: 1, cancelGraceMs: 1_000 })
    await nats.connection.close()

    const sent = receiver.requests.slice(before)
    const ofChosen = sent.filter(({ path }) => path !== '/s2')
    const distinct = new Set(ofChosen.map(({ path, headers }) => `${path} ${headers['x-event-id']}`)).size
    return {
      letters: 3 * events,
      groups: groups.length,
      wrongGroups: groups.filter((group) => group.count !== wantedCount(group, events)).length,
      chosen,
      missing: chosen - distinct,
      repeated: ofChosen.length - distinct,
      notChosen: sent.length - ofChosen.length,
      wantedRate: ratePerSecond,
      rates: [rateOf(receiver.requests.slice(before, atKill)), rateOf(receiver.requests.slice(atKill))],
      job,
      violations: verified.violations,
    }
  })
}

/** How many events the receiver has failed in this way. */
function wantedCount({ status_code }: DeadLetterGroup, events: number): number {
  const place = FAILURES.findIndex((failure) => failure === (status_code ?? 'reset'))
  return Math.floor((events - place - 1) / FAILURES.length) + 1
}

/** Without the ends of a stretch, where it begins and breaks off. */
function rateOf(requests: readonly ReceivedRequest[]): number {
  const times = requests.map(({ atMs }) => atMs).toSorted((a, b) => a - b)
  const inner = times.slice(Math.floor(times.length * 0.1), Math.ceil(times.length * 0.9))
  return ((inner.length - 1) * 1_000) / Math.max(1, inner.at(-1)! - inner[0]!)
}

export interface ReplayRunResult {
  events: number
  ratePerSecond: number
  /** Arrivals of the first replay that were missing or came twice. */
  missing: number
  repeated: number
  seconds: number
  /** Milliseconds from the post of a live event to its arrival, without a replay and with one. */
  quietP99Ms: number
  busyP99Ms: number
  /** Milliseconds from the answer to the cancellation to the last arrival. */
  stoppedAfterMs: number
  arrivedAfterCancel: number
  violations: Violation[]
}

/** So many events are replayed into a new subscription while live traffic runs; a second replay is cancelled in the middle. */
export function replayRun(options: {
  events: number
  ratePerSecond: number
  quietSeconds: number
  report: (line: string) => void
}): Promise<ReplayRunResult> {
  return withBench(async (bench, natsUrl) => {
    const { events, ratePerSecond, quietSeconds, report } = options
    const { api, receiver } = bench
    bench.react = () => ({ status: 200 })
    const { application_id } = api.eventPost()
    const labels = { run: 'replay' }
    await postNumbered(bench, events, labels)
    const live = await startLive(bench)
    await until('live traffic has run alone', async () => live.count() > quietSeconds * LIVE_PER_SECOND, LIMIT_MS)
    const quietMs = live.take()

    const { subscription_id } = await api.subscribe(`${receiver.url}/replayed`, { labels })
    const post = <T>(path: string, body: object) => api.call<T>('POST', path, { application_id, ...body })
    const replay = async () =>
      (
        await post<JobAnswer>('/replays', {
          subscription_ids: [subscription_id],
          rate_per_second: ratePerSecond,
          confirm: true,
        })
      ).body.job_id
    const arrivals = () => receiver.requests.filter(({ path }) => path === '/replayed')
    const beganMs = performance.now()
    await replay()
    // Counted, not filtered: there may be very many of them.
    let arrived = 0
    let looked = 0
    await until(
      'all have arrived',
      async () => {
        for (; looked < receiver.requests.length; looked++)
          if (receiver.requests[looked]!.path === '/replayed') arrived++
        return arrived >= events
      },
      LIMIT_MS,
    )
    const seconds = (performance.now() - beganMs) / 1_000
    const busyMs = live.take()
    report(`${events} replayed in ${seconds.toFixed(1)} s`)
    const first = arrivals()
    const distinct = new Set(first.map(({ headers }) => headers['x-event-id'])).size

    const second = await replay()
    await until('the second one is under way', async () => arrivals().length > first.length + ratePerSecond, LIMIT_MS)
    await post(`/replays/${second}/cancel`, {})
    const cancelledMs = Date.now()
    const atCancel = arrivals().length
    const status = async () =>
      (await api.call<JobAnswer>('GET', `/replays/${second}?application_id=${application_id}`)).body
    await until('it stands', async () => {
      const { progress } = await status()
      return progress.under_way === 0 && progress.done === progress.succeeded
    })
    await live.stop()
    const all = arrivals()
    const nats = await connectNats(natsUrl, 'verify', testLogger)
    const verified = await verifyLedger({ ...streamsOf(nats), isQuiet: false, retriesMax: 1, cancelGraceMs: 1_000 })
    await nats.connection.close()
    return {
      events,
      ratePerSecond,
      missing: events - distinct,
      repeated: first.length - distinct,
      seconds,
      quietP99Ms: percentile(quietMs, 0.99),
      busyP99Ms: percentile(busyMs, 0.99),
      stoppedAfterMs: Math.max(0, all.at(-1)!.atMs - cancelledMs),
      arrivedAfterCancel: all.length - atCancel,
      violations: verified.violations,
    }
  })
}

const LIVE_PER_SECOND = 50

/** Posts at a steady rate, and measures how long each event takes to its receiver. */
async function startLive(bench: JethookBench) {
  const { api, receiver } = bench
  const labels = { run: 'live' }
  await api.subscribe(`${receiver.url}/live`, { labels })
  const postedMs = new Map<string, number>()
  let taken: number[] = []
  let looked = 0
  const collect = () => {
    for (; looked < receiver.requests.length; looked++) {
      const { path, headers, atMs } = receiver.requests[looked]!
      const postMs = path === '/live' ? postedMs.get(String(headers['x-event-id'])) : undefined
      if (postMs !== undefined) taken.push(atMs - postMs)
    }
  }
  const pending = new Set<Promise<unknown>>()
  let number = 0
  const timer = setInterval(() => {
    const event_id = crypto.randomUUID()
    postedMs.set(event_id, Date.now())
    number++
    const posting = api.send({ labels, event_id }).finally(() => pending.delete(posting))
    pending.add(posting)
  }, 1_000 / LIVE_PER_SECOND)
  return {
    count: () => number,
    /** What was measured since the last time. */
    take() {
      collect()
      const all = taken
      taken = []
      return all
    },
    async stop() {
      clearInterval(timer)
      await Promise.all(pending)
    },
  }
}
