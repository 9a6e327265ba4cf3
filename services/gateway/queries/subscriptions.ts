import type { InferEntity } from '@mikro-orm/core'
import { SubscriptionRow } from '#shared/readmodel/subscription.entity.ts'
import type { Orm } from '#shared/runtime/postgres.ts'

export type SubscriptionRecord = InferEntity<typeof SubscriptionRow>

/** The subscriptions of an application that are not deleted, oldest first. */
export function listSubscriptions(orm: Orm, applicationId: string): Promise<SubscriptionRecord[]> {
  return orm.em
    .fork()
    .find(SubscriptionRow, { applicationId, deletedAt: null }, { orderBy: { createdAt: 'asc', subscriptionId: 'asc' } })
}

export function findSubscription(orm: Orm, subscriptionId: string): Promise<SubscriptionRecord | null> {
  return orm.em.fork().findOne(SubscriptionRow, { subscriptionId, deletedAt: null })
}
