import { defineEntity, p } from '@mikro-orm/core'
import type { DeadLetterReason } from '../facts/ledger.ts'

/** A delivery that was given up: what a person reads, groups and sends again. */
export const DeadLetterRow = defineEntity({
  name: 'DeadLetterRow',
  tableName: 'dead_letters',
  properties: {
    deliveryId: p.uuid().primary(),
    eventId: p.uuid(),
    eventType: p.text(),
    applicationId: p.text(),
    subscriptionId: p.uuid(),
    reason: p.text().$type<DeadLetterReason>(),
    statusCode: p.integer().nullable(),
    errorName: p.text().nullable(),
    errorMessage: p.text().nullable(),
    attemptCount: p.integer(),
    lastAttemptId: p.uuid(),
    deadAt: p.datetime(3),
  },
})
