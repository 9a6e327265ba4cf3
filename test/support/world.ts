import assert from 'node:assert/strict'
import type { RequestAttempt } from '#shared/contract/schemas.ts'
import { createApplication, PASSWORD, registerUser, type TestUser } from './accounts.ts'
import type { Api } from './api.ts'
import { until } from './until.ts'

/** People who stay the same, whatever is made and deleted: registering costs more than anything else. */
export interface People {
  owner: TestUser
  editor: TestUser
  viewer: TestUser
  stranger: TestUser
  strangersToken: string
}

/** An organisation with one of everything, and the ids that requests name. */
export interface World {
  ids: Record<string, string>
  serviceToken: string
  secret: string
  otherSecret: string
}

export async function createPeople(api: Api): Promise<People> {
  const [owner, editor, viewer, stranger] = await Promise.all([0, 1, 2, 3].map(() => registerUser(api)))
  const strangersToken = await createServiceToken(api, stranger!.organizationId, stranger!)
  return {
    owner: owner!,
    editor: editor!,
    viewer: viewer!,
    stranger: stranger!,
    strangersToken: strangersToken.biscuit,
  }
}

async function createServiceToken(api: Api, organization_id: string, { authorization }: TestUser) {
  const post = { organization_id, name: 'token' }
  const made = await api.call<{ biscuit: string; token_id: string }>('POST', '/service_token', post, authorization)
  assert.equal(made.status, 201)
  return made.body
}

export async function createWorld(api: Api, people: People, targetUrl: string): Promise<World> {
  const { owner, editor, viewer } = people
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await api.call<T>(method, path, body, owner.authorization)
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const { organization_id } = await call<{ organization_id: string }>('POST', '/organizations', { name: 'World' })
  const invite = `/organizations/${organization_id}/invite`
  await call('POST', invite, { email: editor.email, role: 'editor' })
  await call('POST', invite, { email: viewer.email, role: 'viewer' })
  const of = { organizationId: organization_id, authorization: owner.authorization }
  const [token, first, second] = await Promise.all([
    createServiceToken(api, organization_id, owner),
    createApplication(api, of),
    createApplication(api, of),
  ])
  const application_id = first.applicationId
  const type = { application_id, service: 'a', resource_type: 'b', verb: 'c' }
  await call('POST', '/event_types', type)
  const subscription = await call<{ subscription_id: string }>(
    'POST',
    '/subscriptions',
    subscriptionPost(application_id, targetUrl),
  )
  const { event_id } = await call<{ event_id: string }>('POST', '/event', eventPost(application_id))
  const later = { ...eventPost(application_id), delay_ms: 3_600_000 }
  const { event_id: waiting_event_id } = await call<{ event_id: string }>('POST', '/event', later)
  const attempt = await until('the attempt', async () => {
    const found = await call<RequestAttempt[]>('GET', `/request_attempts?application_id=${application_id}`)
    return found.find(({ response_id }) => response_id !== null)
  })
  return {
    serviceToken: token.biscuit,
    secret: first.secret,
    otherSecret: second.secret,
    ids: {
      organization_id,
      application_id,
      event_id,
      waiting_event_id,
      subscription_id: subscription.subscription_id,
      request_attempt_id: attempt.request_attempt_id,
      delivery_id: attempt.delivery_id,
      response_id: attempt.response_id!,
      service_token_id: token.token_id,
      application_secret_token: first.secret,
      event_type_name: 'a.b.c',
      user_id: viewer.userId,
      email: viewer.email,
      target_url: targetUrl,
    },
  }
}

/** A dead letter in a world, and a job of each kind that is only looked at. */
export async function addDeadLetter(api: Api, people: People, world: World): Promise<void> {
  const { application_id } = world.ids
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await api.call<T>(method, path, body, people.owner.authorization)
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  await call('POST', '/subscriptions', {
    ...subscriptionPost(application_id!, 'http://127.0.0.1:1/'),
    labels: { to: 'nobody' },
    retry_policy: { max_attempts: 1 },
  })
  await call('POST', '/event', { ...eventPost(application_id!), labels: { to: 'nobody' } })
  const letter = await until('the dead letter', async () => {
    const found = await call<{ delivery_id: string }[]>('GET', `/dead_letters?application_id=${application_id}`)
    return found[0]
  })
  world.ids['delivery_id'] = letter.delivery_id
  for (const kind of ['redrives', 'discards', 'replays'])
    world.ids[`${kind}_job_id`] = (
      await call<{ job_id: string }>('POST', `/${kind}`, BODIES[`${kind}.create`]!(world.ids))
    ).job_id
}

export function subscriptionPost(application_id: string, url: string) {
  const target = { type: 'http', method: 'POST', url, headers: {} }
  return { application_id, is_enabled: true, event_types: ['a.b.c'], labels: { all: 'yes' }, target }
}

export function eventPost(application_id: string) {
  return {
    application_id,
    event_type: 'a.b.c',
    payload: '{"amount":7}',
    payload_content_type: 'application/json',
    occurred_at: '2026-01-01T00:00:00Z',
    labels: { all: 'yes' },
  }
}

/** A body that an operation takes, by its id. */
export const BODIES: Record<string, (ids: Record<string, string>) => Record<string, unknown>> = {
  register: () => ({ first_name: 'New', last_name: 'User', email: 'new@example.com', password: PASSWORD }),
  'auth.login': () => ({ email: 'nobody@example.com', password: PASSWORD }),
  'auth.oneTime': () => ({ code: 'jhsi_x' }),
  'auth.changePassword': () => ({ new_password: 'kurz' }),
  'auth.verifyEmail': () => ({ token: 'jhve_x' }),
  'auth.resendVerificationEmail': () => ({ email: 'nobody@example.com' }),
  'auth.beginResetPassword': () => ({ email: 'nobody@example.com' }),
  'auth.resetPassword': () => ({ token: 'jhrp_x', new_password: PASSWORD }),
  'auth.deleteUser': () => ({ password: 'wrong password' }),
  'emailPreferences.unsubscribeReactivation': () => ({ token: 'x' }),
  'organizations.create': () => ({ name: 'Another' }),
  'organizations.edit': () => ({ name: 'Renamed' }),
  'organizations.editQuotas': () => ({ members_per_organization_limit: 50 }),
  'organizations.invite': ({ email }) => ({ email, role: 'viewer' }),
  'organizations.revoke': ({ user_id }) => ({ user_id }),
  'organizations.editRole': ({ user_id }) => ({ user_id, role: 'viewer' }),
  'serviceToken.create': ({ organization_id }) => ({ organization_id, name: 'made' }),
  'serviceToken.edit': ({ organization_id }) => ({ organization_id, name: 'renamed' }),
  'applications.create': ({ organization_id }) => ({ organization_id, name: 'made' }),
  'applications.update': ({ organization_id }) => ({ organization_id, name: 'renamed' }),
  'applications.editQuotas': () => ({ events_per_day_limit: null }),
  'applicationSecrets.create': ({ application_id }) => ({ application_id, name: 'made' }),
  'applicationSecrets.update': ({ application_id }) => ({ application_id, name: 'renamed' }),
  'eventTypes.create': ({ application_id }) => ({ application_id, service: 'x', resource_type: 'y', verb: 'z' }),
  'subscriptions.create': (ids) => subscriptionPost(ids['application_id']!, ids['target_url']!),
  'subscriptions.update': (ids) => subscriptionPost(ids['application_id']!, ids['target_url']!),
  'subscriptionSecret.rotate': ({ application_id }) => ({ application_id, grace_period: '1h' }),
  'filters.try': ({ application_id }) => ({ application_id, filter: { 'payload.amount': 7 } }),
  'events.ingest': ({ application_id }) => eventPost(application_id!),
  'events.ingestBatch': ({ application_id }) => {
    const { application_id: _, ...event } = eventPost(application_id!)
    return { application_id, events: [event] }
  },
  'events.replay': ({ application_id }) => ({ application_id }),
  'events.cancel': ({ application_id }) => ({ application_id }),
  'deadLetters.redrive': ({ application_id }) => ({ application_id }),
  'deadLetters.discard': ({ application_id }) => ({ application_id, reason: 'a test' }),
  'redrives.create': ({ application_id }) => ({ application_id, filter: {} }),
  'redrives.control': ({ application_id }) => ({ application_id }),
  'discards.create': ({ application_id }) => ({ application_id, filter: {}, reason: 'a test' }),
  'discards.control': ({ application_id }) => ({ application_id }),
  'replays.create': ({ application_id }) => ({ application_id, event_types: ['a.b.c'] }),
  'replays.control': ({ application_id }) => ({ application_id }),
  'events.cancelDeliveries': ({ application_id }) => ({ application_id }),
  'deliveries.cancel': ({ application_id }) => ({ application_id }),
  'deliveries.skip': ({ application_id }) => ({ application_id }),
  'subscriptions.pause': ({ application_id }) => ({ application_id }),
  'subscriptions.resume': ({ application_id }) => ({ application_id, drain_per_second: 50 }),
  'subscriptions.cancelDeliveries': ({ application_id }) => ({ application_id }),
  'subscriptions.test': ({ application_id }) => ({ application_id }),
}
