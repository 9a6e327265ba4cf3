import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CloudEvent, HTTP } from 'cloudevents'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type { EventAnswer } from '#shared/contract/schemas.ts'
import { newEventId } from '#shared/domain/ids.ts'
import { createApplication, registerUser } from '../support/accounts.ts'
import { connectPublisher, type NatsPublisher, natsHeaders } from '../support/nats-publisher.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let receiver: Receiver
let publisher: NatsPublisher
let app = ''

before(async () => {
  stack = await startStack()
  receiver = await startReceiver()
  publisher = await connectPublisher(stack.servers.natsUrl)
  app = stack.credentials.application_id
  await stack.api.createEventType()
  await stack.api.subscribe(receiver.url, { labels: { tenant: '42' } })
})
after(async () => {
  await publisher?.close()
  await receiver?.close()
  await stack?.close()
})

type Message = ReturnType<typeof HTTP.binary>

const made = (more: Record<string, unknown> = {}) =>
  new CloudEvent({
    id: newEventId(Date.now()),
    source: '/shop',
    type: 'a.b.c',
    time: '2026-01-01T00:00:00.000Z',
    subject: 'order-7',
    datacontenttype: 'application/json',
    data: { n: 1 },
    tenant: '42',
    ...more,
  })

async function post(
  { headers, body }: Message,
  query = `?application_id=${app}`,
  token = stack.credentials.service_token,
) {
  const response = await fetch(`${stack.apiUrl()}/api/v1/event${query}`, {
    method: 'POST',
    headers: { ...(headers as Record<string, string>), authorization: `Bearer ${token}` },
    body: body as string,
  })
  const answer = (await response.json()) as ProblemDocument & { event_id: string }
  return { status: response.status, answer }
}

const arrived = (eventId: string) => receiver.requests.filter(({ headers }) => headers['x-event-id'] === eventId)
const eventOf = async (eventId: string) =>
  (await stack.api.call<EventAnswer>('GET', `/events/${eventId}?application_id=${app}`)).body

test('CloudEvents of both modes are delivered, by whichever door they come', async () => {
  for (const mode of ['structured', 'binary'] as const) {
    for (const door of ['http', 'nats'] as const) {
      const event = made()
      const message = HTTP[mode](event)
      if (door === 'http') assert.equal((await post(message)).status, 201)
      else {
        const headers = natsHeaders(message.headers as Record<string, string>)
        await publisher.js.publish(`in.${app}.a.b.c`, String(message.body), { headers })
      }
      await receiver.waitFor(() => arrived(event.id).length > 0)
      assert.equal(arrived(event.id)[0]?.body.toString(), '{"n":1}', `${mode} ${door}`)
      const { labels, metadata, occurred_at, payload_content_type } = await eventOf(event.id)
      assert.deepEqual([labels, metadata], [{ subject: 'order-7', tenant: '42' }, { ce_source: '/shop' }])
      assert.deepEqual([occurred_at, payload_content_type], ['2026-01-01T00:00:00.000000Z', 'application/json'])
    }
  }
})

test('data of any type is taken in binary mode, and keeps its bytes', async () => {
  const { id, source, type } = made()
  const headers = { 'ce-specversion': '1.0', 'ce-id': id, 'ce-source': source, 'ce-type': type, 'ce-tenant': '42' }
  const bytes = Buffer.from([0, 255, 1])
  const image = await post({ headers: { ...headers, 'content-type': 'image/png' }, body: bytes })
  assert.equal(image.status, 201)
  await receiver.waitFor(() => arrived(id).length > 0)
  assert.deepEqual(arrived(id)[0]?.body, bytes)
  const other = newEventId(Date.now())
  const spaced = '{ "n" : 1 }'
  await post({ headers: { ...headers, 'ce-id': other, 'content-type': 'application/json' }, body: spaced })
  await receiver.waitFor(() => arrived(other).length > 0)
  assert.equal(arrived(other)[0]?.body.toString(), spaced)
})

test('the same source and id are the same event, also where the id is no UUID', async () => {
  const message = () => HTTP.structured(made({ id: 'order-7-paid' }))
  assert.equal((await post(message())).status, 201)
  const again = await post(message())
  assert.deepEqual([again.status, again.answer.id], [409, 'EventAlreadyIngested'])
})

test('an application secret needs no application in the address, other credentials do', async () => {
  const user = await registerUser(stack.api)
  const { applicationId, secret } = await createApplication(stack.api, user)
  const type = { application_id: applicationId, service: 'a', resource_type: 'b', verb: 'c' }
  await stack.api.call('POST', '/event_types', type, user.authorization)
  assert.equal((await post(HTTP.structured(made()), '', secret)).status, 201)
  const foreign = await post(HTTP.structured(made()), `?application_id=${app}`, secret)
  assert.equal(foreign.status, 403)
  const without = await post(HTTP.binary(made()), '')
  assert.deepEqual([without.status, without.answer.id], [400, 'JsonPayload'])
  assert.match(without.answer.detail, /application_id/)
})

test('what is no CloudEvent, or one that breaks a rule, is refused with what to change', async () => {
  const type = 'application/cloudevents+json'
  const body = (value: unknown) => ({ headers: { 'content-type': type }, body: JSON.stringify(value) })
  const complete = { specversion: '1.0', id: 'x', source: '/s', type: 'a.b.c' }
  for (const [value, status, detail] of [
    [[complete], 400, /is an object/],
    [{ ...complete, source: '' }, 400, /attribute source is missing/],
    [{ ...complete, id: 'y', type: 'no.such.type' }, 400, /does not exist/],
    [{ ...complete, subject: 'x'.repeat(51) }, 422, /Labels properties/],
    [{ ...complete, time: 'now' }, 400, /RFC 3339/],
  ] as const) {
    const { status: got, answer } = await post(body(value))
    assert.equal(got, status, JSON.stringify(answer))
    assert.match(answer.detail, detail)
  }
  const batch = { headers: { 'content-type': 'application/cloudevents-batch+json' }, body: '[]' }
  assert.match((await post(batch)).answer.detail, /one in each message/)
  const other = await post({ headers: { 'content-type': 'text/plain' }, body: 'x' })
  assert.match(other.answer.detail, /Content-Type header should be/)
})
