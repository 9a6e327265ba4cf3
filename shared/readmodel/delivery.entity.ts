import { defineEntity, p } from '@mikro-orm/core'

export type DeliveryStatus = 'pending' | 'succeeded' | 'dead-lettered' | 'cancelled'

/** One event on its way to one subscription. */
export const DeliveryRow = defineEntity({
  name: 'DeliveryRow',
  tableName: 'deliveries',
  properties: {
    deliveryId: p.uuid().primary(),
    eventId: p.uuid(),
    applicationId: p.text(),
    subscriptionId: p.uuid(),
    controlSeq: p.bigint('number'),
    status: p.text().$type<DeliveryStatus>(),
    createdAt: p.datetime(3),
    finishedAt: p.datetime(3).nullable(),
    eventSeq: p.bigint('number'),
    /** The dead letter that it sends again. */
    redriveOf: p.uuid().nullable(),
    replayId: p.uuid().nullable(),
    /** The redrive or replay job that made it. */
    jobId: p.uuid().nullable(),
  },
})
