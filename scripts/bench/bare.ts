import type { ConsumerMessages } from '@nats-io/jetstream'
import { Agent } from 'undici'
import { createGroupCommitAppender } from '#shared/runtime/group-commit-appender.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import type { StreamName } from '#shared/runtime/streams.ts'
import { addBenchConsumer, BENCH_CONSUMER } from './bench-consumer.ts'
import { startCpuMeter } from './cpu.ts'
import { startBenchReceiver } from './processes.ts'
import type { Results } from './results.ts'
import type { Bench } from './stage.ts'

const STREAM = 'BENCH'
const SUBJECT = 'bench.bare'
const MESSAGES = 20_000
const WARM_UP_MESSAGES = 2_000
const CONCURRENCY = 128
const BODY = Buffer.alloc(1024, 'x')

/** The yardstick: JetStream pull → undici POST → ack, in this process, and nothing else. */
export async function benchBare({ servers, scale }: Bench): Promise<Results> {
  const total = Math.round(MESSAGES * scale)
  const nats = await connectNats(servers.natsUrl, 'bench', createLogger('error'))
  const receiver = await startBenchReceiver()
  const agent = new Agent({ connections: CONCURRENCY, pipelining: 1 })
  try {
    await fillStream(nats, WARM_UP_MESSAGES + total)
    const consumer = await nats.js.consumers.get(STREAM, BENCH_CONSUMER)
    const messages = await consumer.consume({ max_messages: CONCURRENCY * 4 })
    const post = async (body: Uint8Array) => {
      const headers = { 'content-type': 'text/plain' }
      const response = await agent.request({ origin: receiver.url, path: '/', method: 'POST', body, headers })
      await response.body.dump()
    }
    const beginning = () => ({
      meter: startCpuMeter({ 'nats-server': servers.nats!.pid, receiver: receiver.pid }),
      own: process.cpuUsage(),
      beganMs: performance.now(),
    })
    const { meter, own, beganMs } = await pump(messages, { warmUp: WARM_UP_MESSAGES, total, post, beginning })
    const seconds = (performance.now() - beganMs) / 1_000
    const { user, system } = process.cpuUsage(own)
    messages.stop()
    // Of this process alone: the receiver and the servers are its children.
    const cpu = { node: (user + system) / total, ...meter.perEvent(total) }
    return { bare: { rate_per_s: total / seconds, cpu_us: cpu } }
  } finally {
    receiver.stop()
    await agent.destroy()
    await nats.jsm.streams.delete(STREAM).catch(() => {})
    await nats.connection.close()
  }
}

/** A stream of its own: whatever comes into one of jethook's is taken. */
async function fillStream(nats: Nats, count: number): Promise<void> {
  await nats.jsm.streams.add({ name: STREAM, subjects: [SUBJECT], allow_atomic: true })
  const appender = createGroupCommitAppender({
    nats,
    stream: STREAM as StreamName,
    logger: createLogger('error'),
    limits: { singlesMax: Number.POSITIVE_INFINITY },
  })
  await Promise.all(Array.from({ length: count }, () => appender.append({ subject: SUBJECT, body: BODY })))
  appender.close()
  await addBenchConsumer(nats, STREAM)
}

interface Pumping<Begun> {
  warmUp: number
  total: number
  post(body: Uint8Array): Promise<void>
  /** Called when the warm-up is over. */
  beginning(): Begun
}

/** Takes messages, at most `CONCURRENCY` at once, and acknowledges each when it is answered. */
async function pump<Begun>(
  messages: ConsumerMessages,
  { warmUp, total, post, beginning }: Pumping<Begun>,
): Promise<Begun> {
  let taken = 0
  let done = 0
  let free: (() => void) | null = null
  let begun: Begun | null = null
  const finished = Promise.withResolvers<void>()
  const untilAtMost = async (underWay: number) => {
    while (taken - done > underWay) await new Promise<void>((resolve) => (free = resolve))
  }
  for await (const message of messages) {
    taken++
    post(message.data).then(() => {
      message.ack()
      done++
      free?.()
      if (done === warmUp + total) finished.resolve()
    }, finished.reject)
    if (taken === warmUp) {
      await untilAtMost(0)
      begun = beginning()
    }
    if (taken === warmUp + total) break
    await untilAtMost(CONCURRENCY - 1)
  }
  await finished.promise
  return begun!
}
