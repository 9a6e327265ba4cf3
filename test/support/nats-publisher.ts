import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import { connect, headers, type NatsConnection } from '@nats-io/transport-node'

/** A plain NATS client, as an application has one. */
export interface NatsPublisher {
  connection: NatsConnection
  js: JetStreamClient
  close(): Promise<void>
}

export async function connectPublisher(natsUrl: string): Promise<NatsPublisher> {
  const { hostname, port, username, password } = new URL(natsUrl)
  const connection = await connect({
    servers: `${hostname}:${port}`,
    user: decodeURIComponent(username),
    pass: decodeURIComponent(password),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  })
  return { connection, js: jetstream(connection, { timeout: 10_000 }), close: () => connection.close() }
}

export function natsHeaders(entries: Record<string, string>) {
  const made = headers()
  for (const [name, value] of Object.entries(entries)) made.set(name, value)
  return made
}
