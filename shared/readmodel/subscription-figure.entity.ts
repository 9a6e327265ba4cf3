import { defineEntity, p } from '@mikro-orm/core'
import type { FigureKind } from './attempt-figure.entity.ts'

/** What came of a subscription's attempts in an hour. */
export const SubscriptionFigureRow = defineEntity({
  name: 'SubscriptionFigureRow',
  tableName: 'subscription_figures',
  properties: {
    subscriptionId: p.uuid().primary(),
    at: p.datetime(3).primary(),
    kind: p.text().primary().$type<FigureKind>(),
    /** Of `latency-bins.ts`. */
    bin: p.integer().primary(),
    amount: p.bigint('number'),
    lastAt: p.datetime(3),
  },
})
