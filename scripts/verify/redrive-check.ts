import { deliveryIdOf, redrivenDeliveryIdOf } from '#shared/domain/ids.ts'
import type {
  DeadLettersDiscarded,
  DeadLettersRedriven,
  DeliveryCreated,
  ReplayAdvanced,
} from '#shared/facts/ledger.ts'
import { createIdSet } from './id-set.ts'

export interface RedriveCheckOptions {
  hasEnded(deliveryId: string): boolean
  hasSucceeded(deliveryId: string): boolean
  breaks(invariant: 'I11' | 'I21', subject: string, detail: string): void
}

/** Checks what people have asked to be sent again, in order. */
export interface RedriveCheck {
  onRedriven(fact: DeadLettersRedriven, deliveries: readonly DeliveryCreated[]): void
  onDiscarded(fact: DeadLettersDiscarded): void
  onReplayAdvanced(fact: ReplayAdvanced, deliveries: readonly DeliveryCreated[]): void
}

export function createRedriveCheck({ hasEnded, hasSucceeded, breaks }: RedriveCheckOptions): RedriveCheck {
  const resolved = new Set<string>()
  /** Deliveries that a replay has made, in all. */
  const replayed = new Map<string, number>()
  const replayedIds = createIdSet()

  function resolve(deliveryId: string, how: string): void {
    const subject = `delivery ${deliveryId}`
    if (resolved.has(deliveryId)) breaks('I21', subject, `is ${how}, though a person has decided about it before`)
    else if (!hasEnded(deliveryId)) breaks('I21', subject, `is ${how} before it has ended`)
    else if (hasSucceeded(deliveryId)) breaks('I21', subject, `is ${how}, though it has succeeded`)
    resolved.add(deliveryId)
  }

  return {
    onRedriven({ jobId, deliveryIds, applicationId }, deliveries) {
      for (const id of deliveryIds) resolve(id, 'redriven')
      const redriven = new Set(deliveryIds)
      if (deliveries.length !== redriven.size)
        breaks('I11', `redrive ${jobId}`, `has ${deliveries.length} deliveries for ${redriven.size} dead letters`)
      for (const { deliveryId, redriveOf, applicationId: own } of deliveries) {
        const subject = `delivery ${deliveryId}`
        if (redriveOf === undefined || !redriven.has(redriveOf))
          breaks('I11', subject, `is of no dead letter of the redrive ${jobId}`)
        else if (deliveryId !== redrivenDeliveryIdOf(redriveOf))
          breaks('I11', subject, `is not the one that sends ${redriveOf} again`)
        if (own !== applicationId) breaks('I11', subject, `is of application ${own}, not ${applicationId}`)
      }
    },
    onDiscarded({ deliveryIds }) {
      for (const id of deliveryIds) resolve(id, 'discarded')
    },
    onReplayAdvanced({ replayId, deliveryCount, deliveriesSoFar, applicationId }, deliveries) {
      const before = replayed.get(replayId) ?? 0
      replayed.set(replayId, deliveriesSoFar)
      if (deliveries.length !== deliveryCount || before + deliveryCount !== deliveriesSoFar)
        breaks(
          'I11',
          `replay ${replayId}`,
          `has ${before} and ${deliveries.length} deliveries, and says ${deliveryCount} of ${deliveriesSoFar}`,
        )
      for (const delivery of deliveries) {
        const { deliveryId, eventId, subscriptionId } = delivery
        if (deliveryId !== deliveryIdOf(eventId, subscriptionId, replayId))
          breaks('I11', `delivery ${deliveryId}`, `is not one of the replay ${replayId}`)
        else if (!replayedIds.add(deliveryId))
          breaks('I11', `delivery ${deliveryId}`, `was made twice by the replay ${replayId}`)
        if (delivery.applicationId !== applicationId)
          breaks('I11', `delivery ${deliveryId}`, `is of application ${delivery.applicationId}, not ${applicationId}`)
      }
    },
  }
}
