import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import type { Credentials } from '#scripts/start/credentials.ts'
import type { ReceivedRequest } from '#scripts/verify/verify-ledger.ts'
import { createApi } from '../support/api.ts'
import { type ReceivedRequest as RawRequest, type Reaction, type Receiver, startReceiver } from '../support/receiver.ts'
import { createPoster, type Poster } from './poster.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const CONNECTIONS = 16

/** A jethook process, a receiver and a poster; which servers stand behind them is for others to say. */
export interface JethookBench {
  home: string
  jethook: ChildProcess
  receiver: Receiver
  /** What was asked of the receiver, and what it answered. */
  received: ReceivedRequest[]
  /** What receivers answer from now on; null: as ever. */
  react: ((request: RawRequest) => Reaction) | null
  restartJethook(): Promise<void>
  /** A connection to Postgres of one's own. */
  withDatabase<T>(use: (client: pg.Client) => Promise<T>): Promise<T>
  poster: Poster
  newPoster(): Poster
  close(): Promise<void>
}

export interface JethookBenchOptions {
  home: string
  /** As jethook is told it. */
  natsUrl: string
  databaseUrl: string
  /** Settings beyond those of every bench. */
  environment?: Record<string, string>
}

/** Starts jethook on servers that are there. When that fails nothing is left running. */
export async function openJethookBench(options: JethookBenchOptions): Promise<JethookBench> {
  const { home, databaseUrl } = options
  const received: ReceivedRequest[] = []
  const port = await anyFreePort()
  const start = () => startJethook({ ...options, port })
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
  const bench: JethookBench = {
    home,
    jethook: null as unknown as ChildProcess,
    receiver,
    received,
    react: null,
    async restartJethook() {
      bench.jethook.kill('SIGKILL')
      if (bench.jethook.exitCode === null && bench.jethook.signalCode === null) await once(bench.jethook, 'exit')
      bench.jethook = await start()
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
    newPoster: () => createPoster({ port, credentials, connections: CONNECTIONS }),
    async close() {
      await bench.poster?.stop().catch(() => {})
      bench.jethook?.kill('SIGCONT')
      bench.jethook?.kill('SIGKILL')
      await receiver.close()
    },
  }
  try {
    bench.jethook = await start()
    credentials = JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')) as Credentials
    bench.poster = bench.newPoster()
    await subscribe(credentials, receiver.url)
  } catch (error) {
    await bench.close()
    throw error
  }
  return bench
}

/** Two subscriptions whose addresses name them, so that the receiver can tell them apart. */
async function subscribe(credentials: Credentials, receiverUrl: string): Promise<void> {
  const { api_url: apiUrl, application_id: applicationId, service_token: token } = credentials
  const api = createApi({ apiUrl, applicationId, token })
  await api.createEventType()
  for (let i = 0; i < 2; i++) {
    const { subscription_id } = await api.subscribe(receiverUrl, { labels: { nothing: 'yet' } })
    await api.call(
      'PUT',
      `/subscriptions/${subscription_id}`,
      api.subscriptionPost(`${receiverUrl}/${subscription_id}`),
    )
  }
}

async function startJethook(options: JethookBenchOptions & { port: number }): Promise<ChildProcess> {
  const { home, port, natsUrl, databaseUrl, environment } = options
  const child = spawn(process.execPath, ['scripts/start/main.ts', '--json'], {
    cwd: PROJECT,
    env: {
      ...process.env,
      JETHOOK_HOME: home,
      PORT: String(port),
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
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
  await new Promise<void>((resolve, reject) => {
    child.stdout!.once('data', () => resolve())
    child.once('exit', (code) => reject(new Error(`jethook ended with code ${code} instead of getting ready`)))
  })
  return child
}
