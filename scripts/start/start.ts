import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { composeJethook, type Jethook } from '#scripts/compose.ts'
import { natsListen } from '#scripts/embedded/nats-listen.ts'
import { type EmbeddedServers, startEmbeddedServers } from '#scripts/embedded/servers.ts'
import { refusalOfAddress } from '#shared/domain/target-url.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { type Health, unwell, WELL } from '#shared/runtime/health.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { targetRules } from '#shared/runtime/target-rules.ts'
import { type Credentials, writeCredentials } from './credentials.ts'
import { type EchoReceiver, startEchoReceiver } from './echo-receiver.ts'
import { prepareFirstSteps } from './first-steps.ts'
import { openHome } from './home.ts'
import type { Progress } from './progress.ts'
import { planWorkers } from './worker-plan.ts'
import { createWorkers, type Workers } from './workers.ts'

/** Errors whose message is all that a person needs: no stack is shown. */
export const EXPECTED_ERRORS = new Set([
  'HomeError',
  'SettingsError',
  'ServerStartError',
  'NatsUnusableError',
  'NatsKeyError',
  'PostgresUnusableError',
  'PortTakenError',
  'StreamSettingsError',
  'StreamReplacedError',
])

const SERVICES_STOP_LIMIT_MS = 3_500

const LOOPBACK = [127, 0, 0, 1]
const ANY_PORT = 65_535
/** First steps need no more than this machine: webhooks may go to it, unless the settings say otherwise. */
const FIRST_STEPS = { TARGET_ALLOWED_CIDRS: '127.0.0.0/8,::1/128' }

/** The embedded server has keys in the home, whatever is set for another one, and says truly where messages come from. */
const EMBEDDED_NATS = {
  NATS_USER: '',
  NATS_CREDS_FILE: '',
  NATS_NKEY_FILE: '',
  NATS_KEYS_DIR: '',
  NATS_REQUEST_INFO_TRUSTED: true,
}

export interface StartOptions {
  environment: Record<string, string | undefined>
  progress: Progress
  /** Also start the receiver that prints webhooks, and subscribe it. */
  withEcho: boolean
}

export interface StartedJethook {
  credentials: Credentials
  /** On the first start: opens the dashboard, signed in, once. */
  signInLink: string | null
  home: string
  seconds: string
  /** Webhooks may go to this machine itself. */
  loopbackIsAllowed: boolean
  stop(): Promise<void>
  /** Resolves when it can't go on, and says why. */
  failed: Promise<Error>
}

/**
 * Brings up the servers and every service on one state directory. When a step fails, what had started is stopped.
 * @throws {Error} whose name is in `EXPECTED_ERRORS` when a person can mend it.
 */
export async function startJethook({ environment, progress, withEcho }: StartOptions): Promise<StartedJethook> {
  const startedMs = performance.now()
  const settings = loadSettings({ ...FIRST_STEPS, ...environment })
  const rules = targetRules(settings)
  const plan = planWorkers(settings.WORKERS, availableParallelism())
  const home = await openHome(settings.JETHOOK_HOME)
  let servers: EmbeddedServers | null = null
  let jethook: Jethook | null = null
  let workers: Workers | null = null
  let echo: EchoReceiver | null = null
  const stop = async () => {
    echo?.close()
    // The servers are stopped in any case: a service that can't end in time finds everything as it was at the next start.
    await Promise.race([
      Promise.all([jethook?.stop(), workers?.stop()]),
      delay(SERVICES_STOP_LIMIT_MS, undefined, { ref: false }),
    ])
    await servers?.stop()
    await home.release()
  }
  try {
    await rm(join(home.path, 'credentials.json'), { force: true })
    progress.step('Starting Postgres and nats-server')
    servers = await startEmbeddedServers({
      home: home.path,
      natsUrl: settings.NATS_URL,
      databaseUrl: settings.DATABASE_URL,
      natsListen: natsListen(settings),
      onProgress: (step) => progress.step(step),
    })
    progress.step('Migrating and starting the services')
    const logger = createLogger(environment['LOG_LEVEL'] ?? 'warn')
    const urls = { NATS_URL: servers.natsAddress, DATABASE_URL: servers.databaseUrl, JETHOOK_HOME: home.path }
    const own = servers.nats === null ? {} : EMBEDDED_NATS
    const elsewhere = new Set(plan.workers.flat())
    jethook = await composeJethook({
      settings: { ...settings, ...urls, ...own },
      logger,
      isRunHere: (name) => !elsewhere.has(name),
    })
    await jethook.start()
    workers = createWorkers(plan.workers, {
      environment: { ...FIRST_STEPS, ...definedOf(environment), ...urls, ...textsOf(own) },
      monitoringPort: settings.MONITORING_PORT,
    })
    if (plan.workers.length > 0) showWorkers(jethook.health, workers)
    await workers.start()
    const seeded = await jethook.seed()
    const credentials: Credentials = {
      api_url: `${jethook.apiUrl()}/api/v1`,
      ...seeded,
      nats_url: servers.natsAddress,
      database_url: servers.databaseUrl,
    }
    const loopbackIsAllowed = refusalOfAddress(LOOPBACK, ANY_PORT, rules) === null
    if (withEcho && loopbackIsAllowed && rules.isHttpAllowed) {
      echo = await startEchoReceiver((line) => process.stdout.write(`  ${line}\n`))
      await prepareFirstSteps(credentials, echo.url)
    }
    const signInLink = await jethook.firstSignIn()
    await home.announce(jethook.apiUrl())
    await writeCredentials(home.path, credentials)
    const failed = Promise.race([jethook.failed, workers.failed])
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1)
    return { credentials, signInLink, failed, home: home.path, seconds, loopbackIsAllowed, stop }
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
}

function definedOf(environment: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

const textsOf = (settings: Record<string, string | boolean>): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]))

function showWorkers(health: Health, workers: Workers): void {
  health.register('processes', () => {
    const missing = workers.missing()
    return missing === null ? WELL : unwell(`the process of ${missing} has ended, and is started again`)
  })
}
