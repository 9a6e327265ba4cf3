import type { ClientBase } from 'pg'
import {
  type ApplicationState,
  type ControlFact,
  decodeControlFact,
  type EventTypeState,
  type SubscriptionState,
} from '#shared/facts/control.ts'
import type { Projection } from './projection.ts'

/** The latest state of each thing that has a table; of several states in one batch only the last is written. */
export interface ControlRows {
  applications: Map<string, ApplicationState>
  eventTypes: Map<string, EventTypeState>
  subscriptions: Map<string, SubscriptionState>
}

/** CONTROL → `applications`, `event_types`, `subscriptions`. Few facts: row by row. */
export const controlProjection: Projection<ControlFact, null, ControlRows> = {
  name: 'control',
  version: 1,
  stream: 'CONTROL',
  mayHaveGaps: true,
  decode: (message) => decodeControlFact(message.string()),
  loadState: async () => null,
  fold(state, facts) {
    const rows: ControlRows = { applications: new Map(), eventTypes: new Map(), subscriptions: new Map() }
    for (const { fact } of facts) {
      if (fact.type === 'application') rows.applications.set(fact.applicationId, fact)
      else if (fact.type === 'event_type') rows.eventTypes.set(`${fact.applicationId} ${fact.name}`, fact)
      else if (fact.type === 'subscription') rows.subscriptions.set(fact.subscriptionId, fact)
    }
    return { rows, state }
  },
  async write(client, { applications, eventTypes, subscriptions }) {
    for (const state of applications.values()) await upsertApplication(client, state)
    for (const state of eventTypes.values()) await upsertEventType(client, state)
    for (const state of subscriptions.values()) await upsertSubscription(client, state)
  },
  matchedEventSeq: () => 0,
}

async function upsertApplication(client: ClientBase, state: ApplicationState): Promise<void> {
  await client.query(
    `INSERT INTO applications (application_id, organization_id, name, deleted_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (application_id) DO UPDATE SET name = excluded.name, deleted_at = excluded.deleted_at`,
    [state.applicationId, state.organizationId, state.name, dateOf(state.deletedAtMs)],
  )
}

async function upsertEventType(client: ClientBase, state: EventTypeState): Promise<void> {
  await client.query(
    `INSERT INTO event_types (application_id, name, service, resource_type, verb, deactivated_at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (application_id, name) DO UPDATE SET service = excluded.service, resource_type = excluded.resource_type,
       verb = excluded.verb, deactivated_at = excluded.deactivated_at`,
    [state.applicationId, state.name, state.service, state.resourceType, state.verb, dateOf(state.deactivatedAtMs)],
  )
}

async function upsertSubscription(client: ClientBase, state: SubscriptionState): Promise<void> {
  await client.query(
    `INSERT INTO subscriptions (subscription_id, application_id, is_enabled, event_types, labels, description, metadata,
       target_method, target_url, sealed, max_retries, created_at, updated_at, deleted_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     ON CONFLICT (subscription_id) DO UPDATE SET is_enabled = excluded.is_enabled, event_types = excluded.event_types,
       labels = excluded.labels, description = excluded.description, metadata = excluded.metadata,
       target_method = excluded.target_method, target_url = excluded.target_url, sealed = excluded.sealed,
       max_retries = excluded.max_retries, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at`,
    [
      state.subscriptionId,
      state.applicationId,
      state.isEnabled,
      JSON.stringify(state.eventTypes),
      JSON.stringify(state.labels),
      state.description,
      JSON.stringify(state.metadata),
      state.target.method,
      state.target.url,
      state.sealed,
      state.maxRetries,
      dateOf(state.createdAtMs),
      dateOf(state.updatedAtMs),
      dateOf(state.deletedAtMs),
    ],
  )
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms)
}
