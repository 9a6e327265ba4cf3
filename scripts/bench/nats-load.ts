import { jetstream } from '@nats-io/jetstream'
import { connect, headers, type NatsConnection } from '@nats-io/transport-node'

/** A load generator in a process of its own: keeps so many messages under way until so many events are answered. */
export interface NatsLoadOrder {
  natsUrl: string
  subject: string
  payload: string
  /** Published to INBOX and acknowledged by JetStream, or requested of the micro service. */
  way: 'publish' | 'request'
  connections: number
  /** Messages. */
  underWay: number
  /** What each message holds: with more than one, `payload` is such a batch. */
  eventsPerMessage: number
  total: number
}

const TIMEOUT_MS = 30_000

process.once('message', (order: NatsLoadOrder) => {
  void run(order)
})
process.once('disconnect', () => process.exit())

async function run(order: NatsLoadOrder): Promise<void> {
  const { natsUrl, subject, payload, way, underWay, total, eventsPerMessage } = order
  const { hostname, port, username, password } = new URL(natsUrl)
  const options = { servers: `${hostname}:${port}`, user: username, pass: password }
  const connections = await Promise.all(Array.from({ length: order.connections }, () => connect(options)))
  const senders = connections.map((each) =>
    way === 'publish' ? publisherOf(each, subject) : requesterOf(each, subject),
  )
  const latenciesMs: number[] = []
  let started = 0
  await Promise.all(
    Array.from({ length: underWay }, async (_, i) => {
      const sendOne = senders[i % senders.length]!
      while (started < total) {
        started += eventsPerMessage
        const beganMs = performance.now()
        await sendOne(payload)
        latenciesMs.push(performance.now() - beganMs)
      }
    }),
  )
  latenciesMs.sort((a, b) => a - b)
  const quantile = (share: number) => latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0
  process.send?.({ statuses: { ok: total }, p50Ms: quantile(0.5), p99Ms: quantile(0.99) })
}

function publisherOf(connection: NatsConnection, subject: string): (payload: string) => Promise<unknown> {
  const js = jetstream(connection, { timeout: TIMEOUT_MS })
  return (payload) => js.publish(subject, payload, { headers: labels() })
}

function requesterOf(connection: NatsConnection, subject: string): (payload: string) => Promise<unknown> {
  return async (payload) => {
    const answer = await connection.request(subject, payload, { timeout: TIMEOUT_MS, headers: labels() })
    if (answer.headers?.has('Nats-Service-Error-Code')) throw new Error(answer.string())
  }
}

function labels() {
  const made = headers()
  made.set('Jethook-Label-all', 'yes')
  return made
}
