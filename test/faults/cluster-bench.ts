import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedServers, startEmbeddedServers } from '#scripts/embedded/servers.ts'
import { type NatsCluster, startNatsCluster } from './cluster.ts'
import { openJethookBench } from './jethook-bench.ts'
import type { RunnableBench } from './run-fault.ts'

/** A jethook process on a NATS cluster of three, every stream on each of them, and a Postgres. */
export interface ClusterBench extends RunnableBench {
  cluster: NatsCluster
}

/** Each lane is two replicated consumers: so many are enough for the load of a fault. */
const LANES = 4
/** Shorter than the faults last: posters shall be told that nothing can be taken. */
const APPEND_TIMEOUT_MS = 3_000

export async function openClusterBench(): Promise<ClusterBench> {
  const home = await mkdtemp(join(tmpdir(), 'jethook-cluster-'))
  let cluster: NatsCluster | null = null
  let servers: EmbeddedServers | null = null
  const closeServers = async () => {
    await cluster?.close()
    await servers?.stop()
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
  try {
    cluster = await startNatsCluster(home)
    const { natsUrl } = cluster
    servers = await startEmbeddedServers({ home, natsUrl })
    const { databaseUrl } = servers
    const environment = {
      STREAM_REPLICAS: '3',
      LANES: String(LANES),
      APPEND_TIMEOUT_MS: String(APPEND_TIMEOUT_MS),
    }
    const core = await openJethookBench({ home, natsUrl, databaseUrl, environment })
    const closeCore = core.close
    const close = async () => {
      await closeCore()
      await closeServers()
    }
    return Object.assign(core, { natsUrl, databaseUrl, cluster, close })
  } catch (error) {
    await closeServers()
    throw error
  }
}
