import { defineEntity, p } from '@mikro-orm/core'

/**
 * What is counted: answers that were a success or not by how long the request took, deliveries that succeeded by how long they
 * took from their beginning, and deliveries that were given up (bin 0).
 */
export type FigureKind = 'succeeded' | 'failed' | 'delivered' | 'dead'

/** What came of an application's attempts in a minute, and in an hour. */
export const AttemptFigureRow = defineEntity({
  name: 'AttemptFigureRow',
  tableName: 'attempt_figures',
  properties: {
    applicationId: p.text().primary(),
    /** Seconds: 60 or 3,600. */
    step: p.integer().primary(),
    at: p.datetime(3).primary(),
    kind: p.text().primary().$type<FigureKind>(),
    /** Of `latency-bins.ts`. */
    bin: p.integer().primary(),
    amount: p.bigint('number'),
  },
})
