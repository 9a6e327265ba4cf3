import type { EventTypeAnswer, SubscriptionAnswer } from '#shared/contract/schemas.ts'
import type { ApiClient } from '../api-client.ts'
import type { SubscriptionEntry } from '../declarative/document.ts'
import { escapePlaceholders } from '../declarative/placeholders.ts'
import { usageError } from '../exit-codes.ts'
import { type DumpRow, readCopySections } from './copy-sections.ts'
import {
  applicationName,
  descriptionOf,
  type Imported,
  type ImportedApplication,
  jsonColumn,
  textMap,
} from './imported.ts'

/** A subscription as either source tells it. */
interface Hook0Subscription {
  id: string
  isEnabled: boolean
  description: string | null
  eventTypes: string[]
  labels: Record<string, string>
  metadata: Record<string, string>
  target: { method: string; url: string; headers: Record<string, string> }
}

interface Hook0Application {
  id: string
  name: string
  eventTypes: string[]
  subscriptions: Hook0Subscription[]
}

/** Reads applications from a running server by its public API. */
export async function readHook0Server(api: ApiClient, ids: readonly string[]): Promise<Imported> {
  const applications: Hook0Application[] = []
  for (const id of ids) {
    const query = { application_id: id }
    const { name } = await api.call<{ name: string }>('GET', `/applications/${encodeURIComponent(id)}`)
    const types = await api.call<EventTypeAnswer[]>('GET', '/event_types', { query })
    const subscriptions = await api.call<SubscriptionAnswer[]>('GET', '/subscriptions', { query })
    applications.push({
      id,
      name,
      eventTypes: types.map(({ event_type_name }) => event_type_name),
      subscriptions: subscriptions.map((each) => ({
        id: each.subscription_id,
        isEnabled: each.is_enabled,
        description: each.description,
        eventTypes: each.event_types,
        labels: each.labels ?? { [each.label_key]: each.label_value },
        metadata: each.metadata,
        target: each.target,
      })),
    })
  }
  return importedOf(applications)
}

const TABLES = {
  applications: 'event.application',
  eventTypes: 'event.event_type',
  subscriptions: 'webhook.subscription',
  subscribed: 'webhook.subscription__event_type',
  targets: 'webhook.target_http',
}

/** Reads all applications of a dump of its database. Columns that a version doesn't have are done without. */
export async function readHook0Dump(file: string): Promise<Imported> {
  const tables = await readCopySections(file, Object.values(TABLES))
  const rows = (name: keyof typeof TABLES) => tables.get(TABLES[name]) ?? []
  const isLive = (row: DumpRow) => !row['deleted_at'] && !row['deactivated_at']
  const targets = new Map(rows('targets').map((row) => [row['target__id'], row]))
  const typesOf = Map.groupBy(rows('subscribed'), (row) => row['subscription__id'])
  const subscriptionsOf = Map.groupBy(rows('subscriptions').filter(isLive), (row) => row['application__id'])
  const eventTypesOf = Map.groupBy(rows('eventTypes').filter(isLive), (row) => row['application__id'])
  const deleted = new Set(
    rows('applications')
      .filter((row) => !isLive(row))
      .map((row) => row['application__id']),
  )
  const names = new Map(rows('applications').map((row) => [row['application__id'], row['name']]))
  const ids = new Set([...names.keys(), ...subscriptionsOf.keys(), ...eventTypesOf.keys()])
  const applications = [...ids]
    .filter((id): id is string => typeof id === 'string' && !deleted.has(id))
    .map((id) => ({
      id,
      name: names.get(id) ?? id,
      eventTypes: (eventTypesOf.get(id) ?? []).map(typeNameOf),
      subscriptions: (subscriptionsOf.get(id) ?? []).flatMap((row) => {
        const target = targets.get(row['target__id'] ?? '')
        const eventTypes = (typesOf.get(row['subscription__id'] ?? '') ?? []).map(
          (each) => each['event_type__name'] ?? '',
        )
        return target ? [subscriptionOfRow(row, { target, eventTypes })] : []
      }),
    }))
  return importedOf(applications)
}

function typeNameOf(row: DumpRow): string {
  return row['event_type__name'] ?? [row['service__name'], row['resource_type__name'], row['verb__name']].join('.')
}

function subscriptionOfRow(
  row: DumpRow,
  { target, eventTypes }: { target: DumpRow; eventTypes: string[] },
): Hook0Subscription {
  const labels = textMap(jsonColumn(row['labels']))
  const { label_key: key, label_value: value } = row
  return {
    id: row['subscription__id'] ?? '',
    isEnabled: row['is_enabled'] !== 'f',
    description: row['description'] ?? null,
    eventTypes,
    labels: Object.keys(labels).length > 0 || !key ? labels : { [key]: value ?? '' },
    metadata: textMap(jsonColumn(row['metadata'])),
    target: {
      method: target['method'] ?? 'POST',
      url: target['url'] ?? '',
      headers: textMap(jsonColumn(target['headers'])),
    },
  }
}

function importedOf(applications: readonly Hook0Application[]): Imported {
  const notes: string[] = []
  if (applications.length === 0) throw usageError('There is no application to import.')
  return { document: { applications: applications.map((each) => applicationOf(each, notes)) }, notes }
}

function applicationOf({ name, eventTypes, subscriptions }: Hook0Application, notes: string[]): ImportedApplication {
  return {
    name: applicationName(name),
    event_types: eventTypes,
    subscriptions: subscriptions.flatMap((each) => {
      const entry = entryOf(each)
      if (entry.event_types.length > 0) return [entry]
      notes.push(`Subscription ${each.id} of '${name}' has no event type, and is left out.`)
      return []
    }),
  }
}

function entryOf(subscription: Hook0Subscription): SubscriptionEntry {
  return escapePlaceholders({
    name: `hook0-${subscription.id}`,
    is_enabled: subscription.isEnabled,
    ...descriptionOf(subscription.description),
    event_types: subscription.eventTypes,
    ...(Object.keys(subscription.labels).length > 0 ? { labels: subscription.labels } : {}),
    ...(Object.keys(subscription.metadata).length > 0 ? { metadata: subscription.metadata } : {}),
    target: {
      method: subscription.target.method,
      url: subscription.target.url,
      headers: subscription.target.headers,
    },
  })
}
