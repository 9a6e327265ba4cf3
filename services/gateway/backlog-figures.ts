import { AckPolicy } from '@nats-io/jetstream'
import type { Clock } from '#shared/runtime/clock.ts'
import { laneSources } from '#shared/runtime/lane-sources.ts'
import type { Metrics, Sample } from '#shared/runtime/metrics.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { sharedFor } from '#shared/runtime/runtime-figures.ts'
import { STREAM_NAMES, type StreamName } from '#shared/runtime/streams.ts'
import { countMatching } from './backlog.ts'
import { countOpenWork } from './queries/backlog-figures.ts'

export interface BacklogFiguresOptions {
  nats: Nats
  orm: Orm
  clock: Clock
  metrics: Metrics
  laneCount: number
}

/** Counting costs the servers something: a look serves all scrapes of so long. */
const LOOK_KEPT_MS = 5_000

/**
 * What waits in the whole system, as JetStream and the read model see it. Each gateway tells the same: of several take the
 * highest.
 */
export function registerBacklogFigures(options: BacklogFiguresOptions): void {
  const { nats, orm, clock, metrics, laneCount } = options
  const rows = sharedFor(LOOK_KEPT_MS, () => countOpenWork(orm))
  const waiting = sharedFor(LOOK_KEPT_MS, () => countWaiting(nats))
  const queued = sharedFor(LOOK_KEPT_MS, () => countQueued(nats, laneCount))
  metrics.gauge(
    { name: 'jethook_deliveries_open', help: 'Deliveries that have not ended, by the read model' },
    async () => (await rows()).deliveries,
  )
  metrics.gauge(
    { name: 'jethook_oldest_open_delivery_seconds', help: 'Age of the oldest delivery that has not ended; 0: none' },
    async () => {
      const { oldestDeliveryMs } = await rows()
      return oldestDeliveryMs === null ? 0 : Math.max(0, clock.nowMs() - oldestDeliveryMs) / 1_000
    },
  )
  metrics.gauge(
    { name: 'jethook_dead_letters_open', help: 'Dead letters that are neither redriven nor discarded' },
    async () => (await rows()).deadLetters,
  )
  metrics.gauge(
    {
      name: 'jethook_waiting',
      help: 'What waits on disk: retries for their time, parked deliveries for their receiver, delayed events',
      labels: ['kind'],
    },
    waiting,
  )
  metrics.gauge(
    {
      name: 'jethook_deliveries_queued',
      help: 'Deliveries and due retries that no deliverer has been handed yet',
      labels: ['source'],
    },
    queued,
  )
}

async function countWaiting(nats: Nats): Promise<Sample<'kind'>[]> {
  const [scheduled, postponed, parked, heads] = await Promise.all([
    countMatching(nats, 'wait.*.*.*'),
    countMatching(nats, 'wait.postponed.*.*'),
    countMatching(nats, 'parked.*.*.*.*.*'),
    countMatching(nats, 'parked.head.*.*.*.*'),
  ])
  return [
    { labels: { kind: 'retry' }, value: Math.max(0, scheduled - postponed) },
    { labels: { kind: 'postponed' }, value: postponed },
    { labels: { kind: 'parked' }, value: Math.max(0, parked - heads) },
  ]
}

async function countQueued(nats: Nats, laneCount: number): Promise<Sample<'source'>[]> {
  const sources = Array.from({ length: laneCount }, (_, lane) => laneSources(lane))
  const pendingOf = async (stream: StreamName, names: Set<string>) => {
    let pending = 0
    for await (const info of nats.jsm.consumers.list(stream))
      if (names.has(info.name) && info.config.ack_policy === AckPolicy.Explicit) pending += info.num_pending
    return pending
  }
  const [ledger, waiting] = await Promise.all([
    pendingOf(STREAM_NAMES.ledger, new Set(sources.map(({ ledger: { consumerName } }) => consumerName))),
    pendingOf(STREAM_NAMES.waiting, new Set(sources.map(({ waiting: { consumerName } }) => consumerName))),
  ])
  return [
    { labels: { source: 'new' }, value: ledger },
    { labels: { source: 'due' }, value: waiting },
  ]
}
