import type { Orm } from '#shared/runtime/postgres.ts'

/** An attempt that should have been made by now, with all that a due message says. */
export interface OverdueAttempt {
  attemptId: string
  attemptNumber: number
  deliveryId: string
  eventId: string
  eventSeq: number
  eventType: string
  applicationId: string
  subscriptionId: string
  controlSeq: number
  createdAtMs: number
  dueAtMs: number
  replayId?: string
  redriveOf?: string
}

const MS = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`

/** Whose attempts are asked for: of all subscriptions but these, or of one. */
export type OverdueScope = { except: readonly string[] } | { of: string }

/** Open attempts of open deliveries that were due before `beforeMs`, the oldest first; of one subscription: retries, then in the order of events. */
async function listOverdueAttempts(
  orm: Orm,
  beforeMs: number,
  limit: number,
  scope: OverdueScope,
): Promise<OverdueAttempt[]> {
  const [condition, ids, order] =
    'of' in scope
      ? ['a.subscription_id = ANY(?::uuid[])', [scope.of], 'a.attempt_number = 1, e.seq']
      : ['NOT a.subscription_id = ANY(?::uuid[])', scope.except, 'coalesce(a.delay_until, a.created_at)']
  const rows = await orm.em.getConnection().execute<Record<string, string | number | null>[]>(
    `SELECT a.attempt_id, a.attempt_number, a.delivery_id, a.event_id, e.seq AS event_seq, a.event_type, a.application_id,
       a.subscription_id, d.control_seq, d.replay_id, d.redrive_of, ${MS('a.created_at')} AS created_ms, ${MS('coalesce(a.delay_until, a.created_at)')} AS due_ms
     FROM attempts a
     JOIN deliveries d ON d.delivery_id = a.delivery_id AND d.status = 'pending'
     JOIN events e ON e.event_id = a.event_id
     WHERE a.outcome IS NULL AND coalesce(a.delay_until, a.created_at) < to_timestamp(?::float8 / 1000)
       AND ${condition}
     ORDER BY ${order} LIMIT ${Math.floor(limit)}`,
    [beforeMs, `{${ids.join(',')}}`],
  )
  return rows.map((row) => ({
    attemptId: String(row['attempt_id']),
    attemptNumber: Number(row['attempt_number']),
    deliveryId: String(row['delivery_id']),
    eventId: String(row['event_id']),
    eventSeq: Number(row['event_seq']),
    eventType: String(row['event_type']),
    applicationId: String(row['application_id']),
    subscriptionId: String(row['subscription_id']),
    controlSeq: Number(row['control_seq']),
    createdAtMs: Math.round(Number(row['created_ms'])),
    dueAtMs: Math.round(Number(row['due_ms'])),
    ...(row['replay_id'] === null ? {} : { replayId: String(row['replay_id']) }),
    ...(row['redrive_of'] === null ? {} : { redriveOf: String(row['redrive_of']) }),
  }))
}

/** An event that should have been matched by now. */
export interface OverdueEvent {
  eventId: string
  eventSeq: number
  applicationId: string
  deliverAtMs: number
}

async function listOverdueEvents(orm: Orm, beforeMs: number, limit: number): Promise<OverdueEvent[]> {
  const rows = await orm.em
    .getConnection()
    .execute<{ event_id: string; seq: string; application_id: string; deliver_ms: number }[]>(
      `SELECT p.event_id, e.seq, p.application_id, ${MS('p.deliver_at')} AS deliver_ms
       FROM postponed_events p JOIN events e ON e.event_id = p.event_id
       WHERE p.status = 'waiting' AND p.deliver_at < to_timestamp(?::float8 / 1000)
       ORDER BY p.deliver_at LIMIT ${Math.floor(limit)}`,
      [beforeMs],
    )
  return rows.map((row) => ({
    eventId: row.event_id,
    eventSeq: Number(row.seq),
    applicationId: row.application_id,
    deliverAtMs: Math.round(row.deliver_ms),
  }))
}

/** What a reconciler asks of the read model. */
export interface Overdue {
  /** How far LEDGER is in it. */
  ledgerCheckpoint(): Promise<number>
  attempts(beforeMs: number, limit: number, scope: OverdueScope): Promise<OverdueAttempt[]>
  events(beforeMs: number, limit: number): Promise<OverdueEvent[]>
}

export function createOverdue(orm: Orm): Overdue {
  return {
    ledgerCheckpoint: () => ledgerCheckpoint(orm),
    attempts: (beforeMs, limit, scope) => listOverdueAttempts(orm, beforeMs, limit, scope),
    events: (beforeMs, limit) => listOverdueEvents(orm, beforeMs, limit),
  }
}

/** How far LEDGER is in the read model. */
async function ledgerCheckpoint(orm: Orm): Promise<number> {
  const [row] = await orm.em
    .getConnection()
    .execute<{ seq: string }[]>(`SELECT seq FROM projection_checkpoints WHERE name = 'ledger'`)
  return Number(row?.seq ?? 0)
}
