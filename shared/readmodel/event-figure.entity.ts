import { defineEntity, p } from '@mikro-orm/core'

/** How many events an application has posted in a minute. */
export const EventFigureRow = defineEntity({
  name: 'EventFigureRow',
  tableName: 'event_figures',
  properties: {
    applicationId: p.text().primary(),
    at: p.datetime(3).primary(),
    amount: p.bigint('number'),
  },
})
