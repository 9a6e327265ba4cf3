import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node'
import type { Settings } from './config.ts'
import type { Logger } from './logger.ts'
import { type NatsAccess, natsAccess } from './nats-access.ts'
import type { NatsRole } from './nats-roles.ts'
import { createOwnAppendsOf, type OwnAppends } from './own-appends.ts'
import type { StreamName } from './streams.ts'

/** A connection and its two JetStream clients. */
export interface Nats {
  connection: NatsConnection
  js: JetStreamClient
  jsm: JetStreamManager
  /** Whether the connection stands right now. */
  isUp(): boolean
  /** Calls `listener` each time that the connection is there again. @returns a function that ends this. */
  onReconnect(listener: () => void): () => void
  /**
   * The same answer, or an error at once when the connection breaks: one that was under way then never comes, and its
   * time-out would be waited for in vain.
   */
  unlessLost<T>(answer: Promise<T>): Promise<T>
  /**
   * As `unlessLost`, for a question that changes nothing: it is asked again each second and the first answer counts. One
   * that comes while a cluster is choosing a leader is never answered.
   */
  ask<T>(question: () => Promise<T>): Promise<T>
  /**
   * Turns to another server, where there is one: this one may be cut off from the rest of its cluster, without being able to
   * tell. At most every 10 s, so that a cluster which is of no use as a whole is not troubled further.
   */
  turnElsewhere(): void
  /** What this connection has appended to the stream lately. */
  ownAppends(stream: StreamName): OwnAppends
}

/** The connection broke while an answer was waited for. */
export class ConnectionBrokenError extends Error {
  override name = 'ConnectionBrokenError'
}

/** The oldest server with every schedule and batch fix that jethook needs. */
export const NATS_SERVER_VERSION_MIN = '2.14.3'

const CONNECT_TIMEOUT_MS = 5_000
const RECONNECT_WAIT_MS = 250
/** A server that hangs is left after the third ping without an answer. */
const PING_INTERVAL_MS = 2_000
/** For readers and lanes, which start over in any case: no longer than a cluster may need to choose a leader. */
const CONSUMER_TIMEOUT_MS = 2_000
const ASK_AGAIN_MS = 1_000
const TURN_INTERVAL_MS = 10_000
const DEFAULT_PORT = '4222'

/** A server that can't be used; the message says why and what to do. */
export class NatsUnusableError extends Error {
  override name = 'NatsUnusableError'
}

/** Whether version `actual` ("2.15.1") is `wanted` or later. */
export function isVersionAtLeast(actual: string, wanted: string): boolean {
  const parts = (version: string) => version.replace(/^v/, '').split(/[.-]/).slice(0, 3).map(Number)
  const [a, w] = [parts(actual), parts(wanted)]
  for (let i = 0; i < 3; i++) {
    if ((a[i] ?? 0) !== (w[i] ?? 0)) return (a[i] ?? 0) > (w[i] ?? 0)
  }
  return true
}

/** `urls` without user and password, to be shown and logged. */
function withoutCredentials(urls: string): string {
  return urls.replace(/\/\/[^@/]*@/g, '//')
}

/** The servers that `natsUrls` names (a comma stands before a scheme), and the credentials of the first that has some. */
function serversOf(natsUrls: string): { servers: string[]; user?: string; pass?: string } {
  const urls = natsUrls.split(/,\s*(?=\w+:\/\/)/).map((url) => new URL(url.trim()))
  const known = urls.find(({ username }) => username !== '')
  return {
    servers: shuffled(urls.map(({ hostname, port }) => `${hostname}:${port || DEFAULT_PORT}`)),
    ...(known ? { user: decodeURIComponent(known.username), pass: decodeURIComponent(known.password) } : {}),
  }
}

/** In an order by chance, so that not all go to the same one. */
function shuffled(servers: string[]): string[] {
  return servers
    .map((server) => ({ server, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ server }) => server)
}

/**
 * Sees to it that the next server is another one than this one, and that those are known which could not be reached just
 * now: the client forgets them, and they may be all that is left some day.
 */
function keepServers(connection: NatsConnection, given: readonly string[]): void {
  const current = connection.getServer()
  const known = new Set([...given, ...connection.getServers().map(({ listen }) => listen)])
  known.delete(current)
  connection.setServers([...known, current])
}

/** Connects as the settings say that `role` does. @throws as `connectNats`, and for settings that can't be used. */
export async function connectAs(
  role: NatsRole,
  { settings, name, logger }: { settings: Settings; name: string; logger: Logger },
): Promise<Nats> {
  return connectNats(settings.NATS_URL, name, logger, await natsAccess(settings, role))
}

/**
 * Connects once and then reconnects for ever: an outage makes callers wait or time out, it never closes the connection.
 * @param natsUrl Of one server, or of several of one cluster, comma separated: any of them will do.
 * @param access What to show beside what stands in the address.
 * @throws {NatsUnusableError} when the server can't be reached now, refuses the credentials, is too old or has no JetStream.
 */
export async function connectNats(
  natsUrl: string,
  name: string,
  logger: Logger,
  access: NatsAccess = {},
): Promise<Nats> {
  const given = serversOf(natsUrl)
  const connection = await openConnection({ ...given, ...accessOptions(access) }, name).catch((error: unknown) => {
    throw unusable(natsUrl, error)
  })
  try {
    keepServers(connection, given.servers)
    const version = connection.info?.version ?? '0.0.0'
    if (!isVersionAtLeast(version, NATS_SERVER_VERSION_MIN)) {
      throw new NatsUnusableError(
        `nats-server at ${withoutCredentials(natsUrl)} is ${version}; jethook needs ${NATS_SERVER_VERSION_MIN} or later`,
      )
    }
    const jsm = await jetstreamManager(connection, { timeout: CONNECT_TIMEOUT_MS }).catch((error: unknown) => {
      throw new NatsUnusableError(
        `nats-server at ${withoutCredentials(natsUrl)} has no JetStream: ${(error as Error).message}`,
        { cause: error },
      )
    })
    const link: Link = { isUp: true, listeners: new Set(), waiting: new Set() }
    const own = createOwnAppendsOf()
    void watchStatus(connection, { link, logger, onChange: own.clear })
    const onReconnect = (listener: () => void) => {
      link.listeners.add(listener)
      return () => void link.listeners.delete(listener)
    }
    return {
      connection,
      js: jetstream(connection, { timeout: CONSUMER_TIMEOUT_MS }),
      jsm,
      isUp: () => link.isUp,
      onReconnect,
      unlessLost: (answer) => raceWithLoss(link, answer),
      ask: (question) => askUntilAnswered(link, question),
      turnElsewhere: createTurn(connection, logger),
      ownAppends: own.of,
    }
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** Nothing else of the access than the client asks for. */
function accessOptions({ authenticator, tls, inboxPrefix }: NatsAccess): NatsAccess {
  return {
    ...(authenticator ? { authenticator } : {}),
    ...(tls ? { tls } : {}),
    ...(inboxPrefix ? { inboxPrefix } : {}),
  }
}

/**
 * A bare connection, without JetStream.
 * @throws {NatsUnusableError} when the server can't be reached now, or refuses the credentials.
 */
export function openClient(natsUrl: string, name: string, access: NatsAccess): Promise<NatsConnection> {
  return openConnection({ ...serversOf(natsUrl), ...accessOptions(access) }, name).catch((error: unknown) => {
    throw unusable(natsUrl, error)
  })
}

function unusable(natsUrl: string, error: unknown): NatsUnusableError {
  return new NatsUnusableError(`NATS at ${withoutCredentials(natsUrl)} can't be used: ${(error as Error).message}`, {
    cause: error,
  })
}

/** A connection that is never given up by itself. */
function openConnection(options: ConnectionOptions, name: string): Promise<NatsConnection> {
  return connect({
    ...options,
    noRandomize: true,
    name,
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: 100,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
  })
}

interface Link {
  isUp: boolean
  listeners: Set<() => void>
  /** To be called when the connection breaks. */
  waiting: Set<() => void>
}

async function raceWithLoss<T>(link: Link, answer: Promise<T>): Promise<T> {
  const { promise: broken, reject } = Promise.withResolvers<never>()
  const tell = () => reject(new ConnectionBrokenError('the connection to NATS broke'))
  link.waiting.add(tell)
  try {
    return await Promise.race([answer, broken])
  } finally {
    link.waiting.delete(tell)
    answer.catch(() => {})
  }
}

async function askUntilAnswered<T>(link: Link, question: () => Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const askOnce = () => void question().then(resolve, reject)
  askOnce()
  const timer = setInterval(askOnce, ASK_AGAIN_MS)
  try {
    return await raceWithLoss(link, promise)
  } finally {
    clearInterval(timer)
  }
}

function createTurn(connection: NatsConnection, logger: Logger): () => void {
  let lastMs = Number.NEGATIVE_INFINITY
  return () => {
    if (connection.getServers().length < 2 || performance.now() - lastMs < TURN_INTERVAL_MS) return
    lastMs = performance.now()
    logger.warn({ server: connection.getServer() }, 'nats gives no answers here, turning to another server')
    connection.reconnect().catch((error: unknown) => logger.warn({ err: error }, 'no turn to another server'))
  }
}

async function watchStatus(
  connection: NatsConnection,
  { link, logger, onChange }: { link: Link; logger: Logger; onChange: () => void },
): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect' || status.type === 'reconnect') onChange()
    if (status.type === 'disconnect') {
      link.isUp = false
      for (const tell of [...link.waiting]) tell()
    }
    if (status.type === 'reconnect') {
      link.isUp = true
      for (const listener of [...link.listeners]) listener()
    }
    if (status.type === 'disconnect') logger.warn('nats disconnected')
    else if (status.type === 'reconnect') logger.warn('nats reconnected')
    else if (status.type === 'error') logger.warn({ err: status.error }, 'nats connection error')
  }
}
