import type { AuditEntryAnswer } from '#shared/contract/account-schemas.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { timestampSql } from './timestamp.ts'

export interface AuditRecord {
  control_seq: string
  at: string
  actor_kind: string
  actor_id: string
  action: AuditEntryAnswer['action']
  resource_kind: string
  resource_id: string
  application_id: string | null
  state: Record<string, unknown>
  state_before: Record<string, unknown> | null
}

export interface AuditFilter {
  organizationId: string
  applicationId: string | null
  resourceKind: string | null
  resourceId: string | null
  actorId: string | null
  action: string | null
  minAt: string | null
  maxAt: string | null
  /** Only what was changed before this place. */
  beforeSeq: number | null
  limit: number
}

/** Changes of an organisation, newest first, each with the state that it began from. */
export function listAuditRecords(orm: Orm, filter: AuditFilter): Promise<AuditRecord[]> {
  const conditions = ['a.organization_id = ?']
  const values: unknown[] = [filter.organizationId]
  const where = (condition: string, value: unknown) => {
    if (value === null) return
    conditions.push(condition)
    values.push(value)
  }
  where('a.application_id = ?', filter.applicationId)
  where('a.resource_kind = ?', filter.resourceKind)
  where('a.resource_id = ?', filter.resourceId)
  where('a.actor_id = ?', filter.actorId)
  where('a.action = ?', filter.action)
  where('a.at >= ?::timestamptz', filter.minAt)
  where('a.at <= ?::timestamptz', filter.maxAt)
  where('a.control_seq < ?', filter.beforeSeq)
  return orm.em.getConnection().execute<AuditRecord[]>(
    `SELECT a.control_seq, ${timestampSql('a.at')} AS at, a.actor_kind, a.actor_id, a.action, a.resource_kind, a.resource_id,
       a.application_id, a.state, b.state AS state_before
     FROM audit_log a
     LEFT JOIN LATERAL (
       SELECT state FROM audit_log b
       WHERE b.resource_kind = a.resource_kind AND b.resource_id = a.resource_id AND b.organization_id = a.organization_id
         AND b.application_id IS NOT DISTINCT FROM a.application_id AND b.control_seq < a.control_seq
       ORDER BY b.control_seq DESC LIMIT 1
     ) b ON true
     WHERE ${conditions.join(' AND ')} ORDER BY a.control_seq DESC LIMIT ${Math.floor(filter.limit)}`,
    values,
  )
}
