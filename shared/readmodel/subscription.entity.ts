import { defineEntity, p } from '@mikro-orm/core'
import type { HttpMethod } from '../facts/control.ts'

/** A subscription's state. Secret and target headers stand in `sealed`, encrypted. */
export const SubscriptionRow = defineEntity({
  name: 'SubscriptionRow',
  tableName: 'subscriptions',
  properties: {
    subscriptionId: p.uuid().primary(),
    applicationId: p.text(),
    isEnabled: p.boolean(),
    eventTypes: p.json<string[]>(),
    labels: p.json<Record<string, string>>(),
    description: p.text().nullable(),
    metadata: p.json<Record<string, string>>(),
    targetMethod: p.text().$type<HttpMethod>(),
    targetUrl: p.text(),
    sealed: p.text(),
    maxRetries: p.integer().nullable(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    deletedAt: p.datetime(3).nullable(),
  },
})
