import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type { EventBatchAnswer } from '#shared/contract/schemas.ts'
import { newEventId } from '#shared/domain/ids.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'

/** As a nats-server that nobody has configured: less than the largest body that the API takes. */
const PAYLOAD_MAX_BYTES = 1_048_576
/** What is kept of it for the envelope of an event of this test, generously. */
const ENVELOPE_BYTES = 16_384

let stack: Stack
let receiver: Receiver
before(async () => {
  stack = await startStack({}, { payloadMax: String(PAYLOAD_MAX_BYTES) })
  receiver = await startReceiver()
  await stack.api.createEventType()
  await stack.api.subscribe(receiver.url)
})
after(async () => {
  await receiver?.close()
  await stack?.close()
})

const post = (more: Record<string, unknown>) =>
  stack.api.call<ProblemDocument & { event_id: string }>('POST', '/event', stack.api.eventPost(more))
/** Characters of two bytes: a payload's limit counts characters, a message's bytes. */
const textOf = (bytes: number) => JSON.stringify('ä'.repeat(bytes / 2 - 1))
const arrived = (eventId: string) => receiver.requests.filter(({ headers }) => headers['x-event-id'] === eventId)

test('an event that is too large for a message is refused with 400, and nothing of it is stored', async () => {
  const event_id = newEventId(Date.now())
  for (const bytes of [PAYLOAD_MAX_BYTES - 4_096, PAYLOAD_MAX_BYTES, 1_390_000]) {
    const { status, body } = await post({ event_id, payload: textOf(bytes) })
    assert.deepEqual([status, body.id], [400, 'JsonPayload'], `${bytes} bytes`)
    assert.match(body.detail, /too big \(maximum is \d+ bytes\)/)
  }
  const largest = textOf(PAYLOAD_MAX_BYTES - ENVELOPE_BYTES)
  assert.equal((await post({ event_id, payload: largest })).status, 201, 'the id is still free')
  await receiver.waitFor(() => arrived(event_id).length > 0)
  assert.equal(arrived(event_id)[0]?.body.toString(), largest)
})

test('of a batch the one that is too large is refused alone', async () => {
  const { application_id, ...small } = stack.api.eventPost() as Record<string, unknown>
  const events = [small, { ...small, payload: textOf(PAYLOAD_MAX_BYTES) }, small]
  const { body } = await stack.api.call<EventBatchAnswer>('POST', '/events/batch', { application_id, events })
  const said = JSON.stringify(body)
  assert.ok(said.includes('too big'))
  assert.equal(said.match(/"event_id"/g)?.length, 2)
})

test('a body beyond 2 MiB and headers beyond 16 KiB are refused with a 4xx, and the next request is taken', async () => {
  const tooLong = await post({ payload: textOf(2_200_000) })
  assert.equal(tooLong.status, 400)
  assert.match(tooLong.body.detail, /too big/)
  const response = await fetch(`${stack.apiUrl()}/api/v1/event`, {
    method: 'POST',
    headers: { 'x-much': 'x'.repeat(20_000), 'content-type': 'application/json' },
    body: '{}',
  })
  assert.equal(response.status, 431)
  assert.equal(((await response.json()) as ProblemDocument).detail, 'The headers are too large.')
  await stack.api.send()
})

test('a publisher that comes back with the same id and another body is told 409, and the first body stands', async () => {
  const event_id = newEventId(Date.now())
  const body = JSON.stringify(stack.api.eventPost({ event_id, payload: '"of the zombie"' }))
  const socket = connect(Number(new URL(stack.apiUrl()).port), '127.0.0.1')
  const head = [
    'POST /api/v1/event HTTP/1.1',
    'host: jethook',
    `authorization: Bearer ${stack.credentials.service_token}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 40)}`)
  assert.equal((await post({ event_id, payload: '"of its successor"' })).status, 201)
  let answer = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text
  })
  socket.write(body.slice(40))
  await once(socket, 'close')
  assert.match(answer, /^HTTP\/1\.1 409 /)
  assert.match(answer, /EventAlreadyIngested/)
  const last = await stack.api.send()
  await receiver.waitFor(() => arrived(last).length > 0 && arrived(event_id).length > 0)
  assert.deepEqual(
    arrived(event_id).map((request) => request.body.toString()),
    ['"of its successor"'],
  )
})
