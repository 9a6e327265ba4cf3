import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { composeJethook, type Jethook } from '#scripts/compose.ts'
import type { NatsLimits } from '#scripts/embedded/nats-server.ts'
import { type EmbeddedServers, startEmbeddedServers } from '#scripts/embedded/servers.ts'
import type { SeededCredentials } from '#scripts/seed.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { type Api, createApi } from './api.ts'
import { PATIENT } from './patient.ts'

/** A whole jethook on servers of its own, in this process. */
export interface Stack {
  home: string
  servers: EmbeddedServers
  credentials: SeededCredentials
  api: Api
  apiUrl(): string
  /** Makes the operator. @returns a link that signs them in to the dashboard, once. */
  firstSignIn(): Promise<string | null>
  jethook(): Jethook
  /** Stops the services and starts them anew on the same servers. */
  restart(whileDown?: () => Promise<void>): Promise<void>
  /** @param whileStopped Ends what else runs in its home, before that is removed. */
  close(whileStopped?: () => Promise<unknown>): Promise<void>
}

/** Retries come within milliseconds, so that tests see several. */
const FAST_RETRIES = { RETRY_SCHEDULE: '100ms,200ms', MAX_RETRIES: '2', RETRY_JITTER_RATIO: '0' }

/** Receivers of tests are on loopback. */
export const LOOPBACK_ALLOWED = { TARGET_ALLOWED_CIDRS: '127.0.0.0/8,::1/128' }

/** Names are asked of nobody: no test depends on the machine's resolver. */
const NO_DNS = { DNS_SERVERS: '127.0.0.1:9' }

/** @param environment Settings beyond those of a test: free port, fast retries, silent log. */
export async function startStack(
  environment: Record<string, string> = {},
  natsLimits: NatsLimits = {},
): Promise<Stack> {
  const home = await mkdtemp(join(tmpdir(), 'jethook-test-'))
  const servers = await startEmbeddedServers({ home, natsLimits, hasOpenUser: true })
  const settings = {
    ...loadSettings({
      PORT: '0',
      LOG_LEVEL: 'silent',
      ...PATIENT,
      ...FAST_RETRIES,
      ...LOOPBACK_ALLOWED,
      ...NO_DNS,
      ...environment,
    }),
    // By the keys of the home, so that whatever a service may not do is noticed.
    NATS_URL: servers.natsAddress,
    DATABASE_URL: servers.databaseUrl,
    JETHOOK_HOME: home,
  }
  const compose = async (): Promise<Jethook> => {
    const jethook = await composeJethook({
      settings,
      logger: createLogger(process.env['TEST_LOG_LEVEL'] ?? settings.LOG_LEVEL),
    })
    await jethook.start()
    return jethook
  }
  let jethook = await compose()
  const credentials = await jethook.seed()
  const apiOf = () =>
    createApi({
      apiUrl: `${jethook.apiUrl()}/api/v1`,
      applicationId: credentials.application_id,
      token: credentials.service_token,
    })
  const stack: Stack = {
    home,
    servers,
    credentials,
    api: apiOf(),
    apiUrl: () => jethook.apiUrl(),
    firstSignIn: () => jethook.firstSignIn(),
    jethook: () => jethook,
    async restart(whileDown) {
      await jethook.stop()
      await whileDown?.()
      jethook = await compose()
      stack.api = apiOf()
    },
    async close(whileStopped) {
      await jethook.stop()
      await servers.stop()
      await whileStopped?.()
      await rm(home, { recursive: true, force: true })
    },
  }
  return stack
}
