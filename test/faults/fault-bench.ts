import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NatsLimits } from '#scripts/embedded/nats-server.ts'
import { type EmbeddedServers, startEmbeddedServers } from '#scripts/embedded/servers.ts'
import { NATS_ACCOUNTS } from '#shared/runtime/nats-roles.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { openJethookBench } from './jethook-bench.ts'
import type { RunnableBench } from './run-fault.ts'

/** A jethook process with servers of its own, and what a fault may do to each of them. */
export interface FaultBench extends RunnableBench {
  servers: EmbeddedServers
  /** All that jethook says to NATS, and hears from it, passes through here. */
  proxy: TcpProxy
  /** `kill -9`, then perhaps something to the files, then a start on the same port. */
  restartNats(whileDown?: (streamsFolder: string) => Promise<void>, natsLimits?: NatsLimits): Promise<void>
  restartPostgres(): Promise<void>
}

export async function openBench(): Promise<FaultBench> {
  const home = await mkdtemp(join(tmpdir(), 'jethook-fault-'))
  const servers = await startEmbeddedServers({ home, hasOpenUser: true })
  const proxy = await startTcpProxy(servers.nats!.port)
  const closeServers = async ({ nats, postgres }: EmbeddedServers) => {
    await proxy.close()
    for (const server of [nats, postgres]) await server?.stop()
    // A child of a killed Postgres may still be ending.
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
  const proxied = new URL(servers.natsUrl)
  proxied.port = String(proxy.port)
  const { natsUrl, databaseUrl } = servers
  const core = await openJethookBench({ home, natsUrl: proxied.href, serverUrl: natsUrl, databaseUrl }).catch(
    async (error: unknown) => {
      await closeServers(servers)
      throw error
    },
  )
  // The same object: what it says of itself while it is being used must be seen here as well.
  const bench: FaultBench = Object.assign(core, {
    natsUrl,
    databaseUrl,
    servers,
    proxy,
    async restartNats(whileDown?: (streamsFolder: string) => Promise<void>, natsLimits?: NatsLimits) {
      await bench.servers.nats!.kill()
      await whileDown?.(join(home, 'nats/data/jetstream', NATS_ACCOUNTS.own, 'streams'))
      const fresh = await startEmbeddedServers({
        home,
        databaseUrl,
        hasOpenUser: true,
        ...(natsLimits ? { natsLimits } : {}),
      })
      bench.servers = { ...bench.servers, nats: fresh.nats }
    },
    async restartPostgres() {
      await bench.servers.postgres!.kill()
      const fresh = await startEmbeddedServers({ home, natsUrl })
      bench.servers = { ...bench.servers, postgres: fresh.postgres }
    },
  })
  const closeCore = core.close
  bench.close = async () => {
    await closeCore()
    await closeServers(bench.servers)
  }
  return bench
}
