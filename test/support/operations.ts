import type { Api } from './api.ts'
import { BODIES } from './world.ts'

export interface JsonSchema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: JsonSchema[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  additionalProperties?: boolean | JsonSchema
  pattern?: string
  minimum?: number
  maximum?: number
}

export interface Operation {
  id: string
  method: string
  /** With `{parameters}`, without the prefix. */
  path: string
  parameters: { name: string; in: string; required?: boolean; schema: JsonSchema }[]
  body: JsonSchema | null
  permission: { scope: string; role?: string }
}

interface RawOperation {
  operationId: string
  parameters?: Operation['parameters']
  requestBody?: { content: Record<string, { schema: JsonSchema }> }
  'x-permission': Operation['permission']
}

export interface ApiDescription {
  operations: Operation[]
  schemas: Record<string, JsonSchema>
}

/** Every operation that a started jethook says that it has. */
export async function describe(api: Api): Promise<ApiDescription> {
  const { body } = await api.call<{
    paths: Record<string, Record<string, RawOperation>>
    components: { schemas: Record<string, JsonSchema> }
  }>('GET', '/swagger.json')
  const operations = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => ({
      id: raw.operationId,
      method: method.toUpperCase(),
      path: path.replace('/api/v1', ''),
      parameters: raw.parameters ?? [],
      body: raw.requestBody?.content['application/json']?.schema ?? null,
      permission: raw['x-permission'],
    })),
  )
  return { operations, schemas: body.components.schemas }
}

export interface BuiltRequest {
  method: string
  path: string
  body: Record<string, unknown> | undefined
}

/** A request that the operation takes, about the things that `ids` names. */
export function requestOf(
  { id, method, path, parameters, body }: Operation,
  ids: Record<string, string>,
): BuiltRequest {
  const known: Record<string, string> = {
    ...ids,
    ...(id === 'events.cancel' ? { event_id: ids['waiting_event_id']! } : {}),
    job_id: ids[`${id.split('.')[0]}_job_id`] ?? 'none',
    action: 'cancel',
  }
  const query = new URLSearchParams()
  let address = path
  for (const { name, in: place, required } of parameters) {
    const value = known[name === 'token' ? 'application_secret_token' : name]
    if (place === 'path') address = address.replace(`{${name}}`, encodeURIComponent(value ?? 'none'))
    else if (required) query.set(name, value ?? 'none')
  }
  const search = query.size > 0 ? `?${query}` : ''
  const made = BODIES[id]?.(known)
  if (body !== null && made === undefined) throw new Error(`test/support/world.ts has no body for ${id}`)
  return { method, path: address + search, body: made }
}
