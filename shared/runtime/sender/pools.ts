import { createSecureContext, type SecureContext } from 'node:tls'
import { type Dispatcher, Pool } from 'undici'
import { type Connector, undiciConnector } from './connector.ts'
import { WatchedClient } from './watched-client.ts'

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

interface OpenPool {
  pool: Pool
  openedAtTick: number
  usedAtTick: number
}

const IDLE_MS = 30_000
/** An older connection gets no further request: the next one is vetted anew. */
const CONNECTION_AGE_MAX_MS = 60_000
const TLS_VERSION_MIN = 'TLSv1.2'
const RESPONSE_HEADERS_MAX_BYTES = 16 * 1024
const POOLS_MAX = 1_024
/** Ages are counted in ticks: a look at the clock for each request, or for each connection, would cost more than the rest. */
const TICK_MS = 5_000
const TICKS_OPEN_MAX = CONNECTION_AGE_MAX_MS / TICK_MS - 1
/** By then its connections are closed. */
const TICKS_IDLE_MAX = IDLE_MS / TICK_MS + 1

export function createPools(connector: Connector, limits: PoolLimits): Pools {
  const usual = createSecureContext({ minVersion: TLS_VERSION_MIN })
  const pools = new Map<string, OpenPool>()
  /** Let go of, but still busy with what they were given. */
  const closing = new Set<Pool>()
  let tick = 0
  const timer = setInterval(onTick, TICK_MS)
  timer.unref()

  function onTick(): void {
    tick++
    for (const [key, { usedAtTick }] of pools) if (tick - usedAtTick > TICKS_IDLE_MAX) letGo(key)
  }

  function letGo(key: string): void {
    const pool = pools.get(key)?.pool
    pools.delete(key)
    if (pool === undefined || pool.destroyed) return
    closing.add(pool)
    // It ends what it has in hand first.
    const gone = () => closing.delete(pool)
    pool.close().then(gone, gone)
  }

  function openPool(origin: string, tls: ClientTls | null): Pool {
    const connect = undiciConnector(connector, tls === null ? usual : secureContextOf(tls))
    return new Pool(origin, {
      connections: limits.connectionsPerOriginMax,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: CONNECTION_AGE_MAX_MS,
      headersTimeout: limits.timeoutMs,
      bodyTimeout: limits.timeoutMs,
      maxHeaderSize: RESPONSE_HEADERS_MAX_BYTES,
      factory: (url, options) => new WatchedClient(url, options, connect),
      allowH2: false,
    })
  }

  function leastUsed(): string {
    let [found, atTick] = ['', Number.POSITIVE_INFINITY]
    for (const [key, { usedAtTick }] of pools) if (usedAtTick < atTick) [found, atTick] = [key, usedAtTick]
    return found
  }

  return {
    of(origin, tls) {
      const key = tls === null ? origin : `${origin} ${tls.identity}`
      const known = pools.get(key)
      if (known !== undefined && tick - known.openedAtTick < TICKS_OPEN_MAX) {
        known.usedAtTick = tick
        return known.pool
      }
      if (known !== undefined) letGo(key)
      else if (pools.size >= POOLS_MAX) letGo(leastUsed())
      const pool = openPool(origin, tls)
      pools.set(key, { pool, openedAtTick: tick, usedAtTick: tick })
      return pool
    },
    async close() {
      clearInterval(timer)
      const all = [...[...pools.values()].map(({ pool }) => pool), ...closing]
      pools.clear()
      await Promise.all(all.map((pool) => pool.destroy()))
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
