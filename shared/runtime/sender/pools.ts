import { createSecureContext, type SecureContext } from 'node:tls'
import { LRUCache } from 'lru-cache'
import { type Dispatcher, Pool } from 'undici'
import { type Connector, undiciConnector } from './connector.ts'

/** Certificates of one subscription: they go into no connection but its own. */
export interface ClientTls {
  /** The same for the same subscription and certificates, and for no other. */
  identity: string
  /** PEM. The only authority that is trusted; null: the usual ones. */
  ca: string | null
  certificate: string | null
  key: string | null
}

/** Keep-alive connections: one pool for each origin, and for each subscription that has certificates of its own. */
export interface Pools {
  of(origin: string, tls: ClientTls | null): Dispatcher
  /** Ends every connection; requests under way are cut. */
  close(): Promise<void>
}

export interface PoolLimits {
  connectionsPerOriginMax: number
  /** Pools wait no longer than this themselves: a request's own time-outs come first. */
  timeoutMs: number
}

const IDLE_MS = 30_000
/** An older connection gets no further request: the next one is vetted anew. */
const CONNECTION_AGE_MAX_MS = 60_000
const TLS_VERSION_MIN = 'TLSv1.2'
const RESPONSE_HEADERS_MAX_BYTES = 16 * 1024
const POOLS_MAX = 1_024
/** Pools without a request for so long are let go; their connections are closed by then. */
const POOL_IDLE_MS = 2 * CONNECTION_AGE_MAX_MS
const SWEEP_INTERVAL_MS = 15_000

export function createPools(connector: Connector, limits: PoolLimits): Pools {
  const usual = createSecureContext({ minVersion: TLS_VERSION_MIN })
  /** Let go of, but still busy with what they were given. */
  const closing = new Set<Pool>()
  const pools = new LRUCache<string, Pool>({
    max: POOLS_MAX,
    ttl: POOL_IDLE_MS,
    updateAgeOnGet: true,
    dispose: (pool) => void letGo(pool),
  })
  const sweep = setInterval(() => pools.purgeStale(), SWEEP_INTERVAL_MS)
  sweep.unref()

  async function letGo(pool: Pool): Promise<void> {
    if (pool.closed || pool.destroyed) return
    closing.add(pool)
    await pool.close().catch(() => {})
    closing.delete(pool)
  }

  function openPool(origin: string, tls: ClientTls | null): Pool {
    return new Pool(origin, {
      connections: limits.connectionsPerOriginMax,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: CONNECTION_AGE_MAX_MS,
      clientTtl: CONNECTION_AGE_MAX_MS,
      headersTimeout: limits.timeoutMs,
      bodyTimeout: limits.timeoutMs,
      maxHeaderSize: RESPONSE_HEADERS_MAX_BYTES,
      connect: undiciConnector(connector, tls === null ? usual : secureContextOf(tls)),
      allowH2: false,
    })
  }

  return {
    of(origin, tls) {
      const key = tls === null ? origin : `${origin} ${tls.identity}`
      let pool = pools.get(key)
      if (pool === undefined) {
        pool = openPool(origin, tls)
        pools.set(key, pool)
      }
      return pool
    },
    async close() {
      clearInterval(sweep)
      const all = [...pools.values(), ...closing]
      await Promise.all(all.map((pool) => pool.destroy()))
      pools.clear()
    },
  }
}

function secureContextOf({ ca, certificate, key }: ClientTls): SecureContext {
  return createSecureContext({
    minVersion: TLS_VERSION_MIN,
    ...(ca === null ? {} : { ca }),
    ...(certificate === null || key === null ? {} : { cert: certificate, key }),
  })
}
