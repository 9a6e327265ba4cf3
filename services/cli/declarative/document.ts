import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { parseAllDocuments } from 'yaml'
import { JsonSchemaValue, SubscriptionPost, TargetPost } from '#shared/contract/schemas.ts'
import { usageError } from '../exit-codes.ts'

/** The file that `apply` takes and `export` makes. */

/** The API's fields, but for those that the file says otherwise or that only older clients need. */
const POST_FIELDS = Type.Omit(SubscriptionPost, [
  'application_id',
  'label_key',
  'label_value',
  'dedicated_workers',
]).properties

const EventTypeEntry = Type.Union([
  Type.String(),
  Type.Object({ name: Type.String(), schema: Type.Optional(JsonSchemaValue) }, { additionalProperties: false }),
])

const SubscriptionEntry = Type.Object(
  {
    ...POST_FIELDS,
    /** What it is known by from one apply to the next; kept in the subscription's metadata. */
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** Of one that was made otherwise. */
    id: Type.Optional(Type.String()),
    is_enabled: Type.Optional(Type.Boolean()),
    target: Type.Object(
      {
        url: TargetPost.properties.url,
        method: Type.Optional(TargetPost.properties.method),
        headers: Type.Optional(Type.Record(Type.String(), Type.String())),
        type: Type.Optional(TargetPost.properties.type),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)
export type SubscriptionEntry = Static<typeof SubscriptionEntry>

const Contents = {
  event_types: Type.Optional(Type.Array(EventTypeEntry)),
  subscriptions: Type.Optional(Type.Array(SubscriptionEntry)),
}
const ApplicationEntry = Type.Object(
  { name: Type.String({ minLength: 2, maxLength: 50 }), ...Contents },
  { additionalProperties: false },
)

const Document = Type.Object(
  { ...Contents, applications: Type.Optional(Type.Array(ApplicationEntry)) },
  { additionalProperties: false },
)
export type Document = Static<typeof Document>

/** What one application is to have. `name` null: the application that the command is about. */
export interface WantedApplication {
  name: string | null
  eventTypes: { name: string; schema: unknown }[]
  subscriptions: SubscriptionEntry[]
}

const ERRORS_SHOWN = 5

/**
 * Reads the YAML (or JSON) of a file; several documents in one are taken together.
 * @throws {CliError} naming the place of what is wrong.
 */
export function readDocuments(text: string, file: string): Document[] {
  const parsed = parseAllDocuments(text)
  if (!Array.isArray(parsed)) return []
  return parsed
    .map((each) => {
      const [error] = each.errors
      if (error) throw usageError(`${file} is no YAML: ${error.message}`)
      return each.toJS() as unknown
    })
    .filter((value) => value !== null)
    .map((value) => checkDocument(value, file))
}

function checkDocument(value: unknown, file: string): Document {
  if (Value.Check(Document, value)) return value
  const errors = [...Value.Errors(Document, value)]
    .slice(0, ERRORS_SHOWN)
    .map(({ instancePath, message }) => `  ${instancePath || 'the document'}: ${message}`)
  throw usageError(`${file} is not what apply takes (see docs/cli.md):\n${errors.join('\n')}`)
}

/** @throws {CliError} when a name stands there twice. */
export function wantedApplications(documents: readonly Document[]): WantedApplication[] {
  const wanted = new Map<string | null, WantedApplication>()
  const add = (
    name: string | null,
    { event_types = [], subscriptions = [] }: Pick<Document, 'event_types' | 'subscriptions'>,
  ) => {
    const into = wanted.get(name) ?? { name, eventTypes: [], subscriptions: [] }
    wanted.set(name, into)
    for (const type of event_types)
      into.eventTypes.push(
        typeof type === 'string' ? { name: type, schema: null } : { name: type.name, schema: type.schema ?? null },
      )
    into.subscriptions.push(...subscriptions)
  }
  for (const { applications = [], ...own } of documents) {
    if (own.event_types || own.subscriptions) add(null, own)
    for (const application of applications) add(application.name, application)
  }
  for (const { eventTypes, subscriptions } of wanted.values()) {
    refuseTwice('event type', eventTypes)
    refuseTwice('subscription', subscriptions)
  }
  return [...wanted.values()]
}

function refuseTwice(what: string, items: readonly { name: string }[]): void {
  const seen = new Set<string>()
  for (const { name } of items) {
    if (seen.has(name)) throw usageError(`The ${what} '${name}' stands there twice.`)
    seen.add(name)
  }
}
