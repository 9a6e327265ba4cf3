import { access, constants, mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type NatsLimits, type NatsListen, startNatsServer } from './nats-server.ts'
import { startPostgres } from './postgres.ts'
import type { ServerProcess } from './server-process.ts'

/** The embedded servers of one home directory; one that the environment gives is null. */
export interface EmbeddedServers {
  nats: ServerProcess | null
  postgres: ServerProcess | null
  natsUrl: string
  /** `natsUrl` without a user: to be used with a key. */
  natsAddress: string
  databaseUrl: string
  stop(): Promise<void>
}

export interface EmbeddedOptions {
  home: string
  /** Given: that server is used and none is started. */
  natsUrl?: string
  databaseUrl?: string
  natsLimits?: NatsLimits
  natsListen?: NatsListen
  /** For tests: `natsUrl` is then of a user that may do everything. */
  hasOpenUser?: boolean
  onProgress?: (step: string) => void
}

/** Starts what is not given, side by side. When one fails the other is stopped. */
export async function startEmbeddedServers({
  home,
  natsUrl,
  databaseUrl,
  natsLimits,
  natsListen,
  hasOpenUser = false,
  onProgress,
}: EmbeddedOptions): Promise<EmbeddedServers> {
  const cacheDir = await cacheFolder(home)
  const log = (name: string) => join(home, 'logs', `${name}.log`)
  const starting = await Promise.allSettled([
    natsUrl
      ? null
      : startNatsServer({
          dir: join(home, 'nats'),
          logFile: log('nats-server'),
          cacheDir,
          hasOpenUser,
          ...(natsLimits ? { limits: natsLimits } : {}),
          ...(natsListen ? { listen: natsListen } : {}),
          ...(onProgress ? { onProgress } : {}),
        }),
    databaseUrl ? null : startPostgres({ dir: join(home, 'postgres'), logFile: log('postgres') }),
  ])
  const started = starting.map((result) => (result.status === 'fulfilled' ? result.value : null))
  const stop = async () => {
    await Promise.all(started.map((server) => server?.stop()))
  }
  const failed = starting.find((result) => result.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  const [nats = null, postgres = null] = started
  const url = natsUrl || nats!.url
  return {
    nats,
    postgres,
    natsUrl: url,
    natsAddress: nats ? url.replace(/\/\/[^@]*@/, '//') : url,
    databaseUrl: databaseUrl || postgres!.url,
    stop,
  }
}

/** Where downloads are kept: shared by all homes of a user when that is possible. */
async function cacheFolder(home: string): Promise<string> {
  const wished =
    process.env['JETHOOK_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'jethook')
  try {
    await mkdir(wished, { recursive: true, mode: 0o700 })
    await access(wished, constants.W_OK)
    return wished
  } catch {
    return join(home, 'cache')
  }
}
