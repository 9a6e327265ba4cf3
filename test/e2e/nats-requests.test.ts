import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Svcm } from '@nats-io/services'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type { RejectionAnswer } from '#shared/contract/rejection-schemas.ts'
import type { EventWithPayload } from '#shared/contract/schemas.ts'
import { newEventId } from '#shared/domain/ids.ts'
import { JETHOOK_VERSION } from '#shared/runtime/version.ts'
import { connectPublisher, type NatsPublisher, natsHeaders } from '../support/nats-publisher.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const MASTER = '6a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d'

let stack: Stack
let receiver: Receiver
let publisher: NatsPublisher
let app = ''

before(async () => {
  stack = await startStack({
    MASTER_API_KEY: MASTER,
    NATS_REQUEST_INFO_TRUSTED: 'true',
    ENABLE_QUOTA_ENFORCEMENT: 'true',
    QUOTA_GLOBAL_EVENTS_PER_DAY_LIMIT: '100000',
    QUOTA_GLOBAL_APPLICATIONS_PER_ORGANIZATION_LIMIT: '10',
    DISABLE_API_RATE_LIMITING: 'false',
    API_RATE_LIMITING_TOKEN_BURST_SIZE: '1000000',
    API_RATE_LIMITING_IP_BURST_SIZE: '1000000',
    API_RATE_LIMITING_INGEST_BURST_SIZE: '60',
    API_RATE_LIMITING_INGEST_REPLENISH_PERIOD_IN_MS: '3600000',
  })
  receiver = await startReceiver()
  publisher = await connectPublisher(stack.servers.natsUrl)
  app = stack.credentials.application_id
  await stack.api.createEventType()
  await stack.api.subscribe(receiver.url)
})
after(async () => {
  await publisher?.close()
  await receiver?.close()
  await stack?.close()
})

async function request(payload: string, headers: Record<string, string> = {}, subject = `ingest.${app}.a.b.c`) {
  const answer = await publisher.connection.request(subject, payload, { timeout: 5_000, headers: natsHeaders(headers) })
  const code = answer.headers?.get('Nats-Service-Error-Code') || null
  return {
    code,
    body: answer.json<ProblemDocument & { event_id: string; application_id: string; received_at: string }>(),
  }
}

const arrived = (eventId: string) => receiver.requests.filter(({ headers }) => headers['x-event-id'] === eventId)

test('a request is answered as a post is, once the event is on disk', async () => {
  const event_id = newEventId(Date.now())
  const { code, body } = await request('{"n":1}', { 'Jethook-Event-Id': event_id })
  assert.equal(code, null)
  assert.deepEqual([body.event_id, body.application_id], [event_id, app])
  assert.ok(Date.parse(body.received_at) > 0)
  await receiver.waitFor(() => arrived(event_id).length > 0)
  const made = await request('{"n":2}')
  await receiver.waitFor(() => arrived(made.body.event_id).length > 0)
  const again = await request('{"n":1}', { 'Jethook-Event-Id': event_id })
  assert.deepEqual([again.code, again.body.id], ['409', 'EventAlreadyIngested'])
})

test('what is refused is answered with its problem document', async () => {
  const unknown = await request('{}', {}, `ingest.${app}.no.such.type`)
  assert.deepEqual([unknown.code, unknown.body.id, unknown.body.status], ['400', 'EventTypeDoesNotExist', 400])
  const foreign = await request('{}', {}, 'ingest.0198c0de-0000-7000-8000-000000000001.a.b.c')
  assert.equal(foreign.body.id, 'Forbidden')
  assert.equal((await request('{')).body.id, 'EventInvalidJsonPayload')
  assert.match((await request('{}', { 'Jethook-Label-x': 'y'.repeat(99) })).body.detail, /Labels properties/)
})

test('where a request comes from is told by what the server says of its connection', async () => {
  const eventOf = async (eventId: string) =>
    (await stack.api.call<EventWithPayload>('GET', `/events/${eventId}?application_id=${app}`)).body
  const info = JSON.stringify({ host: '192.0.2.7', name: 'shop-7', acc: 'APPLICATIONS' })
  const { ip, client_name } = await eventOf((await request('{}', { 'Nats-Request-Info': info })).body.event_id)
  assert.deepEqual([ip, client_name], ['192.0.2.7', 'shop-7'])
  const unknown = await eventOf((await request('{}')).body.event_id)
  assert.deepEqual([unknown.ip, 'client_name' in unknown], ['0.0.0.0', false])
})

test('the service is found, and tells of its subject, its answers and its figures', async () => {
  const client = new Svcm(publisher.connection).client()
  const found: string[] = []
  for await (const { name, version } of await client.ping()) found.push(`${name} ${version}`)
  assert.deepEqual(found, [`jethook ${JETHOOK_VERSION}`])
  for await (const { endpoints } of await client.info('jethook')) {
    assert.equal(endpoints[0]?.name, 'ingest')
    assert.match(endpoints[0]?.metadata?.['subject'] ?? '', /^ingest\.<application_id>/)
    assert.ok('event_id' in JSON.parse(endpoints[0]?.metadata?.['response'] ?? '').properties)
  }
  for await (const { endpoints } of await client.stats('jethook')) {
    assert.equal(endpoints?.[0]?.num_requests, 9)
    assert.deepEqual(endpoints?.[0]?.data, { accepted: 4, refused: 5, failed: 0 })
  }
})

test('the quota of a day counts events of all doors, and what is beyond it is refused by each', async () => {
  const { body } = await stack.api.call<{ application_id: string }>('POST', '/applications', {
    organization_id: stack.credentials.organization_id,
    name: 'small',
  })
  const { application_id } = body
  await stack.api.call('POST', '/event_types', { application_id, service: 'a', resource_type: 'b', verb: 'c' })
  const quotas = { events_per_day_limit: 3 }
  await stack.api.call('PUT', `/applications/${application_id}/quotas`, quotas, `Bearer ${MASTER}`)
  const subject = `${application_id}.a.b.c`
  const post = () => stack.api.call<{ id?: string }>('POST', '/event', stack.api.eventPost({ application_id }))
  const publish = async () => {
    const id = newEventId(Date.now())
    await publisher.js.publish(`in.${subject}`, '{}', { headers: natsHeaders({ 'Jethook-Event-Id': id }) })
    return until('it is decided on', async () => {
      const query = `application_id=${application_id}`
      const [rejection] = (await stack.api.call<RejectionAnswer[]>('GET', `/rejections?${query}&event_id=${id}`)).body
      if (rejection) return rejection.problem.id
      return (await stack.api.call('GET', `/events/${id}?${query}`)).status === 200 && 'taken'
    })
  }
  assert.equal((await post()).status, 201)
  assert.equal((await request('{}', {}, `ingest.${subject}`)).code, null)
  assert.equal(await publish(), 'taken')
  assert.equal(await publish(), 'TooManyEventsToday')
  assert.equal((await request('{}', {}, `ingest.${subject}`)).body.id, 'TooManyEventsToday')
  assert.equal((await post()).body.id, 'TooManyEventsToday')
})

test('an application that asks for too much is told so, and another one is not', async () => {
  const answers = await Promise.all(Array.from({ length: 70 }, () => request('{}')))
  const refused = answers.filter(({ body }) => body.id === 'RateLimited')
  assert.ok(refused.length >= 10 && refused.every(({ code }) => code === '429'), `${refused.length}`)
  const event_id = newEventId(Date.now())
  await publisher.js.publish(`in.${app}.a.b.c`, '{}', { headers: natsHeaders({ 'Jethook-Event-Id': event_id }) })
  const rejection = await until('the rejection', async () => {
    const path = `/rejections?application_id=${app}&event_id=${event_id}`
    return (await stack.api.call<RejectionAnswer[]>('GET', path)).body[0]
  })
  assert.equal(rejection.problem.id, 'RateLimited')
  const other = await request('{}', {}, 'ingest.0198c0de-0000-7000-8000-000000000001.a.b.c')
  assert.equal(other.body.id, 'Forbidden')
})
