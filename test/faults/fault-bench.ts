import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { NatsLimits } from '#scripts/embedded/nats-server.ts'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import { type EmbeddedServers, startEmbeddedServers } from '#scripts/embedded/servers.ts'
import type { Credentials } from '#scripts/start/credentials.ts'
import { compareReadModel } from '#scripts/verify/read-model.ts'
import { streamsOf } from '#scripts/verify/read-streams.ts'
import { type Invariant, type ReceivedRequest, type VerifyReport, verifyLedger } from '#scripts/verify/verify-ledger.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { type Api, createApi } from '../support/api.ts'
import { testLogger } from '../support/nats.ts'
import { type ReceivedRequest as RawRequest, type Reaction, type Receiver, startReceiver } from '../support/receiver.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { createPoster, type Poster } from './poster.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const CONNECTIONS = 16
const LOADER = fileURLToPath(new URL('failpoint-loader.ts', import.meta.url))
const FAILPOINT_LIMIT_MS = 60_000
const DRAIN_LIMIT_MS = 60_000
const RECOVERY_LIMIT_MS = 60_000

/** A jethook process with servers of its own, and what a fault may do to each of them. */
export interface FaultBench {
  home: string
  servers: EmbeddedServers
  api: Api
  receiver: Receiver
  /** All that jethook says to NATS, and hears from it, passes through here. */
  proxy: TcpProxy
  jethook: ChildProcess
  /** What receivers answer from now on; null: as ever. */
  react: ((request: RawRequest) => Reaction) | null
  /** `kill -9`, then perhaps something to the files, then a start on the same port. */
  restartNats(whileDown?: (streamsFolder: string) => Promise<void>, natsLimits?: NatsLimits): Promise<void>
  restartPostgres(): Promise<void>
  restartJethook(options?: StartOptions): Promise<void>
  /** Starts jethook so that it ends itself when it passes a failpoint for the `times`-th time; resolves when it has. */
  dieAt(failpoint: string, times: number, provoke?: () => Promise<void>): Promise<void>
  /** One more jethook on the same servers, with a home and a port of its own; events are posted to both from now on. */
  startAnother(): Promise<void>
  /** The one that `startAnother` started. */
  another: ChildProcess | null
  /** `kill -9` of that one, and another start. */
  restartAnother(): Promise<void>
  /** A fault may say how many successes it can repeat at the most; null: there is no saying. */
  repeatedMax: number | null
  /** A connection to Postgres of one's own. */
  withDatabase<T>(use: (client: pg.Client) => Promise<T>): Promise<T>
  poster: Poster
  newPoster(): Poster
}

/** What one start of jethook has beyond the usual. */
export interface StartOptions {
  environment?: Record<string, string>
  execArgv?: readonly string[]
}

export interface Fault {
  id: string
  name: string
  /** Promises that can't be judged under this fault. */
  unjudged?: readonly Invariant[]
  /** Ends when everything is as it should be again. */
  inject(bench: FaultBench): Promise<void>
}

export interface FaultRow {
  id: string
  name: string
  accepted: number
  report: VerifyReport
  differences: string[]
  /** From the end of the fault until an event that was posted after it has arrived. */
  recoveryMs: number
}

const loadMs = Number(process.env['FAULT_LOAD_MS'] ?? 1_500)

/** Posts events while a fault is injected, waits until all has ended, and checks every promise. */
export async function runFault({ id, name, unjudged = [], inject }: Fault): Promise<FaultRow> {
  const received: ReceivedRequest[] = []
  const { bench, close } = await openBench(received)
  try {
    bench.poster.start()
    await delay(loadMs)
    await inject(bench)
    const recoveryMs = await measureRecovery(bench)
    await delay(loadMs / 3)
    const accepted = await bench.poster.stop()
    await drained(bench, accepted.length)
    const nats = await connectNats(bench.servers.natsUrl, 'verify', testLogger)
    const report = await verifyLedger({
      ...streamsOf(nats),
      accepted,
      received,
      isQuiet: true,
      retriesMax: 24,
      cancelGraceMs: 15_000,
    })
    await nats.connection.close()
    report.violations = report.violations.filter(({ invariant }) => !unjudged.includes(invariant))
    const differences = await compareReadModel(bench.servers.databaseUrl, report)
    const { repeatedMax } = bench
    if (repeatedMax !== null && report.repeatedSuccesses > repeatedMax)
      differences.push(`${report.repeatedSuccesses} successes are repeated, though only ${repeatedMax} were held`)
    return { id, name, accepted: accepted.length, report, differences, recoveryMs }
  } finally {
    await close()
  }
}

export async function openBench(received: ReceivedRequest[]): Promise<{ bench: FaultBench; close(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'jethook-fault-'))
  const servers = await startEmbeddedServers({ home })
  const proxy = await startTcpProxy(servers.nats!.port)
  const port = await anyFreePort()
  const ports = [port]
  const spawnIt = (options: StartOptions = {}) =>
    spawnJethook({ home, port, servers: bench.servers, proxy, ...options })
  const otherHome = join(home, 'another')
  let credentials: Credentials
  const receiver = await startReceiver((request, count) => {
    const reaction = bench.react?.(request) ?? { status: count % 40 === 0 ? 503 : 200 }
    received.push({
      eventId: String(request.headers['x-event-id']),
      subscriptionId: request.path.slice(1),
      status: typeof reaction === 'string' ? 0 : reaction.status,
      sha256: createHash('sha256').update(request.body).digest('hex'),
    })
    return reaction
  })
  const bench: FaultBench = {
    home,
    servers,
    api: null as unknown as Api,
    receiver,
    proxy,
    jethook: null as unknown as ChildProcess,
    react: null,
    async restartNats(whileDown, natsLimits) {
      await bench.servers.nats!.kill()
      await whileDown?.(join(home, 'nats/data/jetstream/$G/streams'))
      const { databaseUrl } = bench.servers
      const fresh = await startEmbeddedServers({ home, databaseUrl, ...(natsLimits ? { natsLimits } : {}) })
      bench.servers = { ...bench.servers, nats: fresh.nats }
    },
    async restartPostgres() {
      await bench.servers.postgres!.kill()
      const fresh = await startEmbeddedServers({ home, natsUrl: bench.servers.natsUrl })
      bench.servers = { ...bench.servers, postgres: fresh.postgres }
    },
    async restartJethook(options) {
      await end(bench.jethook)
      bench.jethook = spawnIt(options)
      await ready(bench.jethook)
    },
    async dieAt(failpoint, times, provoke) {
      await end(bench.jethook)
      bench.jethook = spawnIt({ environment: { FAILPOINT: `${failpoint}:${times}` }, execArgv: ['--import', LOADER] })
      const died = once(bench.jethook, 'exit', { signal: AbortSignal.timeout(FAILPOINT_LIMIT_MS) })
      // It may well be passed before everything is ready.
      const provoked = ready(bench.jethook).then(provoke, () => {})
      const [code, signal] = await died.catch(() => [`not within ${FAILPOINT_LIMIT_MS} ms`])
      if (signal !== 'SIGKILL') throw new Error(`jethook did not die at ${failpoint}: ${code}`)
      await provoked
    },
    async startAnother() {
      // Both have to open what the other has sealed.
      await cp(join(home, 'keys'), join(otherHome, 'keys'), { recursive: true })
      ports[1] = await anyFreePort()
      await bench.restartAnother()
    },
    another: null,
    async restartAnother() {
      if (bench.another) await end(bench.another)
      bench.another = spawnJethook({ home: otherHome, port: ports[1]!, servers: bench.servers, proxy })
      await ready(bench.another)
    },
    repeatedMax: null,
    async withDatabase(use) {
      const client = new pg.Client({ connectionString: bench.servers.databaseUrl })
      client.on('error', () => {})
      await client.connect()
      try {
        return await use(client)
      } finally {
        await client.end().catch(() => {})
      }
    },
    poster: null as unknown as Poster,
    newPoster: () => createPoster({ ports, credentials, connections: CONNECTIONS }),
  }
  const close = async () => {
    await bench.poster?.stop()
    for (const jethook of [bench.jethook, bench.another]) if (jethook) await end(jethook)
    await receiver.close()
    await proxy.close()
    for (const server of [bench.servers.nats, bench.servers.postgres]) await server?.stop()
    // A child of a killed Postgres may still be ending.
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
  try {
    bench.jethook = spawnIt()
    await ready(bench.jethook)
    credentials = JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')) as Credentials
    bench.poster = bench.newPoster()
    bench.api = apiOf(credentials)
    await bench.api.createEventType()
    for (let i = 0; i < 2; i++) await subscribe(bench)
  } catch (error) {
    await close()
    throw error
  }
  return { bench, close }
}

function apiOf({ api_url: apiUrl, application_id: applicationId, service_token: token }: Credentials): Api {
  return createApi({ apiUrl, applicationId, token })
}

/** A subscription to every event whose address names it, so that the receiver can tell it from others. @returns its id. */
export async function subscribe({ api, receiver }: FaultBench, more: Record<string, unknown> = {}): Promise<string> {
  const { subscription_id } = await api.subscribe(receiver.url, { labels: { nothing: 'yet' } })
  const post = api.subscriptionPost(`${receiver.url}/${subscription_id}`, more)
  const { status } = await api.call('PUT', `/subscriptions/${subscription_id}`, post)
  if (status !== 200) throw new Error(`a subscription was answered with ${status}`)
  return subscription_id
}

interface JethookOptions extends StartOptions {
  home: string
  port: number
  servers: EmbeddedServers
  proxy: TcpProxy
}

function spawnJethook({ home, port, servers, proxy, environment, execArgv = [] }: JethookOptions): ChildProcess {
  const natsUrl = new URL(servers.natsUrl)
  natsUrl.port = String(proxy.port)
  return spawn(process.execPath, [...execArgv, 'scripts/start/main.ts', '--json'], {
    cwd: PROJECT,
    env: {
      ...process.env,
      JETHOOK_HOME: home,
      PORT: String(port),
      NATS_URL: natsUrl.href,
      DATABASE_URL: servers.databaseUrl,
      RETRY_SCHEDULE: '200ms,500ms,1s',
      DELIVERY_TIMEOUT_MS: '1000',
      RECONCILE_INTERVAL_MS: '2000',
      RECONCILE_GRACE_MS: '3000',
      HEALTH_CHECK_KEY: '',
      DISABLE_API_RATE_LIMITING: 'true',
      LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'fatal',
      ...environment,
    },
    stdio: ['ignore', 'pipe', process.env['TEST_LOG_LEVEL'] ? 'inherit' : 'ignore'],
  })
}

/** Resolves when it has said that it is ready. */
async function ready(jethook: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    jethook.stdout!.once('data', () => resolve())
    jethook.once('exit', (code) => reject(new Error(`jethook ended with code ${code} instead of getting ready`)))
  })
}

async function end(jethook: ChildProcess): Promise<void> {
  jethook.kill('SIGKILL')
  if (jethook.exitCode === null && jethook.signalCode === null) await once(jethook, 'exit')
}

async function measureRecovery({ poster, receiver }: FaultBench): Promise<number> {
  const startedMs = performance.now()
  const eventId = await poster.postOne()
  await receiver.waitFor(
    (requests) => requests.some(({ headers }) => headers['x-event-id'] === eventId),
    RECOVERY_LIMIT_MS,
  )
  return Math.round(performance.now() - startedMs)
}

/** Whether everything has ended, as far as the read model knows; what has not by then, the verifier names. */
async function drained(bench: FaultBench, accepted: number): Promise<void> {
  await bench.withDatabase((client) =>
    until(
      'every delivery has ended',
      async () => {
        const { rows } = await client.query<{ events: string; is_done: boolean }>(
          `SELECT (SELECT count(*) FROM events) AS events,
             (SELECT matched_event_seq FROM projection_checkpoints WHERE name = 'ledger') >= (SELECT max(seq) FROM events)
               AND NOT EXISTS (SELECT FROM deliveries WHERE status = 'pending')
               AND NOT EXISTS (SELECT FROM postponed_events WHERE status = 'waiting') AS is_done`,
        )
        return Number(rows[0]!.events) >= accepted && rows[0]!.is_done
      },
      DRAIN_LIMIT_MS,
    ).catch(() => {}),
  )
}
