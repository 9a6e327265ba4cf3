import { defineEntity, p } from '@mikro-orm/core'

/** A change that somebody made: one state of a thing, without its secrets. */
export const AuditEntryRow = defineEntity({
  name: 'AuditEntryRow',
  tableName: 'audit_log',
  properties: {
    controlSeq: p.bigint('number').primary(),
    organizationId: p.text(),
    applicationId: p.text().nullable(),
    at: p.datetime(3),
    actorKind: p.text(),
    actorId: p.text(),
    action: p.text(),
    resourceKind: p.text(),
    resourceId: p.text(),
    state: p.json<Record<string, unknown>>(),
  },
})
