import type { Dispatcher } from 'undici'
import type { SendResult } from '../../domain/outcome.ts'
import type { TargetRules } from '../../domain/target-url.ts'
import type { Logger } from '../logger.ts'
import { createConnector } from './connector.ts'
import type { EgressProxy } from './egress-proxy.ts'
import { type ClientTls, createPools } from './pools.ts'
import { createTargetResolver, type ResolverOptions } from './resolver.ts'
import { createResponseReader } from './response-reader.ts'

export interface SenderConfig {
  connectTimeoutMs: number
  tlsTimeoutMs: number
  /** From the request to the head of the answer. */
  firstByteTimeoutMs: number
  /** For the whole attempt, connecting included. */
  totalTimeoutMs: number
  /** Bytes of a response body that are read. */
  bodyMaxBytes: number
  connectionsPerOriginMax: number
  rules: TargetRules
  dns: ResolverOptions
  proxy: EgressProxy | null
}

export interface OutgoingRequest {
  origin: string
  path: string
  method: string
  /** Names and values in turn. */
  headers: string[]
  body: Uint8Array
  /** Instead of the server's, for the whole attempt. */
  timeoutMs?: number
  /** The subscription's own certificates. */
  tls?: ClientTls
}

/** Makes HTTP requests to addresses that are allowed; what goes wrong is a value, never an exception. */
export interface Sender {
  send(request: OutgoingRequest): Promise<SendResult>
  /** Ends every connection; requests under way are cut. */
  close(): Promise<void>
}

/**
 * The one way by which requests go to customers' targets: guarded addresses (`createConnector`), bounded responses
 * (`createResponseReader`), connections that are kept alive. Redirects are not followed, cookies not kept, nothing is
 * decompressed, nothing is taken from the environment.
 */
export function createSender(config: SenderConfig, logger: Logger): Sender {
  const resolver = createTargetResolver(config.dns)
  const { rules, proxy, connectTimeoutMs, tlsTimeoutMs, totalTimeoutMs, connectionsPerOriginMax } = config
  const connector = createConnector({ rules, resolver, proxy, connectTimeoutMs, tlsTimeoutMs, logger })
  if (!rules.isAddressChecked) logger.warn('DISABLE_TARGET_IP_CHECK is set: requests may go to every address')
  const pools = createPools(connector, { connectionsPerOriginMax, timeoutMs: totalTimeoutMs })

  return {
    send: ({ origin, path, method, headers, body, timeoutMs, tls }) =>
      new Promise((resolve) => {
        const reader = createResponseReader(limitsOf(config, timeoutMs), resolve)
        // The reader's own time-out comes first; the pool's is for connections that nobody waits for.
        const poolTimeouts =
          timeoutMs !== undefined && timeoutMs > totalTimeoutMs
            ? { headersTimeout: timeoutMs, bodyTimeout: timeoutMs }
            : {}
        try {
          const request = { origin, path, method: method as Dispatcher.HttpMethod, headers, body, ...poolTimeouts }
          pools.of(origin, tls ?? null).dispatch(request, reader)
        } catch (error) {
          reader.fail(error)
        }
      }),
    close: pools.close,
  }
}

function limitsOf(config: SenderConfig, timeoutMs: number | undefined) {
  const { bodyMaxBytes, totalTimeoutMs, firstByteTimeoutMs } = config
  if (timeoutMs !== undefined) return { bodyMaxBytes, totalTimeoutMs: timeoutMs, firstByteTimeoutMs: timeoutMs }
  return { bodyMaxBytes, totalTimeoutMs, firstByteTimeoutMs }
}
