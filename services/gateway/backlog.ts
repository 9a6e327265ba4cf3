import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream'
import { laneOf } from '#shared/domain/ids.ts'
import { WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { RouteDependencies } from './dependencies.ts'

type BacklogDependencies = Pick<RouteDependencies, 'nats' | 'config'>

const INACTIVE_NANOS = 5_000_000_000

/** What waits of a subscription's deliveries, as the server counts it: a few seconds may pass until what is done is gone. */
export async function countBacklog(
  deps: BacklogDependencies,
  subscriptionId: string,
): Promise<{ parked: number; scheduled: number }> {
  const lane = laneOf(subscriptionId, deps.config.laneCount)
  const [parked, scheduled] = await Promise.all([
    countMatching(deps.nats, WAITING_SUBJECTS.allParked(lane, subscriptionId)),
    countMatching(deps.nats, WAITING_SUBJECTS.retry(lane, subscriptionId, '*')),
  ])
  return { parked, scheduled }
}

/** How much of WAITING a filter matches. A consumer that reads nothing: the server says how much there would be to read. */
export async function countMatching(nats: Nats, filter: string): Promise<number> {
  const { name, num_pending: pending } = await nats.jsm.consumers.add(STREAM_NAMES.waiting, {
    filter_subject: filter,
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.None,
    headers_only: true,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: INACTIVE_NANOS,
  })
  void nats.jsm.consumers.delete(STREAM_NAMES.waiting, name).catch(() => {})
  return pending
}

/** The deliveries that something waits behind, in the order of one of the subscription's keys; at most `max`. */
export async function listHeads(deps: BacklogDependencies, subscriptionId: string, max: number): Promise<string[]> {
  const { nats, config } = deps
  const lane = laneOf(subscriptionId, config.laneCount)
  const filter = WAITING_SUBJECTS.head(lane, subscriptionId, '*', '*')
  const { state } = await nats.ask(() => nats.jsm.streams.info(STREAM_NAMES.waiting, { subjects_filter: filter }))
  return Object.keys(state.subjects ?? {})
    .slice(0, max)
    .map((subject) => subject.split('.').at(-1)!)
}
