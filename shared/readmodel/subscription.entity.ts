import { defineEntity, p } from '@mikro-orm/core'

/** What request attempts show of their subscription; all else is answered from the registry. */
export const SubscriptionRow = defineEntity({
  name: 'SubscriptionRow',
  tableName: 'subscriptions',
  properties: {
    subscriptionId: p.uuid().primary(),
    applicationId: p.text(),
    description: p.text().nullable(),
  },
})
