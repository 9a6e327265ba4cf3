import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { Agent } from 'undici'
import { createGroupCommitAppender } from '#shared/runtime/group-commit-appender.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import type { StreamName } from '#shared/runtime/streams.ts'
import type { Bench } from './main.ts'
import { cpuSeconds, startBenchReceiver } from './processes.ts'
import type { ScenarioResult } from './table.ts'

const STREAM = 'BENCH'
const MESSAGES = 20_000
const CONCURRENCY = 128
const BODY = Buffer.alloc(1024, 'x')

/** The yardstick: JetStream pull → undici POST → ack, in this process, and nothing else. */
export async function benchBare({ servers, scale }: Bench): Promise<Record<string, ScenarioResult>> {
  const total = Math.round(MESSAGES * scale)
  const logger = createLogger('error')
  const nats = await connectNats(servers.natsUrl, 'bench', logger)
  const receiver = await startBenchReceiver()
  const agent = new Agent({ connections: CONCURRENCY, pipelining: 1 })
  try {
    const subject = 'bench.bare'
    // Of its own: whatever comes into one of jethook's is taken.
    await nats.jsm.streams.add({ name: STREAM, subjects: [subject], allow_atomic: true })
    const appender = createGroupCommitAppender({
      nats,
      stream: STREAM as StreamName,
      logger,
      limits: { singlesMax: Number.POSITIVE_INFINITY },
    })
    await Promise.all(Array.from({ length: total }, () => appender.append({ subject, body: BODY })))
    appender.close()
    await nats.jsm.consumers.add(STREAM, {
      durable_name: 'bench',
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      max_ack_pending: 10_000,
    })
    const consumer = await nats.js.consumers.get(STREAM, 'bench')
    const cpuBefore = cpuOf(servers, receiver.pid)
    const beganMs = performance.now()
    const messages = await consumer.consume({ max_messages: CONCURRENCY * 4 })
    let done = 0
    let underWay = 0
    let free: (() => void) | null = null
    const finished = Promise.withResolvers<void>()
    for await (const message of messages) {
      if (underWay >= CONCURRENCY) await new Promise<void>((resolve) => (free = resolve))
      underWay++
      void agent
        .request({
          origin: receiver.url,
          path: '/',
          method: 'POST',
          body: message.data,
          headers: { 'content-type': 'text/plain' },
        })
        .then(async ({ body }) => {
          await body.dump()
          message.ack()
          underWay--
          free?.()
          if (++done === total) finished.resolve()
        })
        .catch(finished.reject)
      if (message.info.pending === 0) break
    }
    await finished.promise
    const seconds = (performance.now() - beganMs) / 1_000
    const cpuAfter = cpuOf(servers, receiver.pid)
    const perEvent = (name: keyof typeof cpuAfter) => ((cpuAfter[name] - cpuBefore[name]) / total) * 1e6
    return {
      bare: {
        rate_per_s: total / seconds,
        cpu_us: { node: perEvent('node'), 'nats-server': perEvent('nats'), receiver: perEvent('receiver') },
      },
    }
  } finally {
    receiver.stop()
    await agent.destroy()
    await nats.jsm.streams.delete(STREAM).catch(() => {})
    await nats.connection.close()
  }
}

function cpuOf(servers: Bench['servers'], receiverPid: number) {
  return { node: cpuSeconds(process.pid), nats: cpuSeconds(servers.nats!.pid), receiver: cpuSeconds(receiverPid) }
}
