import { defineEntity, p } from '@mikro-orm/core'

/** One HTTP request of a delivery, made or to be made: the contract's request attempt. */
export const AttemptRow = defineEntity({
  name: 'AttemptRow',
  tableName: 'attempts',
  properties: {
    attemptId: p.uuid().primary(),
    deliveryId: p.uuid(),
    eventId: p.uuid(),
    eventType: p.text(),
    applicationId: p.text(),
    subscriptionId: p.uuid(),
    attemptNumber: p.integer(),
    createdAt: p.datetime(3),
    /** When a retry is due; null for a first attempt. */
    delayUntil: p.datetime(3).nullable(),
    pickedAt: p.datetime(3).nullable(),
    succeededAt: p.datetime(3).nullable(),
    failedAt: p.datetime(3).nullable(),
    outcome: p.text().nullable().$type<'success' | 'failed' | 'timeout' | 'cancelled' | null>(),
    statusCode: p.integer().nullable(),
    errorMessage: p.text().nullable(),
    durationMs: p.integer().nullable(),
    /** The attempt's own id once there is a response row, else null. */
    responseId: p.uuid().nullable(),
    nextAttemptAt: p.datetime(3).nullable(),
  },
})
