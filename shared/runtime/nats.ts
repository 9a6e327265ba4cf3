import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { Logger } from './logger.ts'

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
}

/** The connection broke while an answer was waited for. */
export class ConnectionBrokenError extends Error {
  override name = 'ConnectionBrokenError'
}

/** The oldest server with every schedule and batch fix that jethook needs. */
export const NATS_SERVER_VERSION_MIN = '2.14.3'

const CONNECT_TIMEOUT_MS = 5_000
const RECONNECT_WAIT_MS = 250
const PING_INTERVAL_MS = 10_000

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
    servers: urls.map(({ host }) => host),
    ...(known ? { user: decodeURIComponent(known.username), pass: decodeURIComponent(known.password) } : {}),
  }
}

/**
 * Connects once and then reconnects for ever: an outage makes callers wait or time out, it never closes the connection.
 * @param natsUrl Of one server, or of several of one cluster, comma separated: any of them will do.
 * @throws {NatsUnusableError} when the server can't be reached now, refuses the credentials, is too old or has no JetStream.
 */
export async function connectNats(natsUrl: string, name: string, logger: Logger): Promise<Nats> {
  const given = serversOf(natsUrl)
  const connection = await connect({
    ...given,
    name,
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: 100,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
  }).catch((error: unknown) => {
    throw new NatsUnusableError(`NATS at ${withoutCredentials(natsUrl)} can't be used: ${(error as Error).message}`, {
      cause: error,
    })
  })
  // The client has forgotten those that it could not reach just now: they may be all that is left some day.
  connection.setServers([...new Set([...given.servers, ...connection.getServers().map(({ listen }) => listen)])])
  try {
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
    void watchStatus(connection, link, logger)
    const onReconnect = (listener: () => void) => {
      link.listeners.add(listener)
      return () => void link.listeners.delete(listener)
    }
    return {
      connection,
      js: jetstream(connection, { timeout: CONNECT_TIMEOUT_MS }),
      jsm,
      isUp: () => link.isUp,
      onReconnect,
      unlessLost: (answer) => raceWithLoss(link, answer),
    }
  } catch (error) {
    await connection.close()
    throw error
  }
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

async function watchStatus(connection: NatsConnection, link: Link, logger: Logger): Promise<void> {
  for await (const status of connection.status()) {
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
