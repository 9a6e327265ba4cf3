import type { Document, SubscriptionEntry } from '../declarative/document.ts'
import { escapePlaceholders } from '../declarative/placeholders.ts'
import { CliError, EXIT, usageError } from '../exit-codes.ts'
import { type DumpRow, readCopySections } from './copy-sections.ts'
import { applicationName, descriptionOf, eventTypeName, type Imported, jsonColumn, textMap } from './imported.ts'

interface SvixEndpoint {
  id: string
  uid: string | null
  url: string
  description: string
  isDisabled: boolean
  /** Null: all. */
  eventTypes: string[] | null
  channels: string[]
  ratePerSecond: number | null
  headers: Record<string, string>
  metadata: Record<string, string>
}

interface SvixData {
  eventTypes: { name: string; schema: unknown }[]
  applications: { id: string; uid: string | null; name: string; endpoints: SvixEndpoint[] }[]
}

export interface SvixOptions {
  /** What stands in front of names of fewer than three parts. */
  service: string
  /** Given: all goes into one application, and this label tells whose a subscription is. */
  label?: string | undefined
}

const PAGE = 100
/** Of a name in the file. */
const NAME_MAX = 100
const TIMEOUT_MS = 60_000
const TABLES = { applications: 'public.application', endpoints: 'public.endpoint', eventTypes: 'public.eventtype' }

interface Page<T> {
  data: T[]
  done: boolean
  iterator: string | null
}

interface ServerOptions extends SvixOptions {
  url: string
  token: string
  /** Empty: all applications. */
  applications: readonly string[]
  signal: AbortSignal
}

/** Reads a running server by its public API. */
export async function readSvixServer({
  url,
  token,
  applications: wanted,
  signal,
  ...options
}: ServerOptions): Promise<Imported> {
  const get = async <T>(path: string, query: Record<string, string> = {}): Promise<T> => {
    const target = new URL(`${url.replace(/\/+$/, '')}/api/v1${path}?${new URLSearchParams(query)}`)
    const response = await fetch(target, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    }).catch((error: Error) => {
      throw new CliError(
        `${url} can't be reached: ${(error.cause as Error | undefined)?.message ?? error.message}`,
        EXIT.unavailable,
      )
    })
    if (response.ok) return (await response.json()) as T
    const exitCode = response.status === 401 || response.status === 403 ? EXIT.credentials : EXIT.refused
    throw new CliError(
      `${url} answered GET ${path} with ${response.status}. Is it a Svix server, and the token one of it?`,
      exitCode,
    )
  }
  const all = async <T>(path: string): Promise<T[]> => {
    const items: T[] = []
    for (let iterator: string | null = null; ; ) {
      const page: Page<T> = await get(path, { limit: String(PAGE), ...(iterator ? { iterator } : {}) })
      items.push(...page.data)
      if (page.done || !page.iterator) return items
      iterator = page.iterator
    }
  }
  const applications = (await all<{ id: string; uid?: string | null; name: string }>('/app/')).filter(
    ({ id, uid }) => wanted.length === 0 || wanted.includes(id) || (uid && wanted.includes(uid)),
  )
  const eventTypes = await all<{ name: string; schemas?: unknown; archived?: boolean }>('/event-type/')
  return importedOf(
    {
      eventTypes: eventTypes
        .filter(({ archived }) => !archived)
        .map(({ name, schemas }) => ({ name, schema: newestSchema(schemas) })),
      applications: await Promise.all(
        applications.map(async ({ id, uid = null, name }) => {
          const endpoints = await all<ApiEndpoint>(`/app/${encodeURIComponent(id)}/endpoint/`)
          const read = endpoints.map(async (endpoint) => {
            const path = `/app/${encodeURIComponent(id)}/endpoint/${encodeURIComponent(endpoint.id)}/headers/`
            const { headers } = await get<{ headers?: unknown }>(path)
            return endpointOfApi(endpoint, textMap(headers))
          })
          return { id, uid, name, endpoints: await Promise.all(read) }
        }),
      ),
    },
    options,
  )
}

interface ApiEndpoint {
  id: string
  uid?: string | null
  url: string
  description?: string
  disabled?: boolean
  filterTypes?: string[] | null
  channels?: string[] | null
  rateLimit?: number | null
  metadata?: unknown
}

function endpointOfApi(endpoint: ApiEndpoint, headers: Record<string, string>): SvixEndpoint {
  return {
    id: endpoint.id,
    uid: endpoint.uid ?? null,
    url: endpoint.url,
    description: endpoint.description ?? '',
    isDisabled: endpoint.disabled ?? false,
    eventTypes: endpoint.filterTypes ?? null,
    channels: endpoint.channels ?? [],
    ratePerSecond: endpoint.rateLimit ?? null,
    headers,
    metadata: textMap(endpoint.metadata),
  }
}

/** Reads all of a dump of its database. Columns that a version doesn't have are done without. */
export async function readSvixDump(file: string, options: SvixOptions): Promise<Imported> {
  const tables = await readCopySections(file, Object.values(TABLES))
  const live = (name: keyof typeof TABLES) => (tables.get(TABLES[name]) ?? []).filter((row) => row['deleted'] !== 't')
  const endpointsOf = Map.groupBy(live('endpoints'), (row) => row['app_id'])
  return importedOf(
    {
      eventTypes: live('eventTypes')
        .filter((row) => row['archived'] !== 't')
        .map((row) => ({ name: row['name'] ?? '', schema: newestSchema(jsonColumn(row['schemas'])) })),
      applications: live('applications').map((row) => ({
        id: row['id'] ?? '',
        uid: row['uid'] ?? null,
        name: row['name'] ?? '',
        endpoints: (endpointsOf.get(row['id'] ?? '') ?? []).map(endpointOfRow),
      })),
    },
    options,
  )
}

function endpointOfRow(row: DumpRow): SvixEndpoint {
  const list = (column: string) => jsonColumn(row[column]) as string[] | null
  return {
    id: row['id'] ?? '',
    uid: row['uid'] ?? null,
    url: row['url'] ?? '',
    description: row['description'] ?? '',
    isDisabled: row['disabled'] === 't',
    eventTypes: list('event_types_ids'),
    channels: list('channels') ?? [],
    ratePerSecond: row['rate_limit'] ? Number(row['rate_limit']) : null,
    headers: textMap(jsonColumn(row['headers'])),
    metadata: {},
  }
}

/** Schemas stand under their version, the newest with the highest number. */
function newestSchema(schemas: unknown): unknown {
  if (typeof schemas !== 'object' || schemas === null) return null
  const [newest] = Object.entries(schemas).sort(([a], [b]) => Number(b) - Number(a))
  return newest?.[1] ?? null
}

function importedOf({ eventTypes, applications }: SvixData, { service, label }: SvixOptions): Imported {
  if (applications.length === 0) throw usageError('There is no application to import.')
  const notes: string[] = []
  const types = new Map<string, unknown>()
  for (const { name, schema } of eventTypes) {
    const ours = eventTypeName(name, service)
    if (name !== ours) notes.push(`Event type '${name}' becomes '${ours}': publishers have to use that name.`)
    types.set(ours, schema)
  }
  const event_types = [...types].map(([name, schema]) =>
    schema ? { name, schema: escapePlaceholders(schema) as object } : name,
  ) as NonNullable<Document['event_types']>
  const entries = applications.map(({ endpoints, ...application }) => ({
    ...application,
    subscriptions: endpoints.map((endpoint) => entryOf(endpoint, { notes, service })),
  }))
  if (label === undefined)
    return {
      document: {
        applications: entries.map(({ name, subscriptions }) => ({
          name: applicationName(name),
          event_types,
          subscriptions,
        })),
      },
      notes,
    }
  const subscriptions = entries.flatMap(({ id, uid, subscriptions: own }) =>
    own.map((entry) => ({
      ...entry,
      name: `${uid ?? id}/${entry.name}`.slice(0, NAME_MAX),
      labels: { [label]: uid ?? id },
    })),
  )
  return { document: { event_types, subscriptions }, notes }
}

function entryOf(endpoint: SvixEndpoint, { notes, service }: SvixOptions & { notes: string[] }): SubscriptionEntry {
  if (endpoint.channels.length > 0)
    notes.push(
      `Endpoint ${endpoint.id} listens to channels (${endpoint.channels.join(', ')}): here it gets every channel. Label events, and give the subscription labels.`,
    )
  const { eventTypes } = endpoint
  return escapePlaceholders({
    name: `svix-${endpoint.uid ?? endpoint.id}`.slice(0, NAME_MAX),
    is_enabled: !endpoint.isDisabled,
    ...descriptionOf(endpoint.description),
    event_types: eventTypes && eventTypes.length > 0 ? eventTypes.map((name) => eventTypeName(name, service)) : ['**'],
    ...(Object.keys(endpoint.metadata).length > 0 ? { metadata: endpoint.metadata } : {}),
    ...(endpoint.ratePerSecond ? { rate_limit: { requests: endpoint.ratePerSecond, per: 'second' as const } } : {}),
    signatures: ['standard-v1'],
    target: { url: endpoint.url, headers: endpoint.headers },
  })
}
