import { randomUUID } from 'node:crypto'
import { createGroupCommitAppender } from '#shared/runtime/group-commit-appender.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import { readStored, type StreamName } from '#shared/runtime/streams.ts'
import { addBenchConsumer, BENCH_CONSUMER } from './bench-consumer.ts'
import { startCpuMeter } from './cpu.ts'
import { type FactsOf, madeDelivery } from './made-facts.ts'
import type { Results, ScenarioResult } from './results.ts'
import type { Bench } from './stage.ts'

const SIZES_BYTES = [256, 1_024, 4_096, 16_384, 65_536]
const QUICK_SIZES_BYTES = [16_384]
const DELIVERIES = 10_000
/** As large as batches are at full load. */
const BATCH_MESSAGES = 64
/** Where the bytes of all would be too many for a quick look at a stream. */
const BYTES_MAX = 200_000_000
const FETCHES_UNDER_WAY = 64
const LINE_FEED = Buffer.from('\n')
/** Streams of its own: whatever comes into one of jethook's is taken. */
const PAYLOADS = 'BENCH_PAYLOADS'
const FACTS = 'BENCH_FACTS'

const OF: FactsOf = {
  applicationId: randomUUID(),
  subscriptionId: randomUUID(),
  eventId: randomUUID(),
  eventSeq: 1,
  eventType: 'bench.event.carried',
}

/** How a deliverer comes by the payload of a delivery. */
type Way = 'inside' | 'fetched' | 'remembered'

/**
 * A delivery's fact appended and read by a deliverer, with the payload inside it, fetched by its sequence, or remembered from
 * when the event was matched: where the border is between payloads that had better travel and those that had better not.
 */
export async function benchPayload({ servers, scale, options }: Bench): Promise<Results> {
  const nats = await connectNats(servers.natsUrl, 'bench', createLogger('error'))
  const results: Results = {}
  try {
    for (const bytes of options.isQuick ? QUICK_SIZES_BYTES : SIZES_BYTES) {
      const count = Math.round(Math.min(DELIVERIES, BYTES_MAX / bytes) * scale)
      const payload = Buffer.alloc(bytes, 'x')
      await withStream(nats, PAYLOADS, async () => {
        await append(nats, PAYLOADS, count, () => payload)
        for (const way of ['inside', 'fetched', 'remembered'] as const)
          results[`payload-${bytes}-${way}`] = await withStream(nats, FACTS, () =>
            measure(nats, { way, count, payload, natsPid: servers.nats!.pid }),
          )
      })
    }
    return results
  } finally {
    await nats.connection.close()
  }
}

async function measure(
  nats: Nats,
  { way, count, payload, natsPid }: { way: Way; count: number; payload: Buffer; natsPid: number },
): Promise<ScenarioResult> {
  const meter = startCpuMeter({ 'nats-server': natsPid })
  const [own, beganMs] = [process.cpuUsage(), performance.now()]
  await append(nats, FACTS, count, () => {
    const fact = Buffer.from(JSON.stringify(madeDelivery(OF, Date.now())))
    return way === 'inside' ? Buffer.concat([fact, LINE_FEED, payload]) : fact
  })
  await readAll(nats, { way, count })
  const seconds = (performance.now() - beganMs) / 1_000
  const { user, system } = process.cpuUsage(own)
  return { rate_per_s: count / seconds, cpu_us: { node: (user + system) / count, ...meter.perEvent(count) } }
}

async function append(nats: Nats, stream: string, count: number, body: () => Uint8Array): Promise<void> {
  const appender = createGroupCommitAppender({
    nats,
    stream: stream as StreamName,
    logger: createLogger('error'),
    limits: { batchMessagesMax: BATCH_MESSAGES, singlesMax: 0 },
  })
  try {
    let left = count
    const appendSome = async () => {
      while (left-- > 0) await appender.append({ subject: subjectOf(stream), body: body() })
    }
    await Promise.all(Array.from({ length: 2 * BATCH_MESSAGES }, appendSome))
  } finally {
    appender.close()
  }
}

async function readAll(nats: Nats, { way, count }: { way: Way; count: number }): Promise<void> {
  const consumer = await nats.js.consumers.get(FACTS, BENCH_CONSUMER)
  const messages = await consumer.consume({ max_messages: 4 * BATCH_MESSAGES })
  const fetches = new Set<Promise<unknown>>()
  let taken = 0
  for await (const message of messages) {
    const { data } = message
    const end = way === 'inside' ? data.indexOf(LINE_FEED[0]!) : data.length
    JSON.parse(Buffer.from(data.buffer, data.byteOffset, end).toString())
    if (way === 'fetched') {
      const fetching = readStored(nats, PAYLOADS as StreamName, message.seq).finally(() => fetches.delete(fetching))
      fetches.add(fetching)
      if (fetches.size >= FETCHES_UNDER_WAY) await Promise.race(fetches)
    }
    message.ack()
    if (++taken === count) break
  }
  await Promise.all(fetches)
}

const subjectOf = (stream: string) => stream.toLowerCase().replace('_', '.')

async function withStream<Value>(nats: Nats, name: string, use: () => Promise<Value>): Promise<Value> {
  await nats.jsm.streams.add({ name, subjects: [subjectOf(name)], allow_atomic: true, allow_direct: true })
  try {
    await addBenchConsumer(nats, name)
    return await use()
  } finally {
    await nats.jsm.streams.delete(name).catch(() => {})
  }
}
