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
