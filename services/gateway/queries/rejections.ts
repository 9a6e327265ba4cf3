import type { Orm } from '#shared/runtime/postgres.ts'
import { timestampSql } from './timestamp.ts'

export interface RejectionRecord {
  rejection_id: string
  application_id: string
  event_id: string | null
  event_type: string | null
  problem_id: string
  status: number
  detail: string
  published_at: string
  rejected_at: string
  ledger_seq: string
}

export interface RejectionsFilter {
  applicationId: string
  eventId: string | null
  eventTypes: string[]
  problemIds: string[]
  minRejectedAt: string | null
  maxRejectedAt: string | null
  /** Only those that stand before this place in LEDGER. */
  beforeSeq: number | null
  limit: number
}

/** One page, the latest first. */
export function listRejections(orm: Orm, filter: RejectionsFilter): Promise<RejectionRecord[]> {
  const conditions = ['r.application_id = ?']
  const values: unknown[] = [filter.applicationId]
  const where = (condition: string, value: unknown) => {
    if (value === null) return
    conditions.push(condition)
    values.push(value)
  }
  const oneOf = (column: string, names: string[]) => {
    if (names.length === 0) return
    conditions.push(`${column} IN (${names.map(() => '?').join(', ')})`)
    values.push(...names)
  }
  where('r.event_id = ?::uuid', filter.eventId)
  oneOf('r.event_type', filter.eventTypes)
  oneOf('r.problem_id', filter.problemIds)
  where('r.rejected_at >= ?::timestamptz', filter.minRejectedAt)
  where('r.rejected_at <= ?::timestamptz', filter.maxRejectedAt)
  where('r.ledger_seq < ?', filter.beforeSeq)
  return orm.em.getConnection().execute<RejectionRecord[]>(
    `SELECT r.rejection_id, r.application_id, r.event_id, r.event_type, r.problem_id, r.status, r.detail,
       ${timestampSql('r.published_at')} AS published_at, ${timestampSql('r.rejected_at')} AS rejected_at, r.ledger_seq
     FROM rejections r WHERE ${conditions.join(' AND ')} ORDER BY r.ledger_seq DESC LIMIT ${Math.floor(filter.limit)}`,
    values,
  )
}

/** Which of these are recorded. */
export async function findRejectionIds(orm: Orm, rejectionIds: readonly string[]): Promise<Set<string>> {
  const rows = await orm.em
    .getConnection()
    .execute<{ rejection_id: string }[]>('SELECT rejection_id FROM rejections WHERE rejection_id = ANY(?::uuid[])', [
      `{${rejectionIds.join(',')}}`,
    ])
  return new Set(rows.map(({ rejection_id }) => rejection_id))
}
