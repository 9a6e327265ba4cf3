import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { RejectionAnswer } from '#shared/contract/rejection-schemas.ts'
import type { EventAnswer } from '#shared/contract/schemas.ts'
import { newEventId } from '#shared/domain/ids.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { testLogger } from '../support/nats.ts'
import { connectPublisher, type NatsPublisher, natsHeaders } from '../support/nats-publisher.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const FLOOD = 4_000
const FLOOD_BATCHES = 40
const FLOOD_BATCH_EVENTS = 500
const FLOOD_LIMIT_MS = 60_000
const WINDOW_MS = 1_000

let stack: Stack
let publisher: NatsPublisher
let own: Nats
let receiver: Receiver
let app = ''

before(async () => {
  // Short, so that what is read again later is nothing that JetStream remembers.
  stack = await startStack({ HEALTH_CHECK_KEY: '', DUPLICATE_WINDOW_MS: String(WINDOW_MS) })
  publisher = await connectPublisher(stack.servers.natsUrl)
  own = await connectNats(stack.servers.natsUrl, 'test', testLogger)
  receiver = await startReceiver()
  app = stack.credentials.application_id
  await stack.api.createEventType()
  await stack.api.subscribe(receiver.url)
})
after(async () => {
  await publisher?.close()
  await own?.connection.close()
  await receiver?.close()
  await stack?.close()
})

const publish = (payload: string, headers: Record<string, string> = {}, subject = `in.${app}.a.b.c`) =>
  publisher.js.publish(subject, payload, { headers: natsHeaders(headers) })
const arrived = (eventId: string) => receiver.requests.filter(({ headers }) => headers['x-event-id'] === eventId)
const eventOf = async (eventId: string) =>
  (await stack.api.call<EventAnswer>('GET', `/events/${eventId}?application_id=${app}`)).body
const rejections = async (more = '') =>
  (await stack.api.call<RejectionAnswer[]>('GET', `/rejections?application_id=${app}${more}`)).body
const rejectionOf = (eventId: string) =>
  until('the rejection', async () => (await rejections(`&event_id=${eventId}`))[0])
const isInboxEmpty = async () => (await own.jsm.streams.info(STREAM_NAMES.inbox)).state.messages === 0
const emptyInbox = () => until('INBOX is empty', isInboxEmpty)

test('an event that is published with a NATS client is delivered, with what its headers say', async () => {
  const event_id = newEventId(Date.now())
  const { stream } = await publish('{ "n": 1 }', {
    'Jethook-Event-Id': event_id,
    'Jethook-Labels': '{"all":"yes","tenant":"42"}',
    'Jethook-Label-Region': 'eu',
    'Jethook-Metadata': '{"trace":"t1"}',
    'Jethook-Occurred-At': '2026-01-01T00:00:00+01:00',
  })
  assert.equal(stream, 'INBOX')
  await receiver.waitFor(() => arrived(event_id).length > 0)
  assert.equal(arrived(event_id)[0]?.body.toString(), '{ "n": 1 }')
  const event = await eventOf(event_id)
  assert.deepEqual(event.labels, { all: 'yes', tenant: '42', Region: 'eu' })
  assert.deepEqual(event.metadata, { trace: 't1' })
  assert.equal(event.occurred_at, '2025-12-31T23:00:00.000000Z')
  assert.equal(event.payload_content_type, 'application/json')
  await emptyInbox()
})

test('without any header it has an id and a time of its own, and the label that subscriptions to all ask for', async () => {
  const before = receiver.requests.length
  await publish('{"n":"bare"}')
  await receiver.waitFor((requests) => requests.length > before)
  const request = receiver.requests.at(-1)!
  assert.equal(request.body.toString(), '{"n":"bare"}')
  const event = await eventOf(String(request.headers['x-event-id']))
  assert.deepEqual(event.labels, { all: 'yes' })
  assert.ok(Math.abs(Date.parse(event.occurred_at) - Date.now()) < 60_000)
})

test('bytes and plain text arrive as they were published', async () => {
  for (const [type, body] of [
    ['application/octet-stream', Buffer.from([0, 255, 1, 254])],
    ['text/plain; charset=utf-8', Buffer.from('grüße')],
  ] as const) {
    const event_id = newEventId(Date.now())
    const headers = natsHeaders({ 'Content-Type': type, 'Jethook-Event-Id': event_id })
    await publisher.js.publish(`in.${app}.a.b.c`, body, { headers })
    await receiver.waitFor(() => arrived(event_id).length > 0)
    assert.deepEqual(arrived(event_id)[0]?.body, body)
  }
})

test('many large events are taken, in several groups', async () => {
  const ids = Array.from({ length: 24 }, () => newEventId(Date.now()))
  const large = JSON.stringify('x'.repeat(600_000))
  await stack.restart(async () => {
    for (const id of ids) await publish(large, { 'Jethook-Event-Id': id })
  })
  await receiver.waitFor(() => ids.every((id) => arrived(id).length > 0))
  assert.ok(ids.every((id) => arrived(id)[0]?.body.length === large.length))
})

test('what is refused is listed with the problem that its post would have had, and is not delivered', async () => {
  const cases: [string, Record<string, string>, string, string][] = [
    ['{}', {}, `in.${app}.no.such.type`, 'EventTypeDoesNotExist'],
    ['not json', {}, `in.${app}.a.b.c`, 'EventInvalidJsonPayload'],
    ['{}', { 'Content-Type': 'image/png' }, `in.${app}.a.b.c`, 'EventInvalidPayloadContentType'],
    ['{}', { 'Jethook-Labels': 'x' }, `in.${app}.a.b.c`, 'JsonPayload'],
    ['{}', { 'Jethook-Label-Long': 'x'.repeat(60) }, `in.${app}.a.b.c`, 'Validation'],
    ['{}', { 'Jethook-Occurred-At': 'today' }, `in.${app}.a.b.c`, 'JsonPayload'],
    ['{}', {}, `in.${app}.a.b`, 'JsonPayload'],
  ]
  for (const [payload, headers, subject, problem] of cases) {
    const event_id = newEventId(Date.now())
    await publish(payload, { ...headers, 'Jethook-Event-Id': event_id }, subject)
    const { problem: told, application_id } = await rejectionOf(event_id)
    assert.deepEqual([told.id, application_id], [problem, app])
    assert.ok(told.detail.length > 0 && !told.detail.includes('not json'), told.detail)
    assert.equal(arrived(event_id).length, 0)
  }
  await emptyInbox()
  const page = await stack.api.call<RejectionAnswer[]>('GET', `/rejections?application_id=${app}&limit=3`)
  assert.equal(page.body.length, 3)
  const next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1] ?? ''
  const rest = await stack.api.call<RejectionAnswer[]>('GET', next.slice(stack.apiUrl().length + '/api/v1'.length))
  assert.equal(new Set([...page.body, ...rest.body].map(({ rejection_id: id }) => id)).size, 6)
  assert.deepEqual(
    (await rejections('&problem_id=EventTypeDoesNotExist&event_types=no.such.type')).map(
      ({ problem }) => problem.status,
    ),
    [400],
  )
  assert.equal((await rejections('&min_rejected_at=2100-01-01T00:00:00Z')).length, 0)
})

test('an id is taken once, whatever the door', async () => {
  const posted = await stack.api.send()
  await publish('{}', { 'Jethook-Event-Id': posted })
  assert.equal((await rejectionOf(posted)).problem.id, 'EventAlreadyIngested')
  const published = newEventId(Date.now())
  await publish('{}', { 'Nats-Msg-Id': published })
  await receiver.waitFor(() => arrived(published).length > 0)
  await until('its row is there', async () => (await eventOf(published)).event_id === published)
  const again = await stack.api.call('POST', '/event', stack.api.eventPost({ event_id: published }))
  assert.equal(again.status, 409)
})

test('headers that would give a publisher power over the stream are refused or without effect', async () => {
  const before = await readStreamState(own, STREAM_NAMES.events)
  for (const headers of [
    { 'Nats-Rollup': 'all' },
    { 'Nats-TTL': '1s' },
    { 'Nats-Schedule': '@at 2030-01-01T00:00:00Z', 'Nats-Schedule-Target': `in.${app}.a.b.d` },
    { 'Nats-Incr': '+1' },
    { 'Nats-Batch-Id': 'x', 'Nats-Batch-Sequence': '1', 'Nats-Batch-Commit': '1' },
  ])
    await assert.rejects(
      publish('{}', headers),
      (error: Error) => /disabled|not/i.test(error.message),
      JSON.stringify(headers),
    )
  await emptyInbox()
  assert.equal((await readStreamState(own, STREAM_NAMES.events)).lastSeq, before.lastSeq)
})

test('one application can not take the ids of another one away', async () => {
  const { body: other } = await stack.api.call<{ application_id: string }>('POST', '/applications', {
    organization_id: stack.credentials.organization_id,
    name: 'other',
  })
  const type = { application_id: other.application_id, service: 'a', resource_type: 'b', verb: 'c' }
  assert.equal((await stack.api.call('POST', '/event_types', type)).status, 201)
  // A little ahead, as clocks may be: the server's window covers it, however slow the machine is.
  const event_id = newEventId(Date.now() + 4_000)
  await publish('{"of":"another"}', { 'Jethook-Event-Id': event_id }, `in.${other.application_id}.a.b.c`)
  await publish('{"of":"the first"}', { 'Jethook-Event-Id': event_id })
  await receiver.waitFor(() => arrived(event_id).length > 0)
  assert.equal(arrived(event_id)[0]?.body.toString(), '{"of":"the first"}')
})

test('who uses up message ids in INBOX takes them from nobody for longer than JetStream insists on', async () => {
  const event_id = newEventId(Date.now())
  const other = `in.0198c0de-0000-7000-8000-000000000001.a.b.c`
  await publish('{}', { 'Nats-Msg-Id': event_id }, other)
  await until(
    'it is no duplicate',
    async () => !(await publish('{"of":"mine"}', { 'Nats-Msg-Id': event_id })).duplicate,
  )
  await receiver.waitFor(() => arrived(event_id).length > 0)
  assert.equal(arrived(event_id)[0]?.body.toString(), '{"of":"mine"}')
})

test('what is published while nobody reads is taken after the next start, and health tells of the reader', async () => {
  const { body } = await stack.api.call<{ parts: Record<string, unknown> }>('GET', '/health?key=')
  assert.deepEqual(body.parts['inbox'], { is_well: true, detail: null })
  const ids = Array.from({ length: 20 }, () => newEventId(Date.now()))
  await stack.restart(async () => {
    await Promise.all(ids.map((id) => publish('{}', { 'Jethook-Event-Id': id })))
  })
  await receiver.waitFor(() => ids.every((id) => arrived(id).length > 0))
  assert.ok(ids.every((id) => arrived(id).length === 1))
})

test('what is read again after JetStream has forgotten its id makes no second event, and no second decision', async () => {
  const refused = newEventId(Date.now())
  await stack.restart(async () => {
    await publish('{"n":"once"}')
    await publish('{}', { 'Jethook-Event-Id': refused }, `in.${app}.later.to.come`)
  })
  const ofOnce = () => receiver.requests.filter(({ body }) => body.toString() === '{"n":"once"}')
  await receiver.waitFor(() => ofOnce().length > 0)
  await rejectionOf(refused)
  await stack.restart(async () => {
    // As after power loss: the server knows of nothing that was acknowledged, and the time of ids is over.
    await own.jsm.consumers.delete(STREAM_NAMES.inbox, 'admission')
    await delay(WINDOW_MS + 200)
  })
  await stack.api.createEventType('later.to.come')
  const last = newEventId(Date.now())
  await publish('{}', { 'Jethook-Event-Id': last })
  await receiver.waitFor(() => arrived(last).length > 0)
  await emptyInbox()
  assert.equal(ofOnce().length, 1)
  assert.equal((await rejections(`&event_id=${refused}`)).length, 1)
  assert.equal((await stack.api.call('GET', `/events/${refused}?application_id=${app}`)).status, 404)
})

const publishBatch = (events: unknown, headers: Record<string, string> = {}, application = app) =>
  publish(JSON.stringify(events), headers, `in.${application}.batch`)

test('a message may hold many events: each is delivered or refused by itself', async () => {
  const [first, second, refused] = [newEventId(Date.now()), newEventId(Date.now()), newEventId(Date.now())]
  const { stream } = await publishBatch({
    application_id: '0198c0de-0000-7000-8000-000000000001',
    events: [
      { event_id: first, event_type: 'a.b.c', payload: '{"n":1}' },
      { event_id: refused, event_type: 'no.such.type', payload: '{}' },
      { event_type: 'a.b.c', payload: 7 },
      { event_id: second, event_type: 'a.b.c', payload: 'text', payload_content_type: 'text/plain' },
      { event_id: first, event_type: 'a.b.c', payload: '{"n":"again"}' },
    ],
  })
  assert.equal(stream, 'INBOX')
  await receiver.waitFor(() => arrived(first).length > 0 && arrived(second).length > 0)
  assert.deepEqual(
    [first, second].map((id) => arrived(id)[0]?.body.toString()),
    ['{"n":1}', 'text'],
  )
  const { problem, event_type_name } = await rejectionOf(refused)
  assert.deepEqual([problem.id, event_type_name], ['EventTypeDoesNotExist', 'no.such.type'])
  assert.equal((await rejectionOf(first)).problem.id, 'EventAlreadyIngested')
  await until('the one without a payload is rejected', async () =>
    (await rejections('&problem_id=JsonPayload')).find(({ problem }) => /of a batch/.test(problem.detail)),
  )
  await emptyInbox()
})

test('a batch of CloudEvents is taken, and what is no batch is refused as a whole', async () => {
  const ids = [newEventId(Date.now()), newEventId(Date.now())]
  const cloudEvents = ids.map((id) => ({ specversion: '1.0', id, source: '/s', type: 'a.b.c', data: { of: id } }))
  await publishBatch(cloudEvents, { 'Content-Type': 'application/cloudevents-batch+json' })
  await receiver.waitFor(() => ids.every((id) => arrived(id).length > 0))
  assert.equal(arrived(ids[1]!)[0]?.body.toString(), `{"of":"${ids[1]}"}`)
  const count = async () => (await rejections('&problem_id=JsonPayload')).length
  const before = await count()
  await publish('not json', {}, `in.${app}.batch`)
  for (const body of [{}, { events: [] }, { events: {} }, null, []]) await publishBatch(body)
  await publishBatch({ events: [] }, { 'Content-Type': 'application/cloudevents-batch+json' })
  await until('each is rejected once', async () => (await count()) === before + 7)
  await emptyInbox()
})

test('a batch that is read again makes no second event, also of those that it has no ids for', async () => {
  const event = (n: number) => ({ event_type: n % 3 === 0 ? 'no.such.type' : 'a.b.c', payload: `{"batched":${n}}` })
  const events = Array.from({ length: 30 }, (_, n) => event(n))
  const refused = async () => (await rejections('&problem_id=EventTypeDoesNotExist&limit=100')).length
  const earlier = await refused()
  await stack.restart(async () => {
    await publishBatch({ events })
  })
  const ofBatch = () => receiver.requests.filter(({ body }) => body.toString().startsWith('{"batched":'))
  await receiver.waitFor(() => ofBatch().length === 20)
  await until('ten are refused', async () => (await refused()) === earlier + 10)
  await stack.restart(async () => {
    await own.jsm.consumers.delete(STREAM_NAMES.inbox, 'admission')
    await delay(WINDOW_MS + 200)
  })
  const last = newEventId(Date.now())
  await publish('{}', { 'Jethook-Event-Id': last })
  await receiver.waitFor(() => arrived(last).length > 0)
  await emptyInbox()
  assert.equal(ofBatch().length, 20)
  assert.equal(await refused(), earlier + 10)
})

test('a flood by one application does not keep the others waiting', async () => {
  const { body: flooding } = await stack.api.call<{ application_id: string }>('POST', '/applications', {
    organization_id: stack.credentials.organization_id,
    name: 'flooding',
  })
  const subject = `in.${flooding.application_id}.no.such.type`
  const [late, other] = [newEventId(Date.now()), newEventId(Date.now())]
  await stack.restart(async () => {
    for (let i = 0; i < FLOOD; i += 500) {
      await Promise.all(Array.from({ length: 500 }, () => publish('{}', {}, subject)))
      if (i === FLOOD / 2) await publish('{}', { 'Jethook-Event-Id': late }, subject)
    }
    await publish('{"of":"another"}', { 'Jethook-Event-Id': other })
  })
  await receiver.waitFor(() => arrived(other).length > 0)
  await emptyInbox()
  const query = `/rejections?application_id=${flooding.application_id}&event_id=${late}`
  const [rejection] = (await stack.api.call<RejectionAnswer[]>('GET', query)).body
  const { received_at } = await eventOf(other)
  assert.ok(received_at < rejection!.rejected_at, `${received_at} and ${rejection!.rejected_at}`)
  assert.equal(arrived(other).length, 1)
})

test('a flood of 20,000 events in few messages does not keep the others waiting either', async () => {
  const { body: flooding } = await stack.api.call<{ application_id: string }>('POST', '/applications', {
    organization_id: stack.credentials.organization_id,
    name: 'flooding with batches',
  })
  const events = Array.from({ length: FLOOD_BATCH_EVENTS }, () => ({ event_type: 'no.such.type', payload: '{}' }))
  const other = newEventId(Date.now())
  await stack.restart(async () => {
    for (let i = 0; i < FLOOD_BATCHES; i++) await publishBatch({ events }, {}, flooding.application_id)
    await publish('{"of":"another"}', { 'Jethook-Event-Id': other })
  })
  await receiver.waitFor(() => arrived(other).length > 0, FLOOD_LIMIT_MS)
  await until('INBOX is empty', isInboxEmpty, FLOOD_LIMIT_MS)
  const newest = `/rejections?application_id=${flooding.application_id}&limit=1`
  const [last] = (await stack.api.call<RejectionAnswer[]>('GET', newest)).body
  const { received_at } = await eventOf(other)
  assert.ok(received_at < last!.rejected_at, `${received_at} and ${last!.rejected_at}`)
})
