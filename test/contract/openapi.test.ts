import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Stack, startStack } from '../support/stack.ts'
import contract from './contract.json' with { type: 'json' }

interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  enum?: unknown[]
  const?: unknown
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  additionalProperties?: boolean | Schema
  description?: string
}
interface Parameter {
  name: string
  in: string
  required?: boolean
  schema: Schema
}
interface Operation {
  operationId: string
  summary?: string
  tags?: string[]
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>
  security?: unknown[]
  'x-permission'?: { scope: string }
}
interface Description {
  openapi: string
  servers: { url: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, unknown> }
}
interface ContractOperation {
  operationId: string
  parameters: Parameter[]
  requestBody?: Schema
  responses: Record<string, Schema | null>
  security?: unknown[]
}

const PATHS = contract.paths as unknown as Record<string, Record<string, ContractOperation>>
const SCHEMAS = contract.schemas as unknown as Record<string, Schema>

let stack: Stack
let ours: Description
before(async () => {
  stack = await startStack()
  ours = (await stack.api.call<Description>('GET', '/swagger.json')).body
})
after(() => stack.close())

const OPERATIONS = Object.entries(PATHS).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

function resolve(schema: Schema, schemas: Record<string, Schema>): Schema {
  return schema.$ref === undefined ? schema : schemas[schema.$ref.split('/').at(-1)!]!
}

/** Of `T or null` the T. */
function withoutNull(schema: Schema): Schema {
  const others = schema.anyOf?.filter(({ type }) => type !== 'null')
  return others?.length === 1 ? resolve(others[0]!, ours.components.schemas) : schema
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return typeof schema.const
  if (schema.type === undefined && schema.enum) return typeof schema.enum[0]
  return String(schema.type)
}

/** What a client that was made for the contract would stumble over. */
function differences(theirs: Schema, own: Schema, where: string, direction: 'request' | 'answer'): string[] {
  const wanted = resolve(theirs, SCHEMAS)
  const offered = withoutNull(resolve(own, ours.components.schemas))
  const found: string[] = []
  if (wanted.type !== undefined && typeOf(offered) !== wanted.type)
    found.push(`${where}: ${typeOf(offered)} instead of ${String(wanted.type)}`)
  if (wanted.format !== undefined && offered.format !== wanted.format)
    found.push(`${where}: format ${offered.format} instead of ${wanted.format}`)
  if (wanted.enum && direction === 'answer' && !wanted.enum.every((each) => offered.enum?.includes(each)))
    found.push(`${where}: enum lacks a value`)
  if (wanted.items) found.push(...differences(wanted.items, offered.items ?? {}, `${where}[]`, direction))
  for (const [name, property] of Object.entries(wanted.properties ?? {})) {
    const own = offered.properties?.[name]
    if (own === undefined) {
      found.push(`${where}.${name} is missing`)
      continue
    }
    const isRequired = wanted.required?.includes(name) ?? false
    if (direction === 'answer' && isRequired && !offered.required?.includes(name))
      found.push(`${where}.${name} may be absent`)
    if (direction === 'answer' && isRequired && withoutNull(own) !== own && own.anyOf)
      found.push(`${where}.${name} may be null`)
    found.push(...differences(property, own, `${where}.${name}`, direction))
  }
  if (direction === 'request') {
    const surplus = (offered.required ?? []).filter((name) => !wanted.required?.includes(name))
    if (surplus.length > 0) found.push(`${where} asks for ${surplus.join(', ')}`)
  }
  return found
}

test('the contract is not empty, and differences are seen', () => {
  assert.ok(OPERATIONS.length >= 35)
  assert.ok(
    differences({ type: 'object', properties: { a: { type: 'string' } } }, { type: 'object' }, 'x', 'answer').length >
      0,
  )
  assert.ok(differences({ type: 'string' }, { type: 'integer' }, 'x', 'answer').length > 0)
})

test('every operation of the contract is there, under its address and id', () => {
  const missing = OPERATIONS.filter(
    ({ path, method, operation }) => ours.paths[path]?.[method]?.operationId !== operation.operationId,
  )
  assert.deepEqual(
    missing.map(({ path, method }) => `${method} ${path}`),
    [],
  )
})

test('parameters are those of the contract; more of them are optional', () => {
  const wrong: string[] = []
  for (const { path, method, operation } of OPERATIONS) {
    const offered = ours.paths[path]![method]!.parameters ?? []
    for (const { name, in: place, required = false, schema } of operation.parameters) {
      const own = offered.find((each) => each.name === name && each.in === place)
      if (!own) wrong.push(`${operation.operationId}: ${name} is missing`)
      else {
        if (own.required && !required) wrong.push(`${operation.operationId}: ${name} is asked for`)
        if (typeOf(own.schema) !== schema.type) wrong.push(`${operation.operationId}: ${name} is of another type`)
      }
    }
    for (const own of offered)
      if (own.required && !operation.parameters.some(({ name }) => name === own.name))
        wrong.push(`${operation.operationId}: ${own.name} is asked for`)
  }
  assert.deepEqual(wrong, [])
})

test('bodies and answers have every field of the contract, with its type', () => {
  const wrong: string[] = []
  for (const { path, method, operation } of OPERATIONS) {
    const own = ours.paths[path]![method]!
    if (operation.requestBody) {
      const schema = own.requestBody?.content['application/json']?.schema ?? {}
      wrong.push(...differences(operation.requestBody, schema, operation.operationId, 'request'))
    }
    for (const [status, schema] of Object.entries(operation.responses)) {
      const answer = own.responses[status]
      if (!answer) wrong.push(`${operation.operationId} is not answered with ${status}`)
      else if (schema)
        wrong.push(
          ...differences(schema, answer.content?.['application/json']?.schema ?? {}, operation.operationId, 'answer'),
        )
    }
  }
  assert.deepEqual(wrong, [])
})

test('the schemas of the contract are components of the same names', () => {
  const missing = Object.keys(SCHEMAS).filter((name) => !(name in ours.components.schemas))
  assert.deepEqual(missing, [])
})

test('every operation has an id of its own, a summary, tags, who may call it, and problems as answers', () => {
  const ids = new Set<string>()
  for (const [path, operations] of Object.entries(ours.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const where = `${method} ${path}`
      assert.ok(operation.operationId && !ids.has(operation.operationId), where)
      ids.add(operation.operationId)
      assert.ok((operation.summary?.length ?? 0) > 5, where)
      assert.ok((operation.tags?.length ?? 0) > 0, where)
      assert.ok(operation['x-permission'], where)
      assert.ok(operation.responses['default']?.content?.['application/problem+json'], where)
      assert.equal(operation['x-permission']?.scope === 'public', operation.security?.length === 0, where)
      const isWriting = method === 'post' || method === 'put'
      if (operation.requestBody) assert.ok(isWriting || method === 'delete', where)
    }
  }
  assert.match(ours.openapi, /^3\.1/)
  assert.deepEqual(Object.keys(ours.components.securitySchemes), ['biscuit'])
  assert.equal(ours.servers[0]?.url, stack.apiUrl())
})

test('every body and answer has an example with all that is asked for, and examples are taken', async () => {
  for (const operations of Object.values(ours.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const media = operation.requestBody?.content['application/json'] as
        | { schema: Schema; example?: Record<string, unknown> }
        | undefined
      if (!media) continue
      const { required = [] } = resolve(media.schema, ours.components.schemas)
      for (const name of required)
        assert.notEqual(media.example?.[name], undefined, `${method} ${operation.operationId} ${name}`)
    }
  }
  const { application_id } = stack.credentials
  for (const [path, status] of [
    ['/event_types/', 201],
    ['/event/', 422],
  ] as const) {
    const media = ours.paths[`/api/v1${path}`]?.['post']?.requestBody?.content['application/json'] as {
      example?: Record<string, unknown>
    }
    const answer = await stack.api.call('POST', path, { ...media.example, application_id })
    assert.ok(
      answer.status === status || answer.status === 201,
      `${path}: ${answer.status} ${JSON.stringify(answer.body)}`,
    )
  }
})

test('every reference points to a component', () => {
  const text = JSON.stringify(ours)
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
    assert.ok(ours.components.schemas[name!], name)
})

test('the description is browsable, with everything served from here', async () => {
  const page = await fetch(`${stack.apiUrl()}/docs/`)
  assert.equal(page.status, 200)
  const html = await page.text()
  assert.match(html, /swagger\.json/)
  for (const [, address] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    assert.ok(!/^(https?:)?\/\//.test(address!), address)
    assert.equal((await fetch(new URL(address!, `${stack.apiUrl()}/docs/`))).status, 200, address)
  }
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'self'/)
})

test('the documentation is served as pages, whose links lead somewhere', async () => {
  const seen = new Set<string>(['/docs/guide'])
  for (const path of seen) {
    const page = await fetch(`${stack.apiUrl()}${path}`)
    assert.equal(page.status, 200, path)
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/)
    for (const [, link] of (await page.text()).matchAll(/href="(\/docs\/guide[^"#]*)/g)) seen.add(link!)
  }
  assert.ok(seen.size > 15, `${seen.size} pages`)
  assert.equal((await fetch(`${stack.apiUrl()}/docs/guide/no-such-page`)).status, 404)
})
