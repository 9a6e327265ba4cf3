import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { verifyWebhookSignature } from 'hook0-client'
import pg from 'pg'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import type { Credentials } from '#scripts/start/credentials.ts'
import type { ReceivedRequest } from '#scripts/verify/verify-ledger.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import { type Api, createApi } from '../support/api.ts'
import { testLogger } from '../support/nats.ts'
import { PATIENT } from '../support/patient.ts'
import { type ReceivedRequest as RawRequest, type Reaction, type Receiver, startReceiver } from '../support/receiver.ts'
import { createPoster, type Poster } from './poster.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const CONNECTIONS = 16
const LOADER = fileURLToPath(new URL('failpoint-loader.ts', import.meta.url))
const FAILPOINT_LIMIT_MS = 60_000

/** A jethook process, a receiver and a poster; which servers stand behind them is for others to say. */
export interface JethookBench {
  home: string
  api: Api
  jethook: ChildProcess
  receiver: Receiver
  /** What was asked of the receiver, and what it answered. */
  received: ReceivedRequest[]
  /** By subscription. */
  secrets: Map<string, string>
  /** What receivers answer from now on; null: as ever. */
  react: ((request: RawRequest) => Reaction) | null
  restartJethook(options?: StartOptions): Promise<void>
  /** Starts jethook so that it ends itself when it passes a failpoint for the `times`-th time; resolves when it has. */
  dieAt(failpoint: string, times: number, provoke?: () => Promise<void>): Promise<void>
  /** One more jethook on the same servers, with a home and a port of its own; events are posted to both from now on. */
  startAnother(): Promise<void>
  /** The one that `startAnother` started. */
  another: ChildProcess | null
  /** `kill -9` of that one, and another start. */
  restartAnother(): Promise<void>
  /** So many webhooks may be repeated at the most: what was in jethook's hands whenever it died. */
  repeatedMax: number
  /** Adds to `repeatedMax` what is in jethook's hands now. */
  mayRepeatHeld(): Promise<void>
  /** A connection to Postgres of one's own. */
  withDatabase<T>(use: (client: pg.Client) => Promise<T>): Promise<T>
  poster: Poster
  newPoster(): Poster
  close(): Promise<void>
}

/** What one start of jethook has beyond the usual. */
export interface StartOptions {
  environment?: Record<string, string>
  execArgv?: readonly string[]
}

export interface JethookBenchOptions {
  home: string
  /** As jethook is told it. */
  natsUrl: string
  /** Without what a fault may do to the way there; absent: the same. */
  serverUrl?: string
  databaseUrl: string
  /** Settings beyond those of every bench. */
  environment?: Record<string, string>
}

/** Starts jethook on servers that are there. When that fails nothing is left running. */
export async function openJethookBench(options: JethookBenchOptions): Promise<JethookBench> {
  const { home, databaseUrl } = options
  const received: ReceivedRequest[] = []
  const port = await anyFreePort()
  const ports = [port]
  const otherHome = join(home, 'another')
  const start = (more: StartOptions = {}) => spawnJethook({ ...options, port }, more)
  let credentials: Credentials
  async function kill(jethook: ChildProcess): Promise<void> {
    if (!isRunning(jethook)) return
    await end(jethook)
    await bench.mayRepeatHeld()
  }
  const receiver = await startReceiver((request, count) => {
    const reaction = bench.react?.(request) ?? { status: count % 40 === 0 ? 503 : 200 }
    received.push({
      eventId: String(request.headers['x-event-id']),
      subscriptionId: request.path.slice(1),
      status: typeof reaction === 'string' ? 0 : reaction.status,
      sha256: createHash('sha256').update(request.body).digest('hex'),
      ...signatureSeen(request, bench.secrets.get(request.path.slice(1))),
    })
    return reaction
  })
  const bench: JethookBench = {
    home,
    api: null as unknown as Api,
    jethook: null as unknown as ChildProcess,
    receiver,
    received,
    secrets: new Map(),
    react: null,
    async restartJethook(more) {
      await kill(bench.jethook)
      bench.jethook = start(more)
      await ready(bench.jethook)
    },
    async dieAt(failpoint, times, provoke) {
      await kill(bench.jethook)
      bench.jethook = start({ environment: { FAILPOINT: `${failpoint}:${times}` }, execArgv: ['--import', LOADER] })
      const died = once(bench.jethook, 'exit', { signal: AbortSignal.timeout(FAILPOINT_LIMIT_MS) })
      // It may well be passed before everything is ready.
      const provoked = ready(bench.jethook).then(provoke, () => {})
      const [code, signal] = await died.catch(() => [`not within ${FAILPOINT_LIMIT_MS} ms`])
      if (signal !== 'SIGKILL') throw new Error(`jethook did not die at ${failpoint}: ${code}`)
      await provoked
      await bench.mayRepeatHeld()
    },
    async startAnother() {
      // Both have to open what the other has sealed.
      await cp(join(home, 'keys'), join(otherHome, 'keys'), { recursive: true })
      ports[1] = await anyFreePort()
      await bench.restartAnother()
    },
    another: null,
    async restartAnother() {
      if (bench.another) await kill(bench.another)
      bench.another = spawnJethook({ ...options, home: otherHome, port: ports[1]! })
      await ready(bench.another)
    },
    repeatedMax: 0,
    async mayRepeatHeld() {
      bench.repeatedMax += await countHeld(options.serverUrl ?? options.natsUrl)
    },
    async withDatabase(use) {
      const client = new pg.Client({ connectionString: databaseUrl })
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
    async close() {
      await bench.poster?.abandon()
      for (const jethook of [bench.jethook, bench.another]) if (jethook) await end(jethook)
      await receiver.close()
    },
  }
  try {
    bench.jethook = start()
    await ready(bench.jethook)
    credentials = JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')) as Credentials
    bench.poster = bench.newPoster()
    bench.api = apiOf(credentials)
    await bench.api.createEventType()
    for (let i = 0; i < 2; i++) await subscribe(bench)
  } catch (error) {
    await bench.close()
    throw error
  }
  return bench
}

/** Messages of all lanes that are in anybody's hands. */
async function countHeld(natsUrl: string): Promise<number> {
  const nats = await connectNats(natsUrl, 'test', testLogger)
  try {
    let held = 0
    for (const stream of [STREAM_NAMES.ledger, STREAM_NAMES.waiting])
      for await (const { name, num_ack_pending } of nats.jsm.consumers.list(stream))
        if (/^(lane|due)-/.test(name)) held += num_ack_pending
    return held
  } finally {
    await nats.connection.close()
  }
}

function apiOf({ api_url: apiUrl, application_id: applicationId, service_token: token }: Credentials): Api {
  return createApi({ apiUrl, applicationId, token })
}

/** A subscription to every event whose address names it, so that the receiver can tell it from others. @returns its id. */
export async function subscribe(
  { api, receiver, secrets }: Pick<JethookBench, 'api' | 'receiver' | 'secrets'>,
  more: Record<string, unknown> = {},
): Promise<string> {
  const { subscription_id, secret } = await api.subscribe(receiver.url, { labels: { nothing: 'yet' } })
  secrets.set(subscription_id, secret)
  const post = api.subscriptionPost(`${receiver.url}/${subscription_id}`, more)
  const { status } = await api.call('PUT', `/subscriptions/${subscription_id}`, post)
  if (status !== 200) throw new Error(`a subscription was answered with ${status}`)
  return subscription_id
}

/** What a receiver finds that checks the signature; nothing, when it doesn't know the secret. */
function signatureSeen(
  { headers, body, atMs }: RawRequest,
  secret: string | undefined,
): Pick<ReceivedRequest, 'signature'> {
  if (secret === undefined) return {}
  const text = String(headers['x-hook0-signature'])
  const signedAtMs = Number(/^t=(\d+)/.exec(text)?.[1]) * 1_000
  const given = new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)]))
  let isValid = false
  try {
    // Its age is for the verifier to judge.
    isValid = verifyWebhookSignature(text, body, given, secret, Number.MAX_SAFE_INTEGER) === true
  } catch {
    // It says what is wrong by throwing.
  }
  return { signature: { isValid, signedAtMs, arrivedAtMs: atMs } }
}

function spawnJethook(options: JethookBenchOptions & { port: number }, more: StartOptions = {}): ChildProcess {
  const { home, port, natsUrl, databaseUrl } = options
  return spawn(process.execPath, [...(more.execArgv ?? []), 'scripts/start/main.ts', '--json'], {
    cwd: PROJECT,
    env: {
      ...process.env,
      JETHOOK_HOME: home,
      PORT: String(port),
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
      RETRY_SCHEDULE: '200ms,500ms,1s',
      DELIVERY_TIMEOUT_MS: '5000',
      RECONCILE_INTERVAL_MS: '2000',
      RECONCILE_GRACE_MS: '3000',
      HEALTH_CHECK_KEY: '',
      ...PATIENT,
      LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'fatal',
      ...options.environment,
      ...more.environment,
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
  if (isRunning(jethook)) await once(jethook, 'exit')
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}
