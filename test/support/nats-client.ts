import {
  type Authenticator,
  type ConnectionOptions,
  connect,
  type NatsConnection,
  PermissionViolationError,
} from '@nats-io/transport-node'

/** A client of NATS that notes what it was not allowed to do. */
export interface WatchedClient {
  connection: NatsConnection
  /** `publish SUBJECT` or `subscription SUBJECT`, as the server has said so. */
  violations: string[]
  /** How often the connection broke. */
  breaks(): number
  /** Resolves when the connection has ended for good, with the reason. */
  ended: Promise<unknown>
  close(): Promise<void>
}

export interface Login {
  user?: string
  pass?: string
  token?: string
  authenticator?: Authenticator
  inboxPrefix?: string
}

/** @param address Without credentials. @throws {Error} when the server refuses. */
export async function connectClient(
  address: string,
  login: Login,
  more: Partial<ConnectionOptions> = {},
): Promise<WatchedClient> {
  const connection = await connect({
    servers: new URL(address).host,
    ...login,
    reconnectTimeWait: 50,
    reconnectJitter: 10,
    timeout: 6_000,
    noAsyncTraces: true,
    ...more,
  })
  const violations: string[] = []
  let breaks = 0
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') breaks++
      if (status.type === 'error' && status.error instanceof PermissionViolationError)
        violations.push(`${status.error.operation} ${status.error.subject}`)
    }
  })()
  return {
    connection,
    violations,
    breaks: () => breaks,
    ended: connection.closed(),
    close: () => connection.close(),
  }
}
