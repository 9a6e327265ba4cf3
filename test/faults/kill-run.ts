import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import { startEmbeddedServers } from '#scripts/embedded/servers.ts'
import type { Credentials } from '#scripts/start/credentials.ts'
import { compareReadModel } from '#scripts/verify/read-model.ts'
import { streamsOf } from '#scripts/verify/read-streams.ts'
import { type ReceivedRequest, type VerifyReport, verifyLedger } from '#scripts/verify/verify-ledger.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { createApi } from '../support/api.ts'
import { testLogger } from '../support/nats.ts'
import { PATIENT } from '../support/patient.ts'
import { startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'
import { createPoster, type Poster } from './poster.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const GIVE_UP_MS = 60_000
const DRAIN_LIMIT_MS = 120_000
/** Of a hundred requests one is refused at first, so that retries run through the kills as well. */
const FAIL_EVERY = 100

export interface KillRunOptions {
  events: number
  connections: number
  report: (line: string) => void
}

export interface KillRunResult {
  accepted: number
  /** Accepted events that the receiver never got and no dead letter tells of. */
  lost: string[]
  /** Accepted events whose deliveries the read model doesn't show as ended. */
  notInLog: string[]
  deadLetters: number
  /** Requests beyond the first success of an event: repeated because of a kill. */
  repeated: number
  requests: number
  seconds: number
  kills: string[]
  /** What the verifier says of the streams, and where the read model differs from them. */
  verified: VerifyReport
  differences: string[]
}

/**
 * Posts events while nats-server, Postgres and jethook itself are each killed once with `kill -9` and started again, and
 * compares what was answered 201 with what arrived and with what the attempt log says.
 */
export async function killRun({ events, connections, report }: KillRunOptions): Promise<KillRunResult> {
  const home = await mkdtemp(join(tmpdir(), 'jethook-kill-'))
  let servers = await startEmbeddedServers({ home, hasOpenUser: true })
  const successes = new Map<string, number>()
  const received: ReceivedRequest[] = []
  let subscriptionId = ''
  const receiver = await startReceiver(({ headers, body }, count) => {
    const eventId = String(headers['x-event-id'])
    const status = count % FAIL_EVERY === 0 ? 503 : 200
    const sha256 = createHash('sha256').update(body).digest('hex')
    received.push({ eventId, subscriptionId, status, sha256 })
    if (status === 200) successes.set(eventId, (successes.get(eventId) ?? 0) + 1)
    return { status }
  })
  const port = await anyFreePort()
  let jethook = await startProcess({ home, port, natsUrl: servers.natsUrl, databaseUrl: servers.databaseUrl })
  const startedMs = performance.now()
  const kills: string[] = []
  let poster: Poster | null = null
  try {
    const credentials = JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')) as Credentials
    const api = createApi({
      apiUrl: credentials.api_url,
      applicationId: credentials.application_id,
      token: credentials.service_token,
    })
    await api.createEventType()
    subscriptionId = (await api.subscribe(`${receiver.url}/hook`)).subscription_id

    const posting = createPoster({ ports: [port], credentials, connections, pauseMs: 0, eventsMax: events })
    poster = posting
    posting.start()
    const at = (share: number) =>
      until(`${share * 100} % of the events`, async () => posting.acceptedCount >= events * share, GIVE_UP_MS)
    const note = (what: string) => {
      kills.push(`${what} after ${posting.acceptedCount} accepted events`)
      report(kills.at(-1)!)
    }

    await at(0.2)
    note('kill -9 nats-server')
    await servers.nats!.kill()
    await delay(500)
    servers = await restartOne(home, servers, 'nats')

    await at(0.45)
    note('kill -9 Postgres')
    await servers.postgres!.kill()
    await delay(500)
    servers = await restartOne(home, servers, 'postgres')

    await at(0.7)
    note('kill -9 jethook')
    jethook.kill('SIGKILL')
    await new Promise((resolve) => jethook.once('exit', resolve))
    jethook = await startProcess({ home, port, natsUrl: servers.natsUrl, databaseUrl: servers.databaseUrl })

    const accepted = new Set(await posting.finish())
    report(
      `${accepted.size} events accepted after ${((performance.now() - startedMs) / 1_000).toFixed(1)} s; waiting until all have ended`,
    )
    const ends = await waitForEnds(servers.databaseUrl, accepted)
    const lost = [...accepted].filter((id) => !successes.has(id) && !ends.deadEventIds.has(id))
    let repeated = 0
    for (const count of successes.values()) repeated += count - 1
    const nats = await connectNats(servers.natsUrl, 'verify', testLogger)
    const verified = await verifyLedger({
      ...streamsOf(nats),
      accepted: [...accepted],
      received,
      isQuiet: true,
      retriesMax: 24,
      cancelGraceMs: 15_000,
    })
    await nats.connection.close()
    return {
      verified,
      differences: await compareReadModel(servers.databaseUrl, verified),
      accepted: accepted.size,
      lost,
      notInLog: [...accepted].filter((id) => !ends.endedEventIds.has(id)),
      deadLetters: ends.deadEventIds.size,
      repeated,
      requests: receiver.requests.length,
      seconds: (performance.now() - startedMs) / 1_000,
      kills,
    }
  } finally {
    await poster?.abandon()
    jethook.kill('SIGKILL')
    await receiver.close()
    await servers.stop()
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

type Servers = Awaited<ReturnType<typeof startEmbeddedServers>>

/** Starts the killed one again on the same port; the other one goes on. */
async function restartOne(home: string, running: Servers, which: 'nats' | 'postgres'): Promise<Servers> {
  const fresh = await startEmbeddedServers({
    home,
    hasOpenUser: true,
    ...(which === 'nats' ? { databaseUrl: running.databaseUrl } : { natsUrl: running.natsUrl }),
  })
  const nats = fresh.nats ?? running.nats
  const postgres = fresh.postgres ?? running.postgres
  const isMoved = fresh.natsUrl !== running.natsUrl || fresh.databaseUrl !== running.databaseUrl
  if (isMoved) throw new Error('a restarted server has another address')
  return { ...fresh, nats, postgres, stop: async () => void (await Promise.all([nats?.stop(), postgres?.stop()])) }
}

interface ProcessOptions {
  home: string
  port: number
  natsUrl: string
  databaseUrl: string
}

async function startProcess({ home, port, natsUrl, databaseUrl }: ProcessOptions): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['scripts/start/main.ts', '--json'], {
    cwd: PROJECT,
    env: {
      ...process.env,
      JETHOOK_HOME: home,
      PORT: String(port),
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
      RETRY_SCHEDULE: '200ms,500ms,1s',
      ...PATIENT,
      LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'fatal',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', (code) => reject(new Error(`jethook ended with code ${code} instead of getting ready`)))
  })
  return child
}

/** Waits until no delivery is open any more, and says which events' deliveries have ended, by the read model. */
async function waitForEnds(
  databaseUrl: string,
  accepted: Set<string>,
): Promise<{ endedEventIds: Set<string>; deadEventIds: Set<string> }> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await until(
      'every delivery has ended',
      async () => {
        const { rows } = await client.query<{ ended: string; open: string; events: string }>(
          `SELECT count(*) FILTER (WHERE status IN ('succeeded', 'dead-lettered')) AS ended,
             count(*) FILTER (WHERE status = 'pending') AS open, (SELECT count(*) FROM events) AS events FROM deliveries`,
        )
        const { ended, open, events } = rows[0]!
        return Number(open) === 0 && Number(ended) >= accepted.size && Number(events) >= accepted.size
      },
      DRAIN_LIMIT_MS,
    ).catch(() => {})
    // The attempt log itself must show how each delivery ended, not only its summary.
    const { rows } = await client.query<{ event_id: string; status: string }>(
      `SELECT d.event_id, d.status FROM deliveries d
       JOIN attempts a ON a.delivery_id = d.delivery_id AND a.outcome = CASE d.status WHEN 'succeeded' THEN 'success' ELSE a.outcome END
       WHERE d.status IN ('succeeded', 'dead-lettered') AND a.outcome IS NOT NULL`,
    )
    return {
      endedEventIds: new Set(rows.map((row) => row.event_id)),
      deadEventIds: new Set(rows.filter((row) => row.status === 'dead-lettered').map((row) => row.event_id)),
    }
  } finally {
    await client.end()
  }
}
