import type { MatchedState } from '#shared/domain/why-not.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import { timestampSql } from './timestamp.ts'

export interface DeliveryRecord {
  delivery_id: string
  subscription_id: string
  status: 'pending' | 'succeeded' | 'dead-lettered' | 'cancelled'
  created_at: string
  finished_at: string | null
  replay_id: string | null
  redrive_of: string | null
  job_id: string | null
}

/** All deliveries of an event, the oldest first. */
export function listDeliveriesOfEvent(orm: Orm, eventId: string): Promise<DeliveryRecord[]> {
  return orm.em.getConnection().execute<DeliveryRecord[]>(
    `SELECT d.delivery_id, d.subscription_id, d.status, ${timestampSql('d.created_at')} AS created_at,
       ${timestampSql('d.finished_at')} AS finished_at, d.replay_id, d.redrive_of, d.job_id
     FROM deliveries d
     WHERE d.delivery_id IN (SELECT a.delivery_id FROM attempts a WHERE a.event_id = ?)
     ORDER BY d.created_at, d.delivery_id`,
    [eventId],
  )
}

/** Up to where in its history a subscription is looked at. */
export type Moment = { controlSeq: number } | { at: string }

/** What the application's subscriptions were at a moment, by id; those that came later are missing. */
export async function subscriptionsAt(
  orm: Orm,
  applicationId: string,
  moment: Moment,
): Promise<Map<string, MatchedState>> {
  const [condition, value] =
    'at' in moment ? ['at <= ?::timestamptz', moment.at] : ['control_seq <= ?', moment.controlSeq]
  const rows = await orm.em.getConnection().execute<{ resource_id: string; state: Partial<MatchedState> }[]>(
    `SELECT DISTINCT ON (resource_id) resource_id, state FROM audit_log
     WHERE application_id = ? AND resource_kind = 'subscription' AND ${condition}
     ORDER BY resource_id, control_seq DESC`,
    [applicationId, value],
  )
  return new Map(rows.map(({ resource_id, state }) => [resource_id, asMatched(state)]))
}

/** Entries hold a state as it was written, by whichever release. */
function asMatched(state: Partial<MatchedState>): MatchedState {
  return {
    isEnabled: state.isEnabled ?? true,
    deletedAtMs: state.deletedAtMs ?? null,
    eventTypes: state.eventTypes ?? [],
    labels: state.labels ?? {},
    filter: state.filter ?? null,
    disabledBecause: state.disabledBecause ?? null,
  }
}

export async function findPostponement(
  orm: Orm,
  eventId: string,
): Promise<{ status: 'waiting' | 'released' | 'withdrawn'; ended_at: string | null } | null> {
  const [row] = await orm.em
    .getConnection()
    .execute<{ status: 'waiting' | 'released' | 'withdrawn'; ended_at: string | null }[]>(
      `SELECT status, ${timestampSql('ended_at')} AS ended_at FROM postponed_events WHERE event_id = ?`,
      [eventId],
    )
  return row ?? null
}
