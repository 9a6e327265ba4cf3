import type { AuditEntryAnswer } from '#shared/contract/account-schemas.ts'
import type { Registry } from '#shared/domain/registry.ts'
import type { AuditRecord } from '../queries/audit.ts'

export function presentAuditEntry(record: AuditRecord, registry: Registry): AuditEntryAnswer {
  return {
    audit_id: record.control_seq,
    at: record.at,
    actor: { kind: record.actor_kind, id: record.actor_id, name: nameOf(record, registry) },
    action: record.action,
    resource: { kind: record.resource_kind, id: record.resource_id, application_id: record.application_id },
    changes: differences(record.state_before ?? {}, record.state),
    state: record.state,
  }
}

function nameOf({ actor_kind, actor_id }: AuditRecord, registry: Registry): string | null {
  if (actor_kind === 'user') return registry.accounts.users.get(actor_id)?.state.email || null
  if (actor_kind === 'service_token') return registry.serviceTokens.get(actor_id)?.state.name ?? null
  return null
}

/** The fields that differ, by name. */
export function differences(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): AuditEntryAnswer['changes'] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .sort()
    .map((field) => ({ field, before: before[field] ?? null, after: after[field] ?? null }))
}
