import { defineEntity, p } from '@mikro-orm/core'
import type { DeadLetterReason } from '../facts/ledger.ts'

/** A delivery that was given up or called off: what a person reads, groups and sends again. */
export const DeadLetterRow = defineEntity({
  name: 'DeadLetterRow',
  tableName: 'dead_letters',
  properties: {
    deliveryId: p.uuid().primary(),
    eventId: p.uuid(),
    eventType: p.text(),
    applicationId: p.text(),
    subscriptionId: p.uuid(),
    reason: p.text().$type<DeadLetterReason | 'cancelled'>(),
    statusCode: p.integer().nullable(),
    errorName: p.text().nullable(),
    errorMessage: p.text().nullable(),
    attemptCount: p.integer(),
    /** Null: no attempt was made. */
    lastAttemptId: p.uuid().nullable(),
    deadAt: p.datetime(3),
    /** Of the fact that ended it: the order of redrives. */
    ledgerSeq: p.bigint('number'),
    /** Null: it is open. */
    resolution: p.text().nullable().$type<'redriven' | 'discarded' | null>(),
    resolvedAt: p.datetime(3).nullable(),
    resolvedByKind: p.text().nullable(),
    resolvedById: p.text().nullable(),
    jobId: p.uuid().nullable(),
    discardReason: p.text().nullable(),
  },
})
