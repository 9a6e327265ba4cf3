import type { ClientBase } from 'pg'
import type { AUDITED_ACTIONS, ControlFact } from '#shared/facts/control.ts'

/** One line of the audit log: who brought which thing to which state. */
export interface AuditEntry {
  controlSeq: number
  organizationId: string
  applicationId: string | null
  atMs: number
  actorKind: string
  actorId: string
  action: 'created' | 'updated' | 'deleted' | 'revealed' | (typeof AUDITED_ACTIONS)[number]
  resourceKind: string
  resourceId: string
  /** The thing's fields, without secrets and what they could be found by. */
  state: Record<string, unknown>
}

/** Never shown: sealed secrets, keyed hashes, and what stands in the entry itself. */
const HIDDEN = new Set(['v', 'type', 'sealed', 'lookup', 'changedAtMs', 'changedBy', 'lastCancelledSeq'])
/** As much of a keyed hash as tells two secrets apart. */
const LOOKUP_CHARACTERS = 12

/** @returns null for facts that no organisation's log shows (users, sessions, lanes). */
export function auditEntryOf(fact: ControlFact, controlSeq: number): AuditEntry | null {
  switch (fact.type) {
    case 'organization':
      return entry(fact, controlSeq, fact.organizationId, null)
    case 'membership':
      return entry(fact, controlSeq, fact.userId, null)
    case 'service_token':
      return entry(fact, controlSeq, fact.tokenId, null)
    case 'application':
      return entry(fact, controlSeq, fact.applicationId, fact.applicationId)
    case 'application_secret':
      return entry(fact, controlSeq, fact.lookup.slice(0, LOOKUP_CHARACTERS), fact.applicationId)
    case 'subscription':
      return entry(fact, controlSeq, fact.subscriptionId, fact.applicationId)
    case 'job':
      return entry({ ...fact, type: fact.kind, deletedAtMs: null }, controlSeq, fact.jobId, fact.applicationId)
    case 'secret_reveal': {
      const shown = { ...fact, createdAtMs: fact.changedAtMs, deletedAtMs: null }
      return { ...entry(shown, controlSeq, fact.subscriptionId, fact.applicationId), action: 'revealed', state: {} }
    }
    case 'cancellation': {
      const shown = { ...fact, createdAtMs: fact.changedAtMs, deletedAtMs: null }
      return { ...entry(shown, controlSeq, fact.subscriptionId, fact.applicationId), action: 'cancelled', state: {} }
    }
    case 'action': {
      const shown = { ...fact, type: fact.resourceKind, createdAtMs: fact.changedAtMs, deletedAtMs: null }
      return { ...entry(shown, controlSeq, fact.resourceId, fact.applicationId), action: fact.action, state: {} }
    }
    case 'event_type': {
      const { deactivatedAtMs: deletedAtMs, ...state } = fact
      return entry({ ...state, deletedAtMs }, controlSeq, fact.name, fact.applicationId)
    }
    case 'user':
    case 'user_email':
    case 'session':
    case 'quota_guard':
    case 'lane':
    case 'lane_owner':
    case 'notifier':
    case 'receiver':
    case 'job_progress':
    case 'handshake':
      return null
  }
}

interface Auditable {
  type: string
  organizationId: string
  createdAtMs: number
  changedAtMs: number
  deletedAtMs: number | null
  changedBy: { kind: string; id: string }
}

function entry(fact: Auditable, controlSeq: number, resourceId: string, applicationId: string | null): AuditEntry {
  return {
    controlSeq,
    organizationId: fact.organizationId,
    applicationId,
    atMs: fact.changedAtMs,
    actorKind: fact.changedBy.kind,
    actorId: fact.changedBy.id,
    action: fact.deletedAtMs !== null ? 'deleted' : fact.createdAtMs === fact.changedAtMs ? 'created' : 'updated',
    resourceKind: fact.type,
    resourceId,
    state: Object.fromEntries(Object.entries(fact).filter(([name]) => !HIDDEN.has(name))),
  }
}

/** The same change, read twice, is one line. */
export async function insertAuditEntries(client: ClientBase, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return
  const of = <T>(value: (each: AuditEntry) => T) => entries.map(value)
  await client.query({
    name: 'insert-audit',
    text: `
      INSERT INTO audit_log (control_seq, organization_id, application_id, at, actor_kind, actor_id, action, resource_kind,
        resource_id, state)
      SELECT control_seq, organization_id, application_id, to_timestamp(at_ms / 1000.0), actor_kind, actor_id, action,
        resource_kind, resource_id, state::jsonb
      FROM unnest($1::bigint[], $2::text[], $3::text[], $4::float8[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::text[])
        AS t (control_seq, organization_id, application_id, at_ms, actor_kind, actor_id, action, resource_kind, resource_id, state)
      ON CONFLICT (control_seq) DO NOTHING`,
    values: [
      of((each) => each.controlSeq),
      of((each) => each.organizationId),
      of((each) => each.applicationId),
      of((each) => each.atMs),
      of((each) => each.actorKind),
      of((each) => each.actorId),
      of((each) => each.action),
      of((each) => each.resourceKind),
      of((each) => each.resourceId),
      of((each) => JSON.stringify(each.state).replaceAll('\\u0000', '\\ufffd')),
    ],
  })
}
