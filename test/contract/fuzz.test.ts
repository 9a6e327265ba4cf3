import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { type ApiDescription, describe, type JsonSchema, type Operation } from '../support/operations.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { createPeople, createWorld, type People } from '../support/world.ts'

/** More of them: `FUZZ_REQUESTS=100000`; others: `FUZZ_SEED=$RANDOM`. A plain run makes the same requests each time. */
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 5_200)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261)
const PER_WORLD = 400
const AT_ONCE = 16

let stack: Stack
let receiver: Receiver
let people: People
let description: ApiDescription

before(async () => {
  receiver = await startReceiver()
  stack = await startStack({ ACCESS_TOKEN_LIFETIME_MS: '3600000', READ_YOUR_WRITES_TIMEOUT_MS: '20' })
  people = await createPeople(stack.api)
  description = await describe(stack.api)
})
after(async () => {
  await stack?.close()
  await receiver?.close()
})

interface FuzzRequest {
  operation: Operation
  path: string
  body: string | null
  authorization: string
}

const anyText = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    '\u0000',
    '\ud800',
    'a.b.c',
    '*',
    'a.**',
    '1h',
    '4xx',
    'http://127.0.0.1:1/',
    'application/json',
    'x'.repeat(5_000),
    '2026-01-01T00:00:00Z',
  ),
  fc.uuid(),
)
const anyValue = fc.oneof(
  { weight: 3, arbitrary: anyText },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e308, 2 ** 53, [], {}, [[]], { $gte: 1 }, 'retry_all'),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
)

/** Values that mostly fit the schema, as often as not with something wrong in them. */
function anyOfSchema(schema: JsonSchema, ids: Record<string, string>, name: string, depth = 0): fc.Arbitrary<unknown> {
  const resolved = schema.$ref === undefined ? schema : description.schemas[schema.$ref.split('/').at(-1)!]!
  return fc.oneof({ weight: 12, arbitrary: fitting(resolved, ids, name, depth) }, { weight: 1, arbitrary: anyValue })
}

function fitting(schema: JsonSchema, ids: Record<string, string>, name: string, depth: number): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((each) => anyOfSchema(each, ids, name, depth)))
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  switch (type) {
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.oneof(fc.integer({ min: -2, max: 120 }), fc.integer())
    case 'number':
      return fc.double()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(anyOfSchema(schema.items ?? {}, ids, name, depth + 1), { maxLength: 3 })
    case 'object':
      return objectOf(schema, ids, depth)
    case 'string': {
      const known = ids[name]
      return known === undefined
        ? anyText
        : fc.oneof({ weight: 4, arbitrary: fc.constant(known) }, { weight: 1, arbitrary: anyText })
    }
    default:
      return anyValue
  }
}

function objectOf(schema: JsonSchema, ids: Record<string, string>, depth: number): fc.Arbitrary<unknown> {
  if (depth > 5) return fc.constant({})
  const known = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, property]) => [
      name,
      anyOfSchema(property, ids, name, depth + 1),
    ]),
  )
  const made = fc.record(known, { requiredKeys: schema.required ?? [] })
  if (!schema.additionalProperties) return made
  const free = fc.dictionary(
    anyText,
    typeof schema.additionalProperties === 'object'
      ? anyOfSchema(schema.additionalProperties, ids, '', depth + 1)
      : anyValue,
    { maxKeys: 4 },
  )
  return fc.tuple(made, free).map(([a, b]) => ({ ...b, ...(a as object) }))
}

/** A value as it stands in a path or query. Not `String()`: a generated object may have a `toString` that is a number. */
function asText(value: unknown): string {
  return (typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed()
}

function requestFor(
  operation: Operation,
  ids: Record<string, string>,
  credentials: string[],
): fc.Arbitrary<FuzzRequest> {
  const values = fc.record(
    Object.fromEntries(operation.parameters.map(({ name, schema }) => [name, anyOfSchema(schema, ids, name)])),
  )
  const body =
    operation.body === null
      ? fc.constant(null)
      : anyOfSchema(operation.body, ids, '').map((value) => JSON.stringify(value))
  return fc
    .record({
      values,
      leaveOut: fc.boolean(),
      body,
      authorization: fc.constantFrom(...credentials),
      broken: fc.nat(40),
    })
    .map(({ values, leaveOut, body, authorization, broken }) => {
      let path = operation.path
      const query = new URLSearchParams()
      for (const { name, in: place, required } of operation.parameters) {
        const text = asText((values as Record<string, unknown>)[name])
        if (place === 'path') path = path.replace(`{${name}}`, encodeURIComponent(text) || '-')
        else if (required || !leaveOut) query.set(name, text)
      }
      const sent = broken === 0 && body !== null ? body.slice(1) : body
      return { operation, path: query.size > 0 ? `${path}?${query}` : path, body: sent, authorization }
    })
}

async function fire({ operation, path, body, authorization }: FuzzRequest): Promise<number> {
  const response = await fetch(`${stack.apiUrl()}/api/v1${path}`, {
    method: operation.method,
    headers: {
      authorization: `Bearer ${authorization}`,
      ...(body === null ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === null ? {} : { body }),
  })
  // One that goes on for ever is not waited for.
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) await response.body?.cancel()
  const text = response.bodyUsed ? '' : await response.text()
  const where = `seed ${SEED}: ${operation.method} ${path} ${body?.slice(0, 500)} → ${response.status} ${text.slice(0, 500)}`
  assert.ok(response.status < 500, where)
  if (response.status >= 400) {
    assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/, where)
    const problem = JSON.parse(text) as Record<string, unknown>
    assert.deepEqual(Object.keys(problem).sort(), ['detail', 'id', 'status', 'title', 'type', 'validation'], where)
    assert.equal(problem['status'], response.status, where)
  } else if (text !== '') {
    JSON.parse(text)
  }
  return response.status
}

test(`${REQUESTS} requests made from the description: never a 5xx, every error a problem document`, {
  timeout: 600_000,
}, async () => {
  // Left out: what costs a hash of a password each time, and what ends the credentials that the others need.
  const skipped = new Set([
    'auth.login',
    'register',
    'auth.logout',
    'auth.changePassword',
    'auth.deleteUser',
    'health.get',
  ])
  const operations = description.operations.filter(({ id }) => !skipped.has(id))
  const statuses = new Map<number, number>()
  for (let sent = 0; sent < REQUESTS; ) {
    const world = await createWorld(stack.api, people, receiver.url)
    const credentials = [
      people.owner.login.access_token,
      people.owner.login.access_token,
      world.serviceToken,
      world.secret,
    ]
    const requests = fc.sample(
      fc.constantFrom(...operations).chain((operation) => requestFor(operation, world.ids, credentials)),
      { numRuns: Math.min(PER_WORLD, REQUESTS - sent), seed: SEED + sent },
    )
    sent += requests.length
    const left = requests[Symbol.iterator]()
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const request of left) {
          const status = await fire(request)
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
        }
      }),
    )
  }
  // A fuzz test that only meets refusals looks at the front door alone.
  assert.ok(
    (statuses.get(200) ?? 0) + (statuses.get(201) ?? 0) + (statuses.get(204) ?? 0) > REQUESTS / 20,
    JSON.stringify([...statuses]),
  )
})
