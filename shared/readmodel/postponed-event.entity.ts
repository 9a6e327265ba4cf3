import { defineEntity, p } from '@mikro-orm/core'

/** An event that was to be delivered later than it was posted. */
export const PostponedEventRow = defineEntity({
  name: 'PostponedEventRow',
  tableName: 'postponed_events',
  properties: {
    eventId: p.uuid().primary(),
    applicationId: p.text(),
    deliverAt: p.datetime(3),
    status: p.text().$type<'waiting' | 'released' | 'withdrawn'>(),
    endedAt: p.datetime(3).nullable(),
  },
})
