import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ApplicationInfo } from '#shared/contract/account-schemas.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type { EventBatchAnswer, QuotasResponse } from '#shared/contract/schemas.ts'
import { createApplication } from '../support/accounts.ts'
import type { Api } from '../support/api.ts'
import { startMailServer, type TestMailServer } from '../support/smtp.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { eventPost, subscriptionPost } from '../support/world.ts'

const MASTER = '6a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d'
const idOf = ({ status, body }: { status: number; body: unknown }) =>
  `${status} ${(body as ProblemDocument | null)?.id}`

describe('quotas', () => {
  let stack: Stack
  let api: Api
  let mailServer: TestMailServer
  const asMaster = <T = ProblemDocument>(method: string, path: string, body?: unknown) =>
    api.call<T>(method, path, body, `Bearer ${MASTER}`)

  before(async () => {
    mailServer = await startMailServer()
    stack = await startStack({
      MASTER_API_KEY: MASTER,
      ENABLE_QUOTA_ENFORCEMENT: 'true',
      QUOTA_GLOBAL_APPLICATIONS_PER_ORGANIZATION_LIMIT: '3',
      QUOTA_GLOBAL_MEMBERS_PER_ORGANIZATION_LIMIT: '2',
      QUOTA_GLOBAL_SUBSCRIPTIONS_PER_APPLICATION_LIMIT: '4',
      QUOTA_GLOBAL_EVENT_TYPES_PER_APPLICATION_LIMIT: '2',
      QUOTA_GLOBAL_EVENTS_PER_DAY_LIMIT: '20',
      ENABLE_QUOTA_BASED_EMAIL_NOTIFICATIONS: 'true',
      SMTP_URL: mailServer.url,
      EMAIL_SENDER_ADDRESS: 'jethook@example.com',
    })
    api = stack.api
  })
  after(async () => {
    await stack?.close()
    await mailServer?.close()
  })

  /** An organisation of its own, made by a user who was verified by mail. */
  async function newOrganization(): Promise<{ organizationId: string; authorization: string; email: string }> {
    const email = `quota${Math.random()}@example.com`
    const person = { first_name: 'Ada', last_name: 'Lovelace', email, password: 'Tq7-mund zwölf Wale' }
    await api.call('POST', '/register', person)
    const mail = await until('the mail', async () => mailServer.mails.find(({ to }) => to === email))
    const token = /token=(jhve_[\w-]+)/.exec(mail.content)![1]
    const login = await api.call<{ access_token: string; user_id: string }>('POST', '/auth/verify-email', { token })
    const authorization = `Bearer ${login.body.access_token}`
    const list = await api.call<{ organization_id: string }[]>('GET', '/organizations', undefined, authorization)
    return { organizationId: list.body[0]!.organization_id, authorization, email }
  }

  test('are shown, and refuse one too many, also of many at the same moment', async () => {
    const { body } = await api.call<QuotasResponse>('GET', '/quotas')
    assert.deepEqual([body.enabled, body.limits.global_events_per_day_limit], [true, 20])
    const { organizationId, authorization } = await newOrganization()
    const call = (path: string, post: unknown) => api.call<ProblemDocument>('POST', path, post, authorization)
    const many = async (count: number, act: (i: number) => Promise<{ status: number; body: unknown }>) =>
      (await Promise.all(Array.from({ length: count }, (_, i) => act(i)))).map(idOf).sort()
    const applications = await many(8, () => call('/applications', { organization_id: organizationId, name: 'app' }))
    assert.deepEqual(applications, [
      ...Array(3).fill('201 undefined'),
      ...Array(5).fill('429 TooManyApplicationsPerOrganization'),
    ])
    const [application] = (
      await api.call<{ application_id: string }[]>(
        'GET',
        `/applications?organization_id=${organizationId}`,
        undefined,
        authorization,
      )
    ).body
    const { application_id } = application!
    const types = await many(5, (i) =>
      call('/event_types', { application_id, service: 'a', resource_type: 'b', verb: `v${i}` }),
    )
    assert.deepEqual(types, [
      ...Array(2).fill('201 undefined'),
      ...Array(3).fill('429 TooManyEventTypesPerApplication'),
    ])
    const post = { ...subscriptionPost(application_id, 'http://127.0.0.1:1/'), event_types: ['a.**'] }
    const subscriptions = await many(9, () => call('/subscriptions', post))
    assert.deepEqual(subscriptions, [
      ...Array(4).fill('201 undefined'),
      ...Array(5).fill('429 TooManySubscriptionsPerApplication'),
    ])
    await api.call('DELETE', `/applications/${application_id}`, undefined, authorization)
    assert.equal((await call('/applications', { organization_id: organizationId, name: 'app' })).status, 201)
  })

  test('of members hold for invitations', async () => {
    const [owner, second, third] = [await newOrganization(), await newOrganization(), await newOrganization()]
    const path = `/organizations/${owner.organizationId}/invite`
    const invite = (email: string) =>
      api.call<ProblemDocument>('POST', path, { email, role: 'viewer' }, owner.authorization)
    assert.equal((await invite(second.email)).status, 200)
    assert.equal(idOf(await invite(third.email)), '429 TooManyMembersPerOrganization')
  })

  test('of events count every event at once, warn by mail, and can be raised for one organization', async () => {
    const owner = await newOrganization()
    const { applicationId } = await createApplication(api, owner)
    const { authorization, organizationId, email } = owner
    await api.call(
      'POST',
      '/event_types',
      { application_id: applicationId, service: 'a', resource_type: 'b', verb: 'c' },
      authorization,
    )
    const event = () => api.call<ProblemDocument>('POST', '/event', eventPost(applicationId), authorization)
    const answers = (await Promise.all(Array.from({ length: 18 }, event))).map(({ status }) => status)
    assert.deepEqual(answers, Array(18).fill(201))
    const { application_id: _, ...inBatch } = eventPost(applicationId)
    const batch = { application_id: applicationId, events: Array(5).fill(inBatch) }
    const { body } = await api.call<EventBatchAnswer>('POST', '/events/batch', batch, authorization)
    assert.deepEqual(body.map(({ status, problem }) => problem?.id ?? status).sort(), [
      201,
      201,
      ...Array(3).fill('TooManyEventsToday'),
    ])
    assert.equal(idOf(await event()), '429 TooManyEventsToday')
    const info = await api.call<ApplicationInfo>('GET', `/applications/${applicationId}`, undefined, authorization)
    assert.deepEqual([info.body.consumption.events_per_day, info.body.quotas.events_per_day_limit], [20, 20])
    const warnings = await until('the warning', async () => {
      const mails = mailServer.mails.filter(({ to, content }) => to === email && /16 of 20 events/.test(content))
      return mails.length > 0 && mails
    })
    assert.equal(warnings.length, 1)
    // A refused event takes no place.
    await asMaster('PUT', `/organizations/${organizationId}/quotas`, { events_per_day_limit: 22 })
    assert.equal(
      idOf(await api.call('POST', '/event', { ...eventPost(applicationId), event_type: 'x.y.z' }, authorization)),
      '400 EventTypeDoesNotExist',
    )
    assert.deepEqual([(await event()).status, (await event()).status], [201, 201])
    assert.equal(idOf(await event()), '429 TooManyEventsToday')
    await asMaster('PUT', `/organizations/${organizationId}/quotas`, { events_per_day_limit: 100 })
    await asMaster('PUT', `/applications/${applicationId}/quotas`, { events_per_day_limit: 23 })
    assert.equal((await event()).status, 201)
    assert.equal(idOf(await event()), '429 TooManyEventsToday')
    await stack.restart()
    api = stack.api
    assert.equal(idOf(await event()), '429 TooManyEventsToday')
  })
})

describe('rate limits', () => {
  let stack: Stack
  let api: Api
  before(async () => {
    stack = await startStack({
      MASTER_API_KEY: MASTER,
      DISABLE_API_RATE_LIMITING: 'false',
      REVERSE_PROXY_IPS: '127.0.0.1',
      API_RATE_LIMITING_IP_BURST_SIZE: '60',
      API_RATE_LIMITING_IP_REPLENISH_PERIOD_IN_MS: '60000',
      API_RATE_LIMITING_TOKEN_REPLENISH_PERIOD_IN_MS: '60000',
      API_RATE_LIMITING_INGEST_BURST_SIZE: '300',
      API_RATE_LIMITING_INGEST_REPLENISH_PERIOD_IN_MS: '60000',
    })
    api = stack.api
    await api.createEventType()
  })
  after(() => stack?.close())

  const from = (ip: string, path: string, token?: string) =>
    fetch(`${stack.apiUrl()}/api/v1${path}`, {
      headers: { 'x-forwarded-for': ip, ...(token ? { authorization: `Bearer ${token}` } : {}) },
    })

  test('of a token: so many at once, then 429 with Retry-After; other tokens and the master key go on', async () => {
    const { service_token, application_secret, application_id } = stack.credentials
    const path = `/event_types?application_id=${application_id}`
    const statuses: number[] = []
    let refused: Response | null = null
    for (let i = 0; i < 22; i++) {
      const response = await from('192.0.2.1', path, service_token)
      statuses.push(response.status)
      if (response.status === 429) refused ??= response
    }
    assert.deepEqual(statuses, [...Array(19).fill(200), 429, 429, 429])
    assert.match(refused!.headers.get('retry-after') ?? '', /^5\d$/)
    assert.equal(((await refused!.json()) as ProblemDocument).id, 'RateLimited')
    assert.equal((await from('192.0.2.1', path, application_secret)).status, 200)
    assert.equal((await from('192.0.2.1', path, MASTER)).status, 200)
  })

  test('of an address: holds for whatever comes from it, as the trusted proxy says, and for nobody else', async () => {
    for (let i = 0; i < 60; i++) assert.equal((await from('192.0.2.2', '/errors')).status, 200)
    assert.equal((await from('192.0.2.2', '/errors')).status, 429)
    assert.equal((await from('192.0.2.2', '/instance')).status, 429)
    assert.equal((await from('192.0.2.3', '/errors')).status, 200)
  })

  test('of posting events are their own: a fast sender is not held up, a guesser of credentials is', async () => {
    for (let i = 0; i < 300; i += 50) await Promise.all(Array.from({ length: 50 }, () => api.send()))
    assert.equal((await api.call('POST', '/event', api.eventPost())).status, 429)
    const guess = () =>
      fetch(`${stack.apiUrl()}/api/v1/event`, {
        method: 'POST',
        headers: {
          'x-forwarded-for': '192.0.2.4',
          authorization: 'Bearer jhst_guess',
          'content-type': 'application/json',
        },
        body: '{}',
      }).then(({ status }) => status)
    const statuses: number[] = []
    for (let i = 0; i < 62; i++) statuses.push(await guess())
    assert.deepEqual([statuses[0], statuses[59], statuses[60], statuses[61]], [403, 403, 429, 429])
  })
})
