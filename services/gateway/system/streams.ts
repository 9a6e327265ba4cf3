import type { ConsumerInfo, StreamInfo } from '@nats-io/jetstream'
import type { SystemAnswer } from '#shared/contract/system-schemas.ts'
import type { LaneOwner } from '#shared/facts/control.ts'
import { laneSources } from '#shared/runtime/lane-sources.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import { fillLight } from './remedies.ts'

/** Enough for the durable ones of every lane, and for some readers. */
const CONSUMERS_MAX = 500

export interface StreamFigures {
  streams: readonly StreamInfo[]
  consumers: readonly ConsumerInfo[]
}

/** Asked of the server. */
export async function readStreamFigures({ jsm }: Nats): Promise<StreamFigures> {
  const names = Object.values(STREAM_NAMES)
  const [streams, consumers] = await Promise.all([
    Promise.all(names.map((name) => jsm.streams.info(name))),
    Promise.all(names.map((name) => jsm.consumers.list(name).next())),
  ])
  return { streams, consumers: consumers.flat().slice(0, CONSUMERS_MAX) }
}

export function presentStream({ config, state }: StreamInfo): SystemAnswer['streams'][number] {
  const maxBytes = Math.max(config.max_bytes, 0)
  const status = fillLight(state.bytes, maxBytes)
  return {
    name: config.name,
    messages: state.messages,
    bytes: state.bytes,
    max_bytes: maxBytes === 0 ? null : maxBytes,
    first_at: state.messages > 0 ? timeOf(state.first_ts) : null,
    last_at: state.messages > 0 ? timeOf(state.last_ts) : null,
    status,
    remedy: status === 'ok' ? null : `Raise max_bytes of the stream ${config.name}, or free space.`,
  }
}

export function presentConsumer(info: ConsumerInfo): SystemAnswer['consumers'][number] {
  return { stream: info.stream_name, name: info.name, pending: info.num_pending, ack_pending: info.num_ack_pending }
}

/** Whose each lane is, and what its consumers still have before them. */
export function presentLanes(
  laneCount: number,
  owners: ReadonlyMap<number, { state: LaneOwner }>,
  consumers: readonly ConsumerInfo[] | null,
): SystemAnswer['lanes'] {
  return Array.from({ length: laneCount }, (_, lane) => {
    const owner = owners.get(lane)?.state.ownerId ?? null
    const names = new Set(Object.values(laneSources(lane)).map(({ consumerName }) => consumerName))
    const own = consumers?.filter(({ name }) => names.has(name)) ?? null
    const waiting = own?.reduce((sum, { num_pending }) => sum + num_pending, 0) ?? null
    return { lane, owner, waiting, status: owner === null ? 'bad' : 'ok' }
  })
}

/** JetStream writes nanoseconds. */
function timeOf(text: string | Date): string {
  return new Date(text).toISOString()
}
