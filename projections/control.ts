import type { ClientBase } from 'pg'
import { type ControlFact, decodeControlFact, type SubscriptionState } from '#shared/facts/control.ts'
import { type AuditEntry, auditEntryOf, insertAuditEntries } from './audit-entry.ts'
import type { Projection } from './projection.ts'

/** The latest state of each subscription, of several in one batch only the last; and every change for the audit log. */
export interface ControlRows {
  subscriptions: Map<string, SubscriptionState>
  auditEntries: AuditEntry[]
}

/** CONTROL → `subscriptions`, `audit_log`. Few facts: row by row. What else CONTROL holds is answered from the registry. */
export const controlProjection: Projection<ControlFact, null, ControlRows> = {
  name: 'control',
  version: 1,
  stream: 'CONTROL',
  mayHaveGaps: true,
  decode: (message) => decodeControlFact(message.string()),
  loadState: async () => null,
  fold(state, facts) {
    const rows: ControlRows = { subscriptions: new Map(), auditEntries: [] }
    for (const { fact, seq } of facts) {
      if (fact.type === 'subscription') rows.subscriptions.set(fact.subscriptionId, fact)
      const entry = auditEntryOf(fact, seq)
      if (entry) rows.auditEntries.push(entry)
    }
    return { rows, state }
  },
  async write(client, { subscriptions, auditEntries }) {
    for (const state of subscriptions.values()) await upsertSubscription(client, state)
    await insertAuditEntries(client, auditEntries)
  },
  matchedEventSeq: () => 0,
}

async function upsertSubscription(client: ClientBase, state: SubscriptionState): Promise<void> {
  await client.query(
    `INSERT INTO subscriptions (subscription_id, application_id, description) VALUES ($1, $2, $3)
     ON CONFLICT (subscription_id) DO UPDATE SET description = excluded.description`,
    [state.subscriptionId, state.applicationId, state.description?.replaceAll('\u0000', '\ufffd') ?? null],
  )
}
