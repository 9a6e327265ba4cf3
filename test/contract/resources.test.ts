import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type {
  ApplicationInfo,
  ApplicationSecretAnswer,
  AuditEntryAnswer,
  EventsPerDayEntry,
  OrganizationInfo,
  ServiceTokenAnswer,
} from '#shared/contract/account-schemas.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type { RequestAttempt, SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { createApplication } from '../support/accounts.ts'
import type { Api, ApiAnswer } from '../support/api.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { createPeople, createWorld, eventPost, type People, subscriptionPost } from '../support/world.ts'

let stack: Stack
let api: Api
let receiver: Receiver
let people: People

before(async () => {
  receiver = await startReceiver()
  stack = await startStack({ ACCESS_TOKEN_LIFETIME_MS: '3600000' })
  api = stack.api
  people = await createPeople(api)
})
after(async () => {
  await stack?.close()
  await receiver?.close()
})

const asOwner = <T = ProblemDocument>(method: string, path: string, body?: unknown) =>
  api.call<T>(method, path, body, people.owner.authorization)
const newWorld = () => createWorld(api, people, receiver.url)

async function query<T>(sql: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({ connectionString: stack.servers.databaseUrl })
  await client.connect()
  const { rows } = await client.query(sql, values)
  await client.end()
  return rows as T[]
}

test('an application is born with a secret named Default, and shows quotas, use and next steps', async () => {
  const { organizationId, authorization } = people.owner
  const { applicationId } = await createApplication(api, { organizationId, authorization })
  const secrets = await asOwner<ApplicationSecretAnswer[]>(
    'GET',
    `/application_secrets?application_id=${applicationId}`,
  )
  assert.deepEqual(
    secrets.body.map(({ name, deleted_at }) => [name, deleted_at]),
    [['Default', null]],
  )
  const info = async () => (await asOwner<ApplicationInfo>('GET', `/applications/${applicationId}`)).body
  assert.deepEqual(await info(), {
    application_id: applicationId,
    organization_id: organizationId,
    name: 'Shop',
    quotas: { events_per_day_limit: 2_147_483_647, days_of_events_retention_limit: 2_147_483_647 },
    consumption: { events_per_day: 0 },
    onboarding_steps: { event_type: 'ToDo', subscription: 'ToDo', event: 'ToDo' },
  })
  await asOwner('POST', '/event_types', { application_id: applicationId, service: 'a', resource_type: 'b', verb: 'c' })
  await asOwner('POST', '/subscriptions', subscriptionPost(applicationId, receiver.url))
  await asOwner('POST', '/event', eventPost(applicationId))
  const { consumption, onboarding_steps } = await info()
  assert.deepEqual([consumption.events_per_day, Object.values(onboarding_steps)], [1, ['Done', 'Done', 'Done']])
  const organization = await asOwner<OrganizationInfo>('GET', `/organizations/${organizationId}`)
  assert.equal(organization.body.consumption.events_per_day, 1)
  assert.deepEqual(new Set(Object.values(organization.body.onboarding_steps)), new Set(['Done']))
})

test('secrets and tokens are made, shown again on every read, renamed, and gone when deleted', async () => {
  const { ids } = await newWorld()
  const { application_id, organization_id } = ids
  const secret = await asOwner<ApplicationSecretAnswer>('POST', '/application_secrets', { application_id, name: 'CI' })
  assert.equal(secret.status, 201)
  const path = `/application_secrets/${secret.body.token}`
  assert.equal((await asOwner<ApplicationSecretAnswer>('PUT', path, { application_id, name: null })).body.name, null)
  assert.equal((await asOwner('DELETE', `${path}?application_id=${application_id}`)).status, 204)
  assert.equal((await asOwner('DELETE', `${path}?application_id=${application_id}`)).status, 404)
  const token = await asOwner<ServiceTokenAnswer>('POST', '/service_token', { organization_id, name: 'CI' })
  const ofToken = `/service_token/${token.body.token_id}`
  const got = await asOwner<ServiceTokenAnswer>('GET', `${ofToken}?organization_id=${organization_id}`)
  assert.deepEqual(got.body, token.body)
  const renamed = await asOwner<ServiceTokenAnswer>('PUT', ofToken, { organization_id, name: 'CD' })
  assert.deepEqual(renamed.body, { ...token.body, name: 'CD' })
  const listed = await asOwner<ServiceTokenAnswer[]>('GET', `/service_token?organization_id=${organization_id}`)
  assert.deepEqual(listed.body.at(-1), renamed.body)
  assert.equal((await asOwner('DELETE', `${ofToken}?organization_id=${organization_id}`)).status, 204)
  assert.equal((await asOwner('GET', `${ofToken}?organization_id=${organization_id}`)).status, 404)
})

test('deleting an application cancels what it has open, ends its secrets, and hides what it had', async () => {
  const hanging = await startReceiver(() => ({ status: 503 }))
  const { ids, secret } = await createWorld(api, people, receiver.url)
  const { application_id, organization_id } = ids
  await asOwner('POST', '/subscriptions', {
    ...subscriptionPost(application_id!, hanging.url),
    max_retries: 24,
    retry_policy: { schedule: ['1h'] },
  })
  await asOwner('POST', '/event', eventPost(application_id!))
  await hanging.waitFor((requests) => requests.length === 1)
  const succeeded = `SELECT 1 FROM deliveries WHERE application_id = $1 AND status = 'succeeded'`
  await until('the other two are recorded', async () => (await query(succeeded, [application_id])).length === 2)
  assert.equal((await asOwner('DELETE', `/applications/${application_id}`)).status, 204)
  assert.equal((await asOwner('DELETE', `/applications/${application_id}`)).status, 403)
  const gone = await api.call<ProblemDocument>('POST', '/event', eventPost(application_id!), `Bearer ${secret}`)
  assert.equal(gone.body.id, 'AuthInvalidApplicationSecret')
  for (const path of [`/applications/${application_id}`, `/events?application_id=${application_id}`])
    assert.equal((await asOwner('GET', path)).status, 403)
  assert.equal((await asOwner('GET', `/subscriptions/${ids['subscription_id']}`)).status, 404)
  const list = await asOwner<unknown[]>('GET', `/applications?organization_id=${organization_id}`)
  assert.equal(list.body.length, 1)
  const audit = await asOwner<AuditEntryAnswer[]>('GET', `/audit?organization_id=${organization_id}&limit=1`)
  const open = await query<{ status: string }>('SELECT status FROM deliveries WHERE application_id = $1', [
    application_id,
  ])
  assert.deepEqual(open.map(({ status }) => status).sort(), ['cancelled', 'succeeded', 'succeeded'])
  assert.deepEqual([audit.body[0]?.action, audit.body[0]?.resource.kind], ['deleted', 'application'])
  await hanging.close()
})

test('a replayed event is delivered again, to the subscriptions of now, beside what was before', async () => {
  const other = await startReceiver()
  const { ids } = await newWorld()
  const { application_id, event_id } = ids
  await asOwner('POST', '/subscriptions', subscriptionPost(application_id!, other.url))
  const attempts = async () =>
    (await asOwner<RequestAttempt[]>('GET', `/request_attempts?application_id=${application_id}&event_id=${event_id}`))
      .body
  assert.equal((await attempts()).length, 1)
  assert.equal((await asOwner('POST', `/events/${event_id}/replay`, { application_id })).status, 204)
  const after = await attempts()
  assert.deepEqual(
    after.map(({ retry_count }) => retry_count),
    [0, 0, 0],
  )
  assert.equal(new Set(after.map(({ request_attempt_id }) => request_attempt_id)).size, 3)
  await other.waitFor((requests) => requests.length === 1)
  assert.equal(other.requests[0]?.headers['x-event-id'], event_id)
  await other.close()
})

test('events are counted by day, for an application and for its organization', async () => {
  const { ids } = await newWorld()
  const { application_id, organization_id } = ids
  await Promise.all(Array.from({ length: 5 }, () => asOwner('POST', '/event', eventPost(application_id!))))
  const today = new Date().toISOString().slice(0, 10)
  const wanted = { application_id, application_name: 'Shop', date: today, amount: 7, is_provisional: true }
  for (const scope of [
    `application?application_id=${application_id}`,
    `organization?organization_id=${organization_id}`,
  ]) {
    const { body } = await asOwner<EventsPerDayEntry[]>('GET', `/events_per_day/${scope}`)
    assert.deepEqual(body, [wanted])
    assert.deepEqual((await asOwner('GET', `/events_per_day/${scope}&to=2020-01-31`)).body, [])
  }
  const path = `/events_per_day/application?application_id=${people.stranger.organizationId}`
  assert.equal((await asOwner('GET', `${path}&from=2026-02-01&to=2026-01-01`)).body.id, 'InvalidDateRange')
  assert.equal((await asOwner('GET', `${path}&from=2026-02-30`)).body.id, 'JsonPayload')
})

test('the audit log has who changed what, newest first, with what differs and without any secret', async () => {
  const { ids, secret, serviceToken } = await newWorld()
  const { organization_id, application_id, subscription_id } = ids
  const url = 'https://hooks.example.com/services/T0P5ECRET?key=AN0THER5ECRET'
  const target = { type: 'http', method: 'PUT', url, headers: { 'x-key': 'HEADER5ECRET' } }
  const put = { ...subscriptionPost(application_id!, url), target, description: 'second' }
  await api.call('PUT', `/subscriptions/${subscription_id}`, put, `Bearer ${serviceToken}`)
  await api.call('PUT', `/subscriptions/${subscription_id}`, { ...put, is_enabled: false }, `Bearer ${secret}`)
  const { body } = await asOwner<AuditEntryAnswer[]>('GET', `/audit?organization_id=${organization_id}&limit=100`)
  assert.deepEqual(
    body.map(({ audit_id }) => Number(audit_id)),
    body.map(({ audit_id }) => Number(audit_id)).toSorted((a, b) => b - a),
  )
  const [disabled, edited] = body
  assert.deepEqual(
    [disabled?.actor.kind, edited?.actor.kind, edited?.actor.name],
    ['application_secret', 'service_token', 'token'],
  )
  assert.ok(
    disabled?.changes.some(
      (change) => change.field === 'isEnabled' && change.before === true && change.after === false,
    ),
  )
  assert.ok(
    edited?.changes.some(
      (change) => change.field === 'description' && change.before === null && change.after === 'second',
    ),
  )
  const kinds = new Set(body.map(({ resource }) => resource.kind))
  for (const kind of [
    'organization',
    'membership',
    'service_token',
    'application',
    'application_secret',
    'event_type',
    'subscription',
  ])
    assert.ok(kinds.has(kind), kind)
  const text = JSON.stringify(body)
  for (const hidden of [secret, serviceToken, 'T0P5ECRET', 'AN0THER5ECRET', 'HEADER5ECRET', 'sealed', 'passwordHash'])
    assert.ok(!text.includes(hidden), hidden)
  const filtered = await asOwner<AuditEntryAnswer[]>(
    'GET',
    `/audit?organization_id=${organization_id}&resource_kind=membership&action=created`,
  )
  assert.equal(filtered.body.length, 3)
})

test('the audit log survives a rebuild of the read model, further back than CONTROL goes', async () => {
  const { ids } = await newWorld()
  const { organization_id, application_id } = ids
  for (let i = 0; i < 12; i++)
    await asOwner('PUT', `/applications/${application_id}`, { organization_id, name: `name ${i}` })
  const read = async () =>
    (
      await asOwner<AuditEntryAnswer[]>(
        'GET',
        `/audit?organization_id=${organization_id}&resource_kind=application&resource_id=${application_id}`,
      )
    ).body
  const before = await read()
  assert.equal(before.length, 13)
  await stack.restart()
  await query(
    'TRUNCATE audit_log, subscriptions, events, event_counts, deliveries, attempts, responses, dead_letters, cancellations, postponed_events, rejections, projection_checkpoints',
  )
  await stack.restart()
  api = stack.api
  await until('the log is whole again', async () => (await read()).length === 13)
  assert.deepEqual(await read(), before)
})

test('a list is read in pages that miss and repeat nothing, while more is made', async () => {
  const { ids } = await newWorld()
  const { application_id } = ids
  const make = (i: number) =>
    asOwner('POST', '/subscriptions', { ...subscriptionPost(application_id!, receiver.url), description: `s${i}` })
  await Promise.all(Array.from({ length: 25 }, (_, i) => make(i)))
  const all = await asOwner<SubscriptionAnswer[]>('GET', `/subscriptions?application_id=${application_id}`)
  assert.equal(all.headers.get('link'), null)
  const seen: string[] = []
  let path: string | null = `/subscriptions?application_id=${application_id}&limit=10`
  let pages = 0
  while (path !== null) {
    const [page]: [ApiAnswer<SubscriptionAnswer[]>, unknown] = await Promise.all([
      asOwner<SubscriptionAnswer[]>('GET', path),
      make(100 + pages++),
    ])
    seen.push(...page.body.map(({ subscription_id }) => subscription_id))
    const link: string | undefined = /<(.+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1]
    path = link === undefined ? null : link.slice(link.indexOf('/api/v1') + 7)
  }
  assert.equal(new Set(seen).size, seen.length)
  for (const { subscription_id } of all.body) assert.ok(seen.includes(subscription_id))
  const wrong = await asOwner('GET', `/subscriptions?application_id=${application_id}&pagination_cursor=nonsense`)
  assert.equal(wrong.body.id, 'JsonPayload')
})

test('events are found by type, label, time and status, page by page', async () => {
  const { ids } = await newWorld()
  const { application_id } = ids
  await asOwner('POST', '/event_types', { application_id, service: 'x', resource_type: 'y', verb: 'z' })
  const post = (more: object) =>
    asOwner<{ event_id: string; received_at: string }>('POST', '/event', { ...eventPost(application_id!), ...more })
  const other = await post({ event_type: 'x.y.z', labels: { all: 'no', tenant: 'a:b' } })
  await Promise.all(Array.from({ length: 9 }, () => post({})))
  const find = async (query: string) => {
    const { body, status } = await asOwner<{ event_id: string }[]>(
      'GET',
      `/events?application_id=${application_id}&${query}`,
    )
    assert.equal(status, 200, JSON.stringify(body))
    return body.map(({ event_id }) => event_id)
  }
  assert.deepEqual(await find('event_types=x.y.z'), [other.body.event_id])
  assert.deepEqual(await find('label=tenant:a:b&label=all:no'), [other.body.event_id])
  assert.deepEqual(await find('status=unmatched'), [other.body.event_id])
  assert.deepEqual(await find('status=waiting'), [ids['waiting_event_id']])
  await until('all are delivered', async () => (await find('status=succeeded')).length === 10)
  assert.equal((await find(`max_received_at=${other.body.received_at}`)).at(0), other.body.event_id)
  assert.equal((await find(`min_received_at=${other.body.received_at}`)).length, 10)
  const seen: string[] = []
  let path: string | null = `/events?application_id=${application_id}&limit=5`
  while (path !== null) {
    const page: { body: { event_id: string }[]; headers: Headers } = await asOwner('GET', path)
    seen.push(...page.body.map(({ event_id }) => event_id))
    const link: string | undefined = /<(.+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1]
    path = link === undefined ? null : link.slice(link.indexOf('/api/v1') + 7)
  }
  assert.equal(seen.length, 12)
  assert.equal(new Set(seen).size, 12)
})
