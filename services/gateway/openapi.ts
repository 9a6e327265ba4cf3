import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { PROBLEM_CONTENT_TYPE } from '#shared/contract/problems.ts'
import { Problem } from '#shared/contract/schemas.ts'
import { JETHOOK_VERSION } from '#shared/runtime/version.ts'
import type { GatewayServer } from './app.ts'
import { type Action, ruleOf } from './permissions.ts'

/** What `@fastify/swagger` needs to know. */
export const OPENAPI_OPTIONS: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'jethook',
      version: JETHOOK_VERSION,
      description: 'Webhook delivery that you run yourself. Compatible with the REST API of Hook0.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    components: { securitySchemes: { biscuit: { type: 'http', scheme: 'bearer' } } },
    security: [{ biscuit: [] }],
  },
  transform: ({ schema, url, route }) => {
    const action = route.config?.action
    if (action === undefined) return { schema: { ...schema, hide: true }, url }
    return { schema: { ...schema, 'x-action': action, 'x-permission': ruleOf(action) } as typeof schema, url }
  },
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type JsonObject = { [key: string]: Json }

/** Collections whose addresses the contract writes with a slash at the end; both forms are the same route. */
const WITH_SLASH = new Set(
  [
    'application_secrets',
    'applications',
    'errors',
    'event',
    'event_types',
    'events',
    'instance',
    'organizations',
    'organizations/{organization_id}',
    'payload_content_types',
    'quotas',
    'request_attempts',
    'service_token',
    'subscriptions',
  ].map((path) => `/api/v1/${path}`),
)

/**
 * The OpenAPI document, made from the very schemas that requests are checked with: addresses as the contract writes them,
 * schemas that have a name as components, problems as answers of every operation.
 */
export function describeApi(server: GatewayServer, appUrl: string): JsonObject {
  const document = structuredClone(server.swagger()) as unknown as JsonObject
  const components = (document['components'] ?? {}) as JsonObject
  const schemas: JsonObject = {}
  const paths: JsonObject = {}
  for (const [path, operations] of Object.entries(document['paths'] as JsonObject)) {
    for (const operation of Object.values(operations as JsonObject)) completeOperation(operation as JsonObject)
    paths[WITH_SLASH.has(path) ? `${path}/` : path] = hoistNamed(operations!, schemas)
  }
  for (const operations of Object.values(paths)) {
    for (const operation of Object.values(operations as JsonObject)) addExamples(operation as JsonObject, schemas)
  }
  schemas['Problem'] = withoutName(hoistChildren(structuredClone(Problem) as unknown as JsonObject, schemas))
  return { ...document, servers: [{ url: appUrl }], paths, components: { ...components, schemas } }
}

function completeOperation(operation: JsonObject): void {
  const action = operation['x-action'] as Action
  const { scope } = ruleOf(action)
  if (scope === 'public') operation['security'] = []
  const problem = {
    description: 'A problem document (RFC 9457)',
    content: { [PROBLEM_CONTENT_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  operation['responses'] = { ...(operation['responses'] as JsonObject), default: problem }
}

/** An example of each body and answer, put together from those of its fields. */
function addExamples(operation: JsonObject, schemas: JsonObject): void {
  const holders = [operation['requestBody'], ...Object.values((operation['responses'] ?? {}) as JsonObject)]
  for (const holder of holders) {
    const content = (holder as JsonObject | undefined)?.['content'] as JsonObject | undefined
    const media = content?.['application/json'] as JsonObject | undefined
    if (media?.['schema']) media['example'] = exampleOf(media['schema'] as JsonObject, schemas)
  }
}

const EXAMPLES_BY_TYPE: JsonObject = { string: 'text', integer: 1, number: 1.5, boolean: true, null: null }

function exampleOf(schema: JsonObject, schemas: JsonObject): Json {
  const { $ref, examples, anyOf, properties, items, type } = schema
  if (typeof $ref === 'string') return exampleOf(schemas[$ref.split('/').at(-1)!] as JsonObject, schemas)
  if (Array.isArray(examples)) return examples[0] ?? null
  if (schema['const'] !== undefined) return schema['const']
  if (Array.isArray(schema['enum'])) return schema['enum'][0] ?? null
  if (Array.isArray(anyOf)) return exampleOf(anyOf[0] as JsonObject, schemas)
  if (type === 'array') return items ? [exampleOf(items as JsonObject, schemas)] : []
  if (type === 'object' || properties) return exampleOfObject(schema, schemas)
  return EXAMPLES_BY_TYPE[String(type)] ?? null
}

/** What has to be there; and what may be, where it says how it may look. */
function exampleOfObject({ properties, required }: JsonObject, schemas: JsonObject): Json {
  const entries = Object.entries((properties ?? {}) as JsonObject).filter(
    ([name, property]) => (required as string[] | undefined)?.includes(name) || 'examples' in (property as JsonObject),
  )
  return Object.fromEntries(entries.map(([name, property]) => [name, exampleOf(property as JsonObject, schemas)]))
}

/** Schemas with a title become components of that name. */
function hoistNamed(value: Json, schemas: JsonObject): Json {
  if (Array.isArray(value)) return value.map((each) => hoistNamed(each, schemas))
  if (value === null || typeof value !== 'object') return value
  const { title } = value
  if (typeof title !== 'string' || !('type' in value)) return hoistChildren(value, schemas)
  if (!Object.hasOwn(schemas, title)) schemas[title] = withoutName(hoistChildren(value, schemas))
  return { $ref: `#/components/schemas/${title}` }
}

/** Formats are notes for readers; what is checked, patterns and the contract's own rules say. */
function hoistChildren(value: JsonObject, schemas: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key === 'x-format' ? 'format' : key, hoistNamed(inner, schemas)]),
  )
}

function withoutName({ title: _, ...schema }: JsonObject): JsonObject {
  return schema
}
