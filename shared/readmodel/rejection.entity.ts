import { defineEntity, p } from '@mikro-orm/core'

/** A message of INBOX that became no event. */
export const RejectionRow = defineEntity({
  name: 'RejectionRow',
  tableName: 'rejections',
  properties: {
    rejectionId: p.uuid().primary(),
    ledgerSeq: p.bigint('number'),
    applicationId: p.text(),
    eventId: p.uuid().nullable(),
    eventType: p.text().nullable(),
    problemId: p.text(),
    status: p.integer(),
    detail: p.text(),
    publishedAt: p.datetime(3),
    rejectedAt: p.datetime(3),
  },
})
