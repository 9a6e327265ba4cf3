import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedServers } from '#scripts/embedded/servers.ts'
import { streamsOf } from '#scripts/verify/read-streams.ts'
import { type Violation, verifyLedger } from '#scripts/verify/verify-ledger.ts'
import { DEAD_LETTER_CAUSES, type DeadLetterGroup } from '#shared/contract/dead-letter-schemas.ts'
import type { JobAnswer } from '#shared/contract/job-schemas.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { testLogger } from '../support/nats.ts'
import type { ReceivedRequest } from '../support/receiver.ts'
import { dieForSixCauses, failAsAsked, groupName, openGroups, startInsideDns } from '../support/six-causes.ts'
import { until } from '../support/until.ts'
import { type JethookBench, openJethookBench } from './jethook-bench.ts'

const LIMIT_MS = 600_000
const SUBSCRIPTIONS = 3
const POST_BATCH = 1_000
/** Not what these runs are about: breakers and disabling. */
const QUICK_DEATH = {
  RETRY_SCHEDULE: '20ms',
  MAX_RETRIES: '1',
  BREAKER_FAILURES: '0',
  AUTO_DISABLE_AFTER_HOURS: '0',
}

/** A jethook process on servers of its own, for runs about what people ask to be sent again. */
export async function withBench<T>(
  use: (bench: JethookBench, natsUrl: string) => Promise<T>,
  more: Record<string, string> = {},
): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'jethook-redrive-'))
  const servers = await startEmbeddedServers({ home, hasOpenUser: true })
  try {
    const { natsUrl, databaseUrl } = servers
    const bench = await openJethookBench({ home, natsUrl, databaseUrl, environment: { ...QUICK_DEATH, ...more } })
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
  /** Groups of dead letters, and those that should not be there or whose count is wrong. */
  groups: number
  wrongGroups: string[]
  /** Causes that something has died for. */
  causes: number
  chosen: number
  /** Chosen ones whose event is gone. */
  expired: number
  /** Chosen ones that could be sent and did not arrive after the receiver was mended. */
  missing: number
  /** Requests beyond the first for a chosen one, and what was under way at the kill. */
  repeated: number
  underWay: number
  /** Requests for dead letters that were not chosen. */
  notChosen: number
  wantedRate: number
  /** Arrivals a second, before the kill and after it. */
  rates: number[]
  job: JobAnswer
  violations: Violation[]
}

interface RedriveRunOptions {
  /** Rounded up to what can be spread evenly. */
  letters: number
  ratePerSecond: number
  report: (line: string) => void
}

/**
 * So many deliveries die for six causes over three subscriptions. Then the receiver is mended, those of two subscriptions are
 * redriven by a filter, and jethook is killed in the middle of that.
 */
export async function redriveRun(options: RedriveRunOptions): Promise<RedriveRunResult> {
  const dns = await startInsideDns()
  try {
    return await withBench((bench, natsUrl) => killInTheMiddle(bench, natsUrl, options), { DNS_SERVERS: dns.address })
  } finally {
    await dns.close()
  }
}

async function killInTheMiddle(
  bench: JethookBench,
  natsUrl: string,
  { letters, ratePerSecond, report }: RedriveRunOptions,
): Promise<RedriveRunResult> {
  const { api, receiver } = bench
  const { application_id } = api.eventPost()
  const each = 2 * Math.ceil(letters / (2 * SUBSCRIPTIONS * DEAD_LETTER_CAUSES.length))
  bench.react = failAsAsked
  const { subscriptionIds, wanted } = await dieForSixCauses({
    api: () => bench.api,
    natsUrl,
    receiverUrl: receiver.url,
    each,
    restart: () => bench.restartJethook(),
  })
  const groups = await openGroups(api)
  report(`${each * SUBSCRIPTIONS * DEAD_LETTER_CAUSES.length} dead letters in ${groups.length} groups`)

  bench.react = () => ({ status: 200 })
  const before = receiver.requests.length
  const post = <T>(path: string, body: object) => api.call<T>('POST', path, { application_id, ...body })
  const { body: made } = await post<JobAnswer>('/redrives', {
    filter: { subscription_ids: subscriptionIds.slice(0, 2) },
    rate_per_second: ratePerSecond,
  })
  const chosen = made.preview!.count
  const sendable = chosen - 2 * each
  await post(`/redrives/${made.job_id}/confirm`, {})
  const arrived = () => receiver.requests.length - before
  await until('a part has arrived', async () => arrived() > sendable * 0.4, LIMIT_MS)
  const atKill = receiver.requests.length
  const mayRepeat = bench.repeatedMax
  await bench.restartJethook()
  const underWay = bench.repeatedMax - mayRepeat
  report(`killed after ${atKill - before} of ${sendable}`)
  const job = await until(
    'the job is done and all of it has ended',
    async () => {
      const path = `/redrives/${made.job_id}?application_id=${application_id}`
      const answer = await api.call<JobAnswer>('GET', path).catch(() => null)
      return answer?.body.status === 'done' && answer.body.progress.succeeded === sendable && answer.body
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
    letters: groups.reduce((sum, { count }) => sum + count, 0),
    groups: groups.length,
    wrongGroups: wrongGroups(groups, wanted),
    causes: new Set(groups.map(({ cause }) => cause)).size,
    chosen,
    expired: job.progress.refused.find(({ reason }) => reason === 'event_expired')?.count ?? 0,
    missing: sendable - distinct,
    repeated: ofChosen.length - distinct,
    underWay,
    notChosen: sent.length - ofChosen.length,
    wantedRate: ratePerSecond,
    rates: [rateOf(receiver.requests.slice(before, atKill)), rateOf(receiver.requests.slice(atKill))],
    job,
    violations: verified.violations,
  }
}

/** What differs from what was made to die, in words. */
function wrongGroups(groups: readonly DeadLetterGroup[], wanted: ReadonlyMap<string, number>): string[] {
  const found = new Map(groups.map((group) => [groupName(group), group.count]))
  return [...new Set([...found.keys(), ...wanted.keys()])]
    .filter((name) => found.get(name) !== wanted.get(name))
    .map((name) => `${name}: ${found.get(name) ?? 0} instead of ${wanted.get(name) ?? 0}`)
}

/** Without the ends of a stretch, where it begins and breaks off. */
function rateOf(requests: readonly ReceivedRequest[]): number {
  const times = requests.map(({ atMs }) => atMs).toSorted((a, b) => a - b)
  const inner = times.slice(Math.floor(times.length * 0.1), Math.ceil(times.length * 0.9))
  return ((inner.length - 1) * 1_000) / Math.max(1, inner.at(-1)! - inner[0]!)
}
