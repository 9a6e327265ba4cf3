import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import type { Nats } from '#shared/runtime/nats.ts'

export const BENCH_CONSUMER = 'bench'

/** Of a stream of the bench's own: hands out everything, each message to be acknowledged. */
export async function addBenchConsumer(nats: Nats, stream: string): Promise<void> {
  await nats.jsm.consumers.add(stream, {
    durable_name: BENCH_CONSUMER,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    max_ack_pending: 10_000,
  })
}
