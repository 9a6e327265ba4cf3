import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type { Api, ApiAnswer } from '../support/api.ts'
import { type ApiDescription, describe, type JsonSchema, type Operation, requestOf } from '../support/operations.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { createPeople, createWorld, type People, type World } from '../support/world.ts'

let stack: Stack
let api: Api
let receiver: Receiver
let people: People
let world: World
let description: ApiDescription

before(async () => {
  receiver = await startReceiver()
  stack = await startStack({
    MASTER_API_KEY: '6a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d',
    ACCESS_TOKEN_LIFETIME_MS: '3600000',
  })
  api = stack.api
  people = await createPeople(api)
  world = await createWorld(api, people, receiver.url)
  description = await describe(api)
})
after(async () => {
  await stack?.close()
  await receiver?.close()
})

/** Master for what only the master key may do, a user for the rest. */
function authorizationFor({ permission }: Operation): string {
  return permission.scope === 'master' ? 'Bearer 6a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d' : people.owner.authorization
}

const call = (
  operation: Operation,
  { path, body }: { path: string; body: unknown },
): Promise<ApiAnswer<ProblemDocument>> =>
  api.call<ProblemDocument>(operation.method, path, body, authorizationFor(operation))

function assertProblem({ status, body, headers }: ApiAnswer<ProblemDocument>, where: string): void {
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/, where)
  assert.deepEqual(Object.keys(body).sort(), ['detail', 'id', 'status', 'title', 'type', 'validation'], where)
  assert.equal(body.status, status, where)
}

function assertRefused(answer: ApiAnswer<ProblemDocument>, statuses: number[], where: string): void {
  assert.ok(statuses.includes(answer.status), `${where}: ${answer.status} ${JSON.stringify(answer.body)}`)
  assertProblem(answer, where)
}

const resolve = (schema: JsonSchema): JsonSchema =>
  schema.$ref === undefined ? schema : description.schemas[schema.$ref.split('/').at(-1)!]!
const withBody = () => description.operations.filter(({ body, id }) => body !== null && id !== 'auth.logout')
const fieldsOf = ({ body }: Operation) => Object.entries(resolve(body!).properties ?? {})
const isUuid = (schema: JsonSchema) => (schema as { format?: string }).format === 'uuid'

test('a malformed id in the path is not found, whatever is there', async () => {
  let count = 0
  for (const operation of description.operations) {
    const inPath = operation.parameters.filter((each) => each.in === 'path' && isUuid(each.schema))
    for (const { name } of inPath) {
      const request = requestOf(operation, { ...world.ids, [name]: 'no-uuid', waiting_event_id: 'no-uuid' })
      assertRefused(await call(operation, request), [404], `${operation.id} ${name}`)
      count++
    }
  }
  assert.ok(count > 20)
})

test('a malformed, repeated or missing value of a query is 400', async () => {
  let count = 0
  for (const operation of description.operations) {
    const request = requestOf(operation, world.ids)
    const [path, search = ''] = request.path.split('?')
    for (const { name, in: place, required, schema } of operation.parameters) {
      if (place !== 'query' || !(isUuid(schema) || schema.type === 'integer')) continue
      const query = new URLSearchParams(search)
      query.set(name, 'nonsense')
      assertRefused(await call(operation, { ...request, path: `${path}?${query}` }), [400], `${operation.id} ${name}`)
      query.append(name, 'more')
      assertRefused(
        await call(operation, { ...request, path: `${path}?${query}` }),
        [400],
        `${operation.id} ${name} twice`,
      )
      query.delete(name)
      if (required)
        assertRefused(
          await call(operation, { ...request, path: `${path}?${query}` }),
          [400],
          `${operation.id} without ${name}`,
        )
      count++
    }
  }
  assert.ok(count > 30)
})

test('a body that is no JSON, or no object, is 400 before anything else is looked at', async () => {
  for (const operation of withBody()) {
    const { path } = requestOf(operation, world.ids)
    for (const body of ['', '{', 'null', '[]', '"text"', '7', '\ufeff{}', '{"a":1}}', '['.repeat(5_000)]) {
      const response = await fetch(`${stack.apiUrl()}/api/v1${path}`, {
        method: operation.method,
        headers: { authorization: authorizationFor(operation), 'content-type': 'application/json' },
        body,
      })
      const problem = (await response.json()) as ProblemDocument
      assert.deepEqual([response.status, problem.id], [400, 'JsonPayload'], `${operation.id} with ${body.slice(0, 20)}`)
    }
  }
})

test('a body of another content type, or one that is too large, is 400', async () => {
  for (const operation of withBody()) {
    const { path, body } = requestOf(operation, world.ids)
    const send = (type: string, text: string) =>
      fetch(`${stack.apiUrl()}/api/v1${path}`, {
        method: operation.method,
        headers: { authorization: authorizationFor(operation), 'content-type': type },
        body: text,
      })
    assert.equal((await send('text/plain', JSON.stringify(body))).status, 400, operation.id)
    assert.equal((await send('application/x-www-form-urlencoded', 'a=b')).status, 400, operation.id)
  }
  const large = await api.call<ProblemDocument>('POST', '/event', `{"payload":"${'x'.repeat(2_100_000)}"}`)
  assert.deepEqual([large.status, large.body.id], [400, 'JsonPayload'])
  assert.match(large.body.detail, /^Body is too big/)
})

test('each field that is asked for is missed, and one of another type is refused', async () => {
  let count = 0
  for (const operation of withBody()) {
    const { path, body } = requestOf(operation, world.ids)
    for (const name of resolve(operation.body!).required ?? []) {
      const { [name]: _, ...without } = body!
      assertRefused(await call(operation, { path, body: without }), [400], `${operation.id} without ${name}`)
      count++
    }
    for (const [name, schema] of fieldsOf(operation)) {
      const other =
        schema.type === 'string' ? 7 : schema.type === 'boolean' ? 'yes' : schema.type === 'array' ? {} : null
      if (other === null && schema.anyOf?.some(({ type }) => type === 'null')) continue
      if (other === null && name === 'schema') continue
      assertRefused(await call(operation, { path, body: { ...body, [name]: other } }), [400], `${operation.id} ${name}`)
      count++
    }
  }
  assert.ok(count > 80)
})

test('an over-long text is refused in every field', async () => {
  for (const operation of withBody()) {
    const { path, body } = requestOf(operation, world.ids)
    for (const [name, schema] of fieldsOf(operation)) {
      if (schema.type !== 'string') continue
      const answer = await call(operation, { path, body: { ...body, [name]: 'x'.repeat(1_000_000) } })
      assertRefused(answer, [400, 401, 403, 404, 422], `${operation.id} ${name}`)
      assert.ok(JSON.stringify(answer.body).length < 2_100_000)
    }
  }
})

test('fields that nobody knows are passed over', async () => {
  for (const operation of withBody()) {
    if (operation.permission.scope === 'public' || operation.method === 'DELETE') continue
    const fresh = await createWorld(api, people, receiver.url)
    const { path, body } = requestOf(operation, fresh.ids)
    const more = {
      ...body,
      unknown_field: 1,
      role: body?.['role'] ?? 'king',
      organizationId: 'x',
      deletedAtMs: 5,
      __proto__x: {},
    }
    const [plain, extended] = [await call(operation, { path, body }), await call(operation, { path, body: more })]
    const isExpected =
      extended.status === plain.status ||
      extended.body?.id === 'InvitedUserAlreadyInOrganization' ||
      extended.status === 409
    assert.ok(
      isExpected,
      `${operation.id}: ${extended.status} ${JSON.stringify(extended.body)} instead of ${plain.status}`,
    )
  }
})

test('what would break a log, a subject or a table is either kept as it is or refused', async () => {
  const hostile = [
    '\u0000',
    'a\u0000b',
    "'; DROP TABLE events; --",
    '<script>alert(1)</script>',
    '../../etc/passwd',
    'ctl.>',
    '*',
    '%00',
    '\u202e',
    '😀'.repeat(10),
    '\ufffe',
  ]
  for (const operation of withBody()) {
    const { path, body } = requestOf(operation, world.ids)
    for (const [name, schema] of fieldsOf(operation)) {
      if (schema.type !== 'string') continue
      for (const text of hostile) {
        const answer = await call(operation, { path, body: { ...body, [name]: text } })
        assert.ok(answer.status < 500, `${operation.id} ${name} = ${JSON.stringify(text)}: ${answer.status}`)
      }
    }
  }
})
