import type { EventTypeAnswer, SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { writable } from '../subscription-options.ts'
import { NAME_KEY } from './canonical.ts'
import { escapePlaceholders } from './placeholders.ts'

export interface ExportOptions {
  /** Values of headers as they are; else a variable stands for each. */
  withSecrets: boolean
}

/** What an application has, as a part of the file that `apply` takes: applied to the same server, it changes nothing. */
export function exportContents(
  { eventTypes, subscriptions }: { eventTypes: EventTypeAnswer[]; subscriptions: SubscriptionAnswer[] },
  options: ExportOptions,
): Record<string, unknown> {
  const names = new Set<string>()
  return {
    event_types: eventTypes.map(({ event_type_name, schema }) =>
      schema === undefined ? event_type_name : { name: event_type_name, schema: escapePlaceholders(schema) },
    ),
    subscriptions: subscriptions.map((each) => exportSubscription(each, names, options)),
  }
}

function exportSubscription(answer: SubscriptionAnswer, names: Set<string>, { withSecrets }: ExportOptions) {
  const known = answer.metadata[NAME_KEY]
  const name = known ?? freeName(answer, names)
  names.add(name)
  const { metadata, target, is_enabled, ...fields } = writable(answer)
  const { [NAME_KEY]: _, ...ownMetadata } = metadata ?? {}
  const headers = Object.entries(target?.headers ?? {}).map(([header, value]) => [
    header,
    withSecrets ? escapePlaceholders(String(value)) : `\${${variableOf(name, header)}}`,
  ])
  return {
    name,
    ...(known === undefined ? { id: answer.subscription_id } : {}),
    ...(is_enabled ? {} : { is_enabled }),
    ...escapePlaceholders(withoutEmpty(fields)),
    ...(Object.keys(ownMetadata).length > 0 ? { metadata: escapePlaceholders(ownMetadata) } : {}),
    target: {
      ...(target?.method === 'POST' ? {} : { method: target?.method }),
      url: escapePlaceholders(target?.url),
      ...(headers.length > 0 ? { headers: Object.fromEntries(headers) } : {}),
    },
  }
}

function withoutEmpty(fields: object): Record<string, unknown> {
  const isEmpty = (value: unknown): boolean =>
    value === null || value === undefined || (Array.isArray(value) && value.length === 0)
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => !isEmpty(value))
      .map(([field, value]) => [
        field,
        typeof value === 'object' && value !== null && !Array.isArray(value) && field !== 'filter'
          ? withoutEmpty(value)
          : value,
      ]),
  )
}

/** A name of its own from the description, or from where it leads. */
function freeName({ description, target }: SubscriptionAnswer, taken: ReadonlySet<string>): string {
  const words = (description ?? URL.parse(target.url)?.hostname ?? 'subscription').toLowerCase()
  const base =
    words
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 80) || 'subscription'
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base}-${n}`
    if (!taken.has(name)) return name
  }
}

function variableOf(name: string, header: string): string {
  return `${name}_${header}`
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^(?=\d)/, '_')
}
