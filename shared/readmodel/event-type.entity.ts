import { defineEntity, p } from '@mikro-orm/core'

export const EventTypeRow = defineEntity({
  name: 'EventTypeRow',
  tableName: 'event_types',
  properties: {
    applicationId: p.text().primary(),
    name: p.text().primary(),
    service: p.text(),
    resourceType: p.text(),
    verb: p.text(),
    deactivatedAt: p.datetime(3).nullable(),
  },
})
