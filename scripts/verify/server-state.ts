import { setTimeout as delay } from 'node:timers/promises'
import type { Nats } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'

/** What a consumer has handed out, as NATS says. */
export interface ConsumerLoad {
  name: string
  ackPending: number
  ackPendingMax: number
  /** Not handed out yet. */
  pending: number
}

/** What NATS holds beyond the facts themselves. */
export interface ServerState {
  consumers: ConsumerLoad[]
  /** Deliveries that have a schedule in WAITING. */
  scheduledDeliveryIds: string[]
  /** When that was asked, by the clock here. */
  readAtMs: number
}

const QUIET_LIMIT_MS = 20_000
const POLL_MS = 200

/**
 * Asked after LEDGER was read, so that nothing it says is older than the facts.
 * @param isQuiet All has ended: what was handed out last may still be on its way to being acknowledged, and is waited for.
 */
export async function readServerState(nats: Nats, isQuiet: boolean): Promise<ServerState> {
  const untilMs = performance.now() + QUIET_LIMIT_MS
  let consumers = await readConsumers(nats)
  while (isQuiet && consumers.some(isBusy) && performance.now() < untilMs) {
    await delay(POLL_MS)
    consumers = await readConsumers(nats)
  }
  const readAtMs = Date.now()
  return { consumers, scheduledDeliveryIds: await scheduledDeliveries(nats), readAtMs }
}

const isBusy = ({ ackPending, pending }: ConsumerLoad) => ackPending + pending > 0

async function readConsumers(nats: Nats): Promise<ConsumerLoad[]> {
  const consumers: ConsumerLoad[] = []
  for (const stream of [STREAM_NAMES.ledger, STREAM_NAMES.waiting]) {
    for await (const { name, config, num_ack_pending, num_pending } of nats.jsm.consumers.list(stream)) {
      if (config.durable_name === undefined) continue
      const ackPendingMax = config.max_ack_pending ?? 0
      consumers.push({ name, ackPending: num_ack_pending, ackPendingMax, pending: num_pending })
    }
  }
  return consumers
}

async function scheduledDeliveries(nats: Nats): Promise<string[]> {
  const filter = 'wait.*.*.*'
  const { state } = await nats.ask(() => nats.jsm.streams.info(STREAM_NAMES.waiting, { subjects_filter: filter }))
  return Object.keys(state.subjects ?? {})
    .filter((subject) => !subject.startsWith('wait.postponed.'))
    .map((subject) => subject.split('.')[3]!)
}
