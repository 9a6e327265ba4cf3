import { defineEntity, p } from '@mikro-orm/core'

/** A subscription's latest cancellation: deliveries that were matched with an older CONTROL sequence are closed. */
export const CancellationRow = defineEntity({
  name: 'CancellationRow',
  tableName: 'cancellations',
  properties: {
    subscriptionId: p.uuid().primary(),
    controlSeq: p.bigint('number'),
    cancelledAt: p.datetime(3),
  },
})
