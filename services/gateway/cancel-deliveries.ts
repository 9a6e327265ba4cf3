import { type CancelledScope, cancelledMessage } from '#shared/domain/cancellation.ts'
import { laneOf } from '#shared/domain/ids.ts'
import type { Actor } from '#shared/facts/control.ts'
import type { ChosenCancelled } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS, WAITING_SUBJECTS } from '#shared/facts/subjects.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { listHeads } from './backlog.ts'
import type { RouteDependencies } from './dependencies.ts'

const CHOSEN_MAX = 1_000
/** Of more deliveries at once the schedules are left where they are: they are dropped when their time comes. */
const PURGED_MAX = 100
const PURGES_AT_ONCE = 8

/**
 * After CONTROL says that a subscription (or, null, a whole application) is off, LEDGER says that what it still had open is
 * cancelled. If this process dies in between, the reconciler says it.
 */
export async function cancelDeliveries(
  { appenders }: Pick<RouteDependencies, 'appenders'>,
  scope: CancelledScope,
  since: { controlSeq: number; atMs: number },
): Promise<void> {
  await appenders.ledger.append(cancelledMessage(scope, since))
}

/** Where WAITING ends: what stands before it when CONTROL is written is of deliveries that this calls off. */
export async function endOfWaiting({ nats }: Pick<RouteDependencies, 'nats'>): Promise<number> {
  return (await readStreamState(nats, STREAM_NAMES.waiting)).lastSeq
}

/**
 * Takes away what waits of a subscription whose deliveries are called off. Of an ordered one it stays: each that comes up and
 * is dropped lets the next one go. Only tidies up, so it never fails: what is left is dropped when its time comes.
 * @param throughSeq `endOfWaiting` before CONTROL was written.
 */
export async function purgeSubscription(
  deps: RouteDependencies,
  subscriptionId: string,
  throughSeq: number,
): Promise<void> {
  const { registry, config } = deps
  const isOrdered = (registry.subscriptions.get(subscriptionId)?.state.ordering ?? null) !== null
  // Also one that was in order until now.
  if (isOrdered || (await listHeads(deps, subscriptionId, 1)).length > 0) return
  const lane = laneOf(subscriptionId, config.laneCount)
  const filters = [WAITING_SUBJECTS.retry(lane, subscriptionId, '*'), WAITING_SUBJECTS.allParked(lane, subscriptionId)]
  for (const filter of filters) await purge(deps, { filter, seq: throughSeq + 1 })
}

/** Calls deliveries off one by one. Of this and the end of each the first one counts: the read model tells which. */
export async function cancelChosen(
  deps: RouteDependencies,
  { applicationId, by }: { applicationId: string; by: Actor },
  deliveries: readonly { deliveryId: string; subscriptionId: string }[],
): Promise<void> {
  const { appenders, clock } = deps
  const facts: ChosenCancelled[] = []
  for (let i = 0; i < deliveries.length; i += CHOSEN_MAX)
    facts.push({
      v: 1,
      type: 'chosen_cancelled',
      deliveryIds: deliveries.slice(i, i + CHOSEN_MAX).map(({ deliveryId }) => deliveryId),
      applicationId,
      cancelledAtMs: clock.nowMs(),
      cancelledBy: by,
    })
  for (const fact of facts)
    await appenders.ledger.append({ subject: LEDGER_SUBJECTS.cancelled, body: JSON.stringify(fact) })
  const purged = deliveries.slice(0, PURGED_MAX)
  for (let i = 0; i < purged.length; i += PURGES_AT_ONCE)
    await Promise.all(purged.slice(i, i + PURGES_AT_ONCE).map((each) => purgeDelivery(deps, each)))
}

/** The note that others wait for it goes first: after a death in between the retry still comes up, and is dropped. */
async function purgeDelivery(
  deps: RouteDependencies,
  { deliveryId, subscriptionId }: { deliveryId: string; subscriptionId: string },
): Promise<void> {
  const lane = laneOf(subscriptionId, deps.config.laneCount)
  await purge(deps, { filter: WAITING_SUBJECTS.head(lane, subscriptionId, '*', deliveryId) })
  await purge(deps, { filter: WAITING_SUBJECTS.retry(lane, subscriptionId, deliveryId) })
  await purge(deps, { filter: WAITING_SUBJECTS.parkedOfDelivery(lane, subscriptionId, deliveryId) })
}

async function purge(
  { nats, logger }: Pick<RouteDependencies, 'nats' | 'logger'>,
  what: { filter: string; seq?: number },
): Promise<void> {
  try {
    await nats.jsm.streams.purge(STREAM_NAMES.waiting, what as { filter: string; seq: number })
  } catch (error) {
    logger.warn({ err: error, ...what }, 'what was called off is dropped when its time comes')
  }
}
