import { defineEntity, p } from '@mikro-orm/core'

/** How many events an application has posted on a day (UTC). */
export const EventCountRow = defineEntity({
  name: 'EventCountRow',
  tableName: 'event_counts',
  properties: {
    applicationId: p.text().primary(),
    day: p.date().primary(),
    amount: p.bigint('number'),
  },
})
