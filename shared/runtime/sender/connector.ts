import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type SecureContext } from 'node:tls'
import type { buildConnector } from 'undici'
import { type Address, parseAddress } from '../../domain/address-classes.ts'
import {
  endpointOf,
  FORBIDDEN_ADDRESS,
  refusalOfAddress,
  refusalOfEndpoint,
  type TargetEndpoint,
  type TargetRules,
} from '../../domain/target-url.ts'
import type { Logger } from '../logger.ts'
import { type EgressProxy, openTunnel } from './egress-proxy.ts'
import type { ResolvedAddress, TargetResolver } from './resolver.ts'
import { TargetError } from './target-error.ts'

export interface ConnectorOptions {
  rules: TargetRules
  resolver: TargetResolver
  /** Null: targets are connected to directly. */
  proxy: EgressProxy | null
  connectTimeoutMs: number
  tlsTimeoutMs: number
  logger: Logger
}

/** Opens a connection to wherever the guard lets it: see `createConnector`. */
export type Connector = (endpoint: TargetEndpoint, secureContext: SecureContext) => Promise<Socket>

/** Addresses of one name that are tried at the most; they share the time to connect. */
const ADDRESSES_TRIED_MAX = 4
const KEEP_ALIVE_PROBE_MS = 60_000
const UNREACHABLE = 'Connecting to the target took too long'
const FAILED = 'The connection to the target failed'

/**
 * The address guard. For every new connection the name is resolved by our own resolver and all its addresses are judged, one
 * that is forbidden refuses them all; the connection goes to an address that was judged, with the name for TLS, and where it
 * really went is looked at once more. Literal addresses take the same way.
 */
export function createConnector(options: ConnectorOptions): Connector {
  const { rules, resolver, proxy, connectTimeoutMs, tlsTimeoutMs, logger } = options

  async function connect(endpoint: TargetEndpoint, secureContext: SecureContext): Promise<Socket> {
    const wrong = refusalOfEndpoint(endpoint, rules)
    if (wrong !== null) throw new TargetError('invalid-target', `The target's URL is not allowed. ${wrong}`)
    const socket = proxy === null ? await connectDirectly(endpoint) : await connectThroughProxy(endpoint, proxy)
    return endpoint.isTls ? secure(socket, endpoint, { secureContext, timeoutMs: tlsTimeoutMs }) : socket
  }

  async function connectDirectly(endpoint: TargetEndpoint): Promise<Socket> {
    const addresses = await vettedAddresses(endpoint)
    const endMs = performance.now() + connectTimeoutMs
    const tried = addresses.slice(0, ADDRESSES_TRIED_MAX)
    for (let i = 0; ; i++) {
      const timeoutMs = Math.max(1, (endMs - performance.now()) / (tried.length - i))
      try {
        const socket = await open(tried[i]!.text, endpoint.port, timeoutMs)
        refuseElsewhere(socket, tried[i]!.address, endpoint)
        return socket
      } catch (error) {
        if (error instanceof TargetError || i + 1 >= tried.length) throw error
      }
    }
  }

  async function vettedAddresses(endpoint: TargetEndpoint): Promise<readonly ResolvedAddress[]> {
    if (endpoint.address !== null) {
      refuseForbidden(endpoint.address, endpoint)
      return [{ address: endpoint.address, text: endpoint.host }]
    }
    const resolution = await resolver.resolve(endpoint.host)
    switch (resolution.type) {
      case 'timed-out':
        throw new TargetError('dns-failed', "Timed out resolving target's IP using DNS")
      case 'failed':
        throw new TargetError('dns-failed', "The target's IP could not be resolved using DNS")
      case 'no-address':
        throw new TargetError('invalid-target', 'URL did not resolve to any IP address')
      case 'resolved':
        for (const { address } of resolution.addresses) refuseForbidden(address, endpoint)
        return resolution.addresses
    }
  }

  /** @throws {TargetError} with the same text whatever the reason: that is for our own log. */
  function refuseForbidden(address: Address, { host, port }: TargetEndpoint): void {
    const reason = refusalOfAddress(address, port, rules)
    if (reason === null) return
    logger.info({ host, port, address: address.join('.'), reason }, 'target refused by the address guard')
    throw new TargetError('invalid-target', FORBIDDEN_ADDRESS)
  }

  /** Belt and braces: the peer must be the very address that was judged. */
  function refuseElsewhere(socket: Socket, vetted: Address, { host, port }: TargetEndpoint): void {
    const { remoteAddress } = socket
    // It has ended already.
    if (remoteAddress === undefined) throw new TargetError('connection-failed', FAILED)
    if (parseAddress(remoteAddress)?.join() === vetted.join()) return
    socket.destroy()
    logger.warn({ host, port }, 'a connection went to another address than the one that was judged')
    throw new TargetError('invalid-target', FORBIDDEN_ADDRESS)
  }

  /** The proxy resolves and guards names; what stands in the URL itself is judged here. */
  async function connectThroughProxy(endpoint: TargetEndpoint, through: EgressProxy): Promise<Socket> {
    if (endpoint.address !== null) refuseForbidden(endpoint.address, endpoint)
    const socket = await open(through.host, through.port, connectTimeoutMs)
    const toProxy = through.isTls
      ? await secure(
          socket,
          { host: through.host, address: parseAddress(through.host) },
          { secureContext: null, timeoutMs: tlsTimeoutMs },
        )
      : socket
    return openTunnel(toProxy, through, { host: endpoint.host, port: endpoint.port, timeoutMs: connectTimeoutMs })
  }

  return connect
}

/** @param context Whom to trust and what to show: the subscription's own certificates, or the usual roots. */
export function undiciConnector(connector: Connector, context: SecureContext): buildConnector.connector {
  return (target, callback) => {
    const { protocol, hostname, port } = target
    connector(endpointOf({ protocol, hostname, port }), context).then(
      (socket) => callback(null, socket),
      (error: Error) => callback(error, null),
    )
  }
}

function open(host: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
    })
    settleOnce(socket, 'connect', { timeoutMs, message: UNREACHABLE }, resolve, reject)
  })
}

/** TLS with the name's certificate verified: there is no way to switch that off. Sessions are not resumed, so each connection is verified anew. */
function secure(
  socket: Socket,
  { host, address }: Pick<TargetEndpoint, 'host' | 'address'>,
  { secureContext, timeoutMs }: { secureContext: SecureContext | null; timeoutMs: number },
): Promise<Socket> {
  // What goes wrong below TLS is told by TLS.
  socket.on('error', () => {})
  return new Promise((resolve, reject) => {
    const secured = connectTls({
      socket,
      // No name is sent for an address (RFC 6066); the certificate has to be for the address then.
      ...(address === null ? { servername: host } : { host, servername: '' }),
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
      ...(secureContext === null ? {} : { secureContext }),
    })
    settleOnce(secured, 'secureConnect', { timeoutMs, message: 'TLS with the target took too long' }, resolve, reject)
  })
}

function settleOnce(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  limit: { timeoutMs: number; message: string },
  resolve: (socket: Socket) => void,
  reject: (error: Error) => void,
): void {
  const timer = setTimeout(() => fail(new TargetError('connection-failed', limit.message)), limit.timeoutMs)
  const fail = (error: Error) => {
    clearTimeout(timer)
    // Whatever else it has to say is of no interest.
    socket.on('error', () => {}).destroy()
    reject(error)
  }
  const onClose = () => fail(new TargetError('connection-failed', FAILED))
  socket.once('error', fail).once('close', onClose)
  socket.once(event, () => {
    clearTimeout(timer)
    socket.off('error', fail).off('close', onClose)
    resolve(socket)
  })
}
