import { defineEntity, p } from '@mikro-orm/core'

/** The latest cancellation of a subscription or of a whole application: deliveries that were matched with an older CONTROL sequence are closed. */
export const CancellationRow = defineEntity({
  name: 'CancellationRow',
  tableName: 'cancellations',
  properties: {
    scopeId: p.text().primary(),
    controlSeq: p.bigint('number'),
    cancelledAt: p.datetime(3),
  },
})
