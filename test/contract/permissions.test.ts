import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ACTIONS } from '#services/gateway/permissions.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import { logIn, PASSWORD, registerUser } from '../support/accounts.ts'
import type { Api } from '../support/api.ts'
import { type ApiDescription, describe, type Operation, requestOf } from '../support/operations.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { addDeadLetter, createPeople, createWorld, type People, type World } from '../support/world.ts'

const MASTER = '6a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d'
const UNKNOWN = '01900000-0000-7000-8000-0000000000ff'

let stack: Stack
let api: Api
let receiver: Receiver
let people: People
let shared: World
let description: ApiDescription

before(async () => {
  receiver = await startReceiver()
  stack = await startStack({ MASTER_API_KEY: MASTER, ACCESS_TOKEN_LIFETIME_MS: '3600000' })
  api = stack.api
  people = await createPeople(api)
  shared = await createWorld(api, people, receiver.url)
  await addDeadLetter(api, people, shared)
  description = await describe(api)
})
after(async () => {
  await stack?.close()
  await receiver?.close()
})

type Kind = 'secret' | 'otherSecret' | 'service' | 'foreignService' | 'editor' | 'viewer' | 'stranger' | 'master'
const KINDS: Kind[] = ['secret', 'otherSecret', 'service', 'foreignService', 'editor', 'viewer', 'stranger', 'master']

function credentialOf(kind: Kind, world: World): string {
  switch (kind) {
    case 'secret':
      return world.secret
    case 'otherSecret':
      return world.otherSecret
    case 'service':
      return world.serviceToken
    case 'foreignService':
      return people.strangersToken
    case 'editor':
    case 'viewer':
    case 'stranger':
      return people[kind].login.access_token
    case 'master':
      return MASTER
  }
}

/** The contract's rule (behaviour.md §1), written down a second time. */
function mayCall(kind: Kind, { scope, role }: Operation['permission']): boolean {
  const isPerson = kind === 'editor' || kind === 'viewer' || kind === 'stranger'
  switch (scope) {
    case 'application':
      return ['service', 'editor', 'master', 'secret'].includes(kind) || (kind === 'viewer' && role === 'viewer')
    case 'organization':
      return ['service', 'editor', 'master'].includes(kind) || (kind === 'viewer' && role === 'viewer')
    case 'account':
      return kind !== 'secret' && kind !== 'otherSecret'
    case 'user':
      return isPerson
    case 'master':
      return kind === 'master'
    default:
      return false
  }
}

const send = (operation: Operation, ids: Record<string, string>, authorization: string) => {
  const { method, path, body } = requestOf(operation, ids)
  return api.call<ProblemDocument>(method, path, body, authorization)
}
const guarded = () => description.operations.filter(({ permission }) => permission.scope !== 'public')
const withCredential = () => guarded().filter(({ permission }) => permission.scope !== 'refresh')

test('every action of the table is used by a route', () => {
  const scopes = new Set(description.operations.map(({ permission }) => permission.scope))
  assert.deepEqual([...scopes].sort(), [...new Set(Object.values(ACTIONS).map(({ scope }) => scope))].sort())
  assert.ok(description.operations.length > 55)
})

test('no route but the public ones answers without a valid credential', async () => {
  for (const operation of guarded()) {
    const cases: [authorization: string, status: number, id: string][] = [
      ['nonsense', 403, 'AuthInvalidBiscuit'],
      ['jhst_unknown', 403, 'AuthInvalidBiscuit'],
      ['jhat_unknown', 403, 'AuthInvalidBiscuit'],
      ['jhrt_unknown', 403, 'AuthInvalidBiscuit'],
      [UNKNOWN, 403, 'AuthInvalidApplicationSecret'],
    ]
    for (const [token, status, id] of cases) {
      const answer = await send(operation, shared.ids, `Bearer ${token}`)
      assert.deepEqual([answer.status, answer.body?.id], [status, id], `${operation.id} with ${token}`)
    }
    const { method, path } = requestOf(operation, shared.ids)
    const bare = await fetch(`${stack.apiUrl()}/api/v1${path}`, { method })
    assert.deepEqual(
      [bare.status, ((await bare.json()) as ProblemDocument).id],
      [401, 'AuthNoAuthorizationHeader'],
      operation.id,
    )
  }
})

test('public routes answer whoever asks, whatever they carry', async () => {
  for (const operation of description.operations.filter(({ permission }) => permission.scope === 'public')) {
    for (const authorization of ['', 'Bearer nonsense']) {
      const answer = await send(operation, shared.ids, authorization)
      assert.ok(
        !['AuthNoAuthorizationHeader', 'AuthInvalidBiscuit', 'Forbidden'].includes(answer.body?.id),
        operation.id,
      )
    }
  }
})

test('a refresh token opens nothing but refreshing', async () => {
  const { refresh_token } = await logIn(api, people.editor.email)
  for (const operation of withCredential()) {
    const answer = await send(operation, shared.ids, `Bearer ${refresh_token}`)
    assert.deepEqual([answer.status, answer.body?.id], [403, 'Forbidden'], operation.id)
  }
})

test('every route refuses whoever may not call it, and nothing happens', async () => {
  for (const operation of withCredential()) {
    for (const kind of KINDS.filter((each) => !mayCall(each, operation.permission))) {
      const answer = await send(operation, shared.ids, `Bearer ${credentialOf(kind, shared)}`)
      assert.deepEqual([answer.status, answer.body?.id], [403, 'Forbidden'], `${operation.id} as ${kind}`)
    }
  }
  const { application_id, subscription_id } = shared.ids
  for (const path of [`/applications/${application_id}`, `/subscriptions/${subscription_id}`])
    assert.equal((await api.call('GET', path, undefined, `Bearer ${shared.serviceToken}`)).status, 200)
})

test('every route lets in whoever may call it', { timeout: 600_000 }, async () => {
  for (const operation of withCredential().filter(({ id }) => id !== 'auth.logout')) {
    for (const kind of KINDS.filter((each) => mayCall(each, operation.permission))) {
      const world = operation.method === 'GET' ? shared : await createWorld(api, people, receiver.url)
      if (world !== shared && /^(deadLetters|redrives|discards|replays)/.test(operation.id))
        await addDeadLetter(api, people, world)
      const answer = await send(operation, world.ids, `Bearer ${credentialOf(kind, world)}`)
      // Asked for on purpose: a wrong password, a weak one, an invitation of a member, an end of what has ended.
      const isWanted =
        answer.status < 300 ||
        ['AuthFailedLogin', 'PasswordTooShort', 'InvitedUserAlreadyInOrganization', 'OrganizationIsNotEmpty'].includes(
          answer.body?.id,
        ) ||
        (answer.body?.id === 'Conflict' && operation.id.startsWith('deliveries.'))
      assert.ok(isWanted, `${operation.id} as ${kind}: ${answer.status} ${JSON.stringify(answer.body)}`)
    }
  }
})

test("an unknown application or organization is answered like somebody else's", async () => {
  const foreign = {
    ...shared.ids,
    organization_id: people.stranger.organizationId,
    application_id: stack.credentials.application_id,
  }
  const unknown = { ...shared.ids, organization_id: UNKNOWN, application_id: UNKNOWN }
  for (const operation of withCredential()) {
    const { scope } = operation.permission
    if (scope !== 'application' && scope !== 'organization') continue
    // These find what they are about by its own id.
    if (['subscriptions.get', 'requestAttempts.get', 'response.get'].includes(operation.id)) continue
    const [one, other] = await Promise.all(
      [foreign, unknown].map((ids) => send(operation, ids, `Bearer ${people.editor.login.access_token}`)),
    )
    assert.deepEqual([one!.status, one!.body?.id], [403, 'Forbidden'], operation.id)
    assert.deepEqual(one!.body, other!.body, operation.id)
  }
})

test('an unknown thing of an own application or organization is not found', async () => {
  const things = [
    'event_id',
    'waiting_event_id',
    'subscription_id',
    'request_attempt_id',
    'delivery_id',
    'response_id',
    'service_token_id',
    'application_secret_token',
    'event_type_name',
    'delivery_id',
    'redrives_job_id',
    'discards_job_id',
    'replays_job_id',
  ]
  const ids = { ...shared.ids, ...Object.fromEntries(things.map((name) => [name, UNKNOWN])) }
  const about = withCredential().filter(({ parameters }) =>
    parameters.some(
      ({ name, required }) =>
        required && (name === 'job_id' || things.includes(name === 'token' ? 'application_secret_token' : name)),
    ),
  )
  assert.ok(about.length > 10)
  for (const operation of about) {
    const answer = await send(operation, ids, `Bearer ${people.editor.login.access_token}`)
    assert.deepEqual([answer.status, answer.body?.id], [404, 'NotFound'], operation.id)
  }
})

test("another application's things are not found through an own one", async () => {
  const other = await createWorld(api, people, receiver.url)
  await addDeadLetter(api, people, other)
  const ids = {
    ...other.ids,
    organization_id: shared.ids['organization_id']!,
    application_id: shared.ids['application_id']!,
  }
  const operations = [
    'events.get',
    'events.replay',
    'events.cancel',
    'events.cancelDeliveries',
    'deliveries.cancel',
    'deliveries.skip',
    'subscriptions.pause',
    'subscriptions.resume',
    'subscriptions.status',
    'subscriptions.test',
    'subscriptions.cancelDeliveries',
    'subscriptions.update',
    'subscriptions.delete',
    'subscriptionSecret.reveal',
    'subscriptionSecret.rotate',
    'subscriptionSecret.endPrevious',
    'serviceToken.get',
    'serviceToken.edit',
    'serviceToken.delete',
    'applicationSecrets.update',
    'applicationSecrets.delete',
    'deadLetters.get',
    'deadLetters.redrive',
    'deadLetters.discard',
    ...['redrives', 'discards', 'replays'].flatMap((kind) => [`${kind}.get`, `${kind}.control`]),
  ]
  for (const operation of withCredential().filter(({ id }) => operations.includes(id))) {
    const answer = await send(operation, ids, `Bearer ${people.editor.login.access_token}`)
    assert.deepEqual([answer.status, answer.body?.id], [404, 'NotFound'], operation.id)
  }
})

test('what became of a deleted organization, and of a deleted user, stands in the audit log', async () => {
  const world = await createWorld(api, people, receiver.url)
  const { organization_id, application_id } = world.ids
  const asOwner = (method: string, path: string) =>
    api.call<unknown[]>(method, path, undefined, people.owner.authorization)
  const applications = await api.call<{ application_id: string }[]>(
    'GET',
    `/applications?organization_id=${organization_id}`,
    undefined,
    people.owner.authorization,
  )
  assert.ok(applications.body.some((each) => each.application_id === application_id))
  for (const each of applications.body) await asOwner('DELETE', `/applications/${each.application_id}`)
  const leaver = await registerUser(api)
  const invite = { email: leaver.email, role: 'viewer' }
  await api.call('POST', `/organizations/${organization_id}/invite`, invite, people.owner.authorization)
  await api.call('POST', '/auth/delete-user', { password: PASSWORD }, leaver.authorization)
  assert.equal((await asOwner('DELETE', `/organizations/${organization_id}`)).status, 204)
  const path = `/audit?organization_id=${organization_id}&action=deleted`
  assert.equal((await asOwner('GET', path)).status, 403)
  const { body } = await api.call<{ resource: { kind: string; id: string }; actor: { id: string } }[]>(
    'GET',
    path,
    undefined,
    `Bearer ${MASTER}`,
  )
  const kinds = body.map(({ resource }) => resource.kind)
  assert.equal(kinds[0], 'organization')
  assert.equal(kinds.filter((kind) => kind === 'application').length, 2)
  const left = body.find(({ resource, actor }) => resource.id === leaver.userId && actor.id === leaver.userId)
  assert.equal(left?.resource.kind, 'membership')
})

test('a revoked credential is refused at once', async () => {
  const world = await createWorld(api, people, receiver.url)
  const asOwner = (path: string) => api.call('DELETE', path, undefined, people.owner.authorization)
  const { organization_id, application_id, service_token_id, application_secret_token } = world.ids
  assert.equal((await asOwner(`/service_token/${service_token_id}?organization_id=${organization_id}`)).status, 204)
  assert.equal(
    (await asOwner(`/application_secrets/${application_secret_token}?application_id=${application_id}`)).status,
    204,
  )
  const cases: [string, string][] = [
    [world.serviceToken, 'AuthInvalidBiscuit'],
    [world.secret, 'AuthInvalidApplicationSecret'],
  ]
  for (const [token, id] of cases) {
    const answer = await api.call<ProblemDocument>(
      'GET',
      `/event_types?application_id=${application_id}`,
      undefined,
      `Bearer ${token}`,
    )
    assert.deepEqual([answer.status, answer.body.id], [403, id])
  }
})
