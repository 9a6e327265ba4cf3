import { randomUUID } from 'node:crypto'
import { ProblemError } from '#shared/contract/problems.ts'
import { deliveryMessage } from '#shared/domain/delivery-message.ts'
import { replayDeliveries } from '#shared/domain/replay.ts'
import type { Actor } from '#shared/facts/control.ts'
import { decodeEvent } from '#shared/facts/event.ts'
import type { EventReplayed } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import { readStored, STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { RouteDependencies } from './dependencies.ts'

const GROUP_MAX = 1_000

/**
 * Matches an event anew, against the subscriptions of now (contract, behaviour.md §2): new deliveries, the old ones stay as
 * they are.
 * @throws {ProblemError} NotFound when EVENTS no longer keeps it.
 */
export async function replayEvent(deps: RouteDependencies, eventSeq: number, by: Actor): Promise<void> {
  const { nats, registry, appenders, clock, config, freshRegistry } = deps
  const stored = await readStored(nats, STREAM_NAMES.events, eventSeq)
  if (stored === null) throw new ProblemError('NotFound', { detail: 'The event is no longer kept.' })
  await freshRegistry.catchUp()
  const matchable = decodeEvent(stored.data)
  const [replayId, nowMs] = [randomUUID(), clock.nowMs()]
  const deliveries = replayDeliveries(matchable, eventSeq, { registry, replayId, nowMs })
  const replayed: EventReplayed = {
    v: 1,
    type: 'replayed',
    replayId,
    eventId: matchable.event.eventId,
    eventSeq,
    applicationId: matchable.event.applicationId,
    controlSeq: registry.seq,
    deliveryCount: deliveries.length,
    replayedAtMs: nowMs,
    replayedBy: by,
  }
  const messages = [
    ...deliveries.map((delivery) => deliveryMessage(delivery, config.laneCount)),
    { subject: LEDGER_SUBJECTS.replayed, body: JSON.stringify(replayed) },
  ]
  for (let i = 0; i < messages.length; i += GROUP_MAX)
    await appenders.ledger.appendGroup(messages.slice(i, i + GROUP_MAX))
}
