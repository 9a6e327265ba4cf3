import { defineEntity, p } from '@mikro-orm/core'

/** The id of an event whose row was deleted for its age: it stays taken as long as anything of it is left. */
export const ExpiredEventIdRow = defineEntity({
  name: 'ExpiredEventIdRow',
  tableName: 'expired_event_ids',
  properties: {
    eventId: p.uuid().primary(),
    receivedAt: p.datetime(6),
  },
})
