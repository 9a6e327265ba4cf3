import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { composeJethook, type Jethook } from '#scripts/compose.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { createApplication, registerUser } from '../support/accounts.ts'
import { type Api, createApi } from '../support/api.ts'
import { testLogger } from '../support/nats.ts'
import { PATIENT } from '../support/patient.ts'
import { LOOPBACK_ALLOWED, type Stack, startStack } from '../support/stack.ts'
import { eventPost, subscriptionPost } from '../support/world.ts'

const QUOTAS = {
  ENABLE_QUOTA_ENFORCEMENT: 'true',
  QUOTA_GLOBAL_APPLICATIONS_PER_ORGANIZATION_LIMIT: '100',
  QUOTA_GLOBAL_SUBSCRIPTIONS_PER_APPLICATION_LIMIT: '7',
  QUOTA_GLOBAL_EVENTS_PER_DAY_LIMIT: '30',
}

/** Two whole jethooks on the same servers: what one of them does, the other knows. */
let stack: Stack
let second: Jethook
let apis: [Api, Api]
before(async () => {
  stack = await startStack(QUOTAS)
  const settings = {
    ...loadSettings({ PORT: '0', ...PATIENT, ...LOOPBACK_ALLOWED, ...QUOTAS }),
    NATS_URL: stack.servers.natsAddress,
    DATABASE_URL: stack.servers.databaseUrl,
    JETHOOK_HOME: stack.home,
  }
  second = await composeJethook({ settings, logger: testLogger })
  await second.start()
  const { application_id: applicationId, service_token: token } = stack.credentials
  apis = [stack.api, createApi({ apiUrl: `${second.apiUrl()}/api/v1`, applicationId, token })]
})
after(async () => {
  await second?.stop()
  await stack?.close()
})

test('what is made by one gateway works at once at the other, and what is revoked stops', async () => {
  const [first, other] = apis
  const owner = await registerUser(first)
  const { applicationId, secret } = await createApplication(first, owner)
  const list = (api: Api, credential: string) =>
    api.call<ProblemDocument>('GET', `/event_types?application_id=${applicationId}`, undefined, `Bearer ${credential}`)
  assert.equal((await list(other, secret)).status, 200)
  assert.equal((await list(other, owner.login.access_token)).status, 200)
  const path = `/application_secrets/${secret}?application_id=${applicationId}`
  assert.equal((await first.call('DELETE', path, undefined, owner.authorization)).status, 204)
  const startedMs = Date.now()
  while ((await list(other, secret)).status !== 403) assert.ok(Date.now() - startedMs < 5_000, 'revoked within 5 s')
  assert.equal((await other.call('POST', '/auth/logout', undefined, owner.authorization)).status, 204)
  const loggedOutMs = Date.now()
  while ((await list(first, owner.login.access_token)).status !== 403) assert.ok(Date.now() - loggedOutMs < 5_000)
})

test('a refresh token is used once, whichever gateway it is shown to', async () => {
  const { login } = await registerUser(apis[0])
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      apis[i % 2]!.call('POST', '/auth/refresh', undefined, `Bearer ${login.refresh_token}`),
    ),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(9).fill(403)])
})

test('quotas hold for both gateways together', async () => {
  const owner = await registerUser(apis[0])
  const { applicationId } = await createApplication(apis[0], owner)
  const { authorization } = owner
  const call = (i: number, path: string, body: unknown) =>
    apis[i % 2]!.call<ProblemDocument>('POST', path, body, authorization)
  await call(0, '/event_types', { application_id: applicationId, service: 'a', resource_type: 'b', verb: 'c' })
  const made = await Promise.all(
    Array.from({ length: 24 }, (_, i) =>
      call(i, '/subscriptions', subscriptionPost(applicationId, 'http://127.0.0.1:1/')),
    ),
  )
  assert.equal(made.filter(({ status }) => status === 201).length, 7)
  assert.deepEqual(new Set(made.map(({ body }) => body.id)), new Set([undefined, 'TooManySubscriptionsPerApplication']))
  let accepted = 0
  for (let i = 0; i < 34; i++) accepted += (await call(i, '/event', eventPost(applicationId))).status === 201 ? 1 : 0
  assert.equal(accepted, 30)
})

test('of edits at two gateways at once each is made whole or refused', async () => {
  const { subscription_id } = await apis[0]
    .subscribe('http://127.0.0.1:1/', { labels: { never: 'matched' } })
    .catch(async () => {
      await apis[0].createEventType()
      return apis[0].subscribe('http://127.0.0.1:1/', { labels: { never: 'matched' } })
    })
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      apis[i % 2]!.call<{ description: string }>(
        'PUT',
        `/subscriptions/${subscription_id}`,
        apis[0].subscriptionPost('http://127.0.0.1:1/', { description: `edit ${i}` }),
      ),
    ),
  )
  assert.ok(answers.every(({ status }) => status === 200 || status === 409))
  const [one, other] = await Promise.all(
    apis.map((api) => api.call<{ description: string }>('GET', `/subscriptions/${subscription_id}`)),
  )
  assert.deepEqual(one!.body, other!.body)
  assert.ok(answers.some(({ status, body }) => status === 200 && body.description === one!.body.description))
})
