import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { jetstream } from '@nats-io/jetstream'
import type { Msg } from '@nats-io/transport-node'
import type { EventAnswer } from '#shared/contract/schemas.ts'
import { newEventId } from '#shared/domain/ids.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { createApplication, registerUser, type TestUser } from '../support/accounts.ts'
import { testLogger } from '../support/nats.ts'
import { connectClient, type Login, type WatchedClient } from '../support/nats-client.ts'
import { natsHeaders } from '../support/nats-publisher.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const REVOKED_WITHIN_MS = 5_000
/** More than the server keeps for a connection that doesn't read. */
const TOLD_BYTES = 100_000
const TOLD_COUNT = 3_000
const CLOSED_WITHIN_MS = 30_000
const SUBJECTS = Number(process.env['NATS_SUBJECTS'] ?? 4_000)

let stack: Stack
let own: Nats
let receiver: Receiver
let person: TestUser
let app = ''
let other: { applicationId: string; secret: string }
let client: WatchedClient
let otherClient: WatchedClient
/** What the other application hears. */
const overheard: Msg[] = []

before(async () => {
  stack = await startStack({ HEALTH_CHECK_KEY: '' })
  own = await connectNats(stack.servers.natsUrl, 'test', testLogger)
  receiver = await startReceiver()
  app = stack.credentials.application_id
  await stack.api.createEventType()
  await stack.api.subscribe(receiver.url)
  person = await registerUser(stack.api)
  other = await createApplication(stack.api, person)
  client = await as({ user: app, pass: stack.credentials.application_secret, inboxPrefix: `_INBOX_${app}` })
  otherClient = await asOther()
  otherClient.connection.subscribe(`out.${other.applicationId}.>`, {
    callback: (_, message) => void overheard.push(message),
  })
  await otherClient.connection.flush()
})
after(async () => {
  await client?.close()
  await otherClient?.close()
  await own?.connection.close()
  await receiver?.close()
  await stack?.close()
})

const as = (login: Login, more = {}) => connectClient(stack.servers.natsAddress, login, more)
const asOther = () => as({ token: other.secret, inboxPrefix: `_INBOX_${other.applicationId}` })
const subject = () => `in.${app}.a.b.c`
const publish = (payload: string, headers: Record<string, string> = {}) =>
  jetstream(client.connection, { timeout: 2_000 }).publish(subject(), payload, { headers: natsHeaders(headers) })
const arrived = (eventId: string) => receiver.requests.filter(({ headers }) => headers['x-event-id'] === eventId)
/** Services note in CONTROL how far they have come, at any time. */
const OWN_NOTES = /^control\.(lane|lane_owner|notifier)\./
/** Where the last fact of CONTROL stands that is no such note. */
async function lastChangeSeq(): Promise<number> {
  for (let { lastSeq: seq } = await readStreamState(own, STREAM_NAMES.control); seq > 0; seq--) {
    const stored = await own.jsm.streams.getMessage(STREAM_NAMES.control, { seq })
    if (stored !== null && !OWN_NOTES.test(stored.subject)) return seq
  }
  return 0
}
const lastSeqs = async () => {
  const streams = [STREAM_NAMES.ledger, STREAM_NAMES.events, STREAM_NAMES.waiting]
  const others = await Promise.all(streams.map(async (stream) => (await readStreamState(own, stream)).lastSeq))
  return [await lastChangeSeq(), ...others]
}

test('an application publishes, asks and hears with its own secret', async () => {
  const heard: string[] = []
  client.connection.subscribe(`out.${app}.>`, {
    callback: (_, message) =>
      void heard.push(`${message.subject.split('.')[2]} ${message.headers?.get('Jethook-Outcome')}`),
  })
  await client.connection.flush()
  const event_id = newEventId(Date.now())
  assert.equal((await publish('{"n":1}', { 'Jethook-Event-Id': event_id })).stream, 'INBOX')
  await receiver.waitFor(() => arrived(event_id).length > 0)
  const answer = await client.connection.request(`ingest.${app}.a.b.c`, '{}', { timeout: 2_000 })
  assert.equal((answer.json() as { application_id: string }).application_id, app)
  const refused = await client.connection.request(`ingest.${app}.no.such.type`, '{}', { timeout: 2_000 })
  assert.equal(refused.headers?.get('Nats-Service-Error-Code'), '400')
  await until('it is told', async () => heard.length >= 4, 5_000).catch(() => {})
  assert.deepEqual(heard.toSorted(), ['accepted 1', 'accepted 1', 'delivered 1', 'delivered 1'])
  assert.deepEqual(client.violations, [])
})

test('no header, no body and no reply subject gives power over anything that is not its own', async () => {
  const before = await lastSeqs()
  const target = `in.${other.applicationId}.a.b.c`
  const refused: Record<string, string>[] = [
    { 'Nats-Rollup': 'all' },
    { 'Nats-Rollup': 'sub' },
    { 'Nats-TTL': '1s' },
    { 'Nats-Schedule': '@at 2030-01-01T00:00:00Z', 'Nats-Schedule-Target': target },
    { 'Nats-Schedule': '@every 1s', 'Nats-Schedule-Target': target, 'Nats-Schedule-Source': target },
    { 'Nats-Incr': '+1' },
    { 'Nats-Batch-Id': 'x', 'Nats-Batch-Sequence': '1', 'Nats-Batch-Commit': '1' },
  ]
  for (const headers of refused) await assert.rejects(publish('{}', headers), /disabled|not/i, JSON.stringify(headers))
  assert.deepEqual(await lastSeqs(), before)

  const { lastSeq: eventsBefore } = await readStreamState(own, STREAM_NAMES.events)
  const harmless: Record<string, string>[] = [
    { 'Nats-Scheduler': subject(), 'Nats-Schedule-Next': 'purge' },
    { 'Nats-Request-Info': JSON.stringify({ acc: 'JETHOOK', user: 'admin' }) },
    { 'Nats-Trace-Dest': `out.${other.applicationId}.traced` },
    {
      'Jethook-Application-Id': other.applicationId,
      'Jethook-Metadata': `{"application_id":"${other.applicationId}"}`,
    },
  ]
  const ids = harmless.map(() => newEventId(Date.now()))
  const taken: string[] = []
  for (const [i, headers] of harmless.entries())
    await publish(`{"application_id":"${other.applicationId}"}`, { ...headers, 'Jethook-Event-Id': ids[i]! }).then(
      () => taken.push(ids[i]!),
      () => {},
    )
  for (const id of taken) {
    await receiver.waitFor(() => arrived(id).length > 0)
    const { body } = await stack.api.call<EventAnswer>('GET', `/events/${id}?application_id=${app}`)
    assert.equal(body.event_id, id)
  }
  assert.equal((await readStreamState(own, STREAM_NAMES.events)).lastSeq, eventsBefore + taken.length)
  assert.equal(overheard.length, 0)
})

test('an answer may be sent anywhere but into a stream, and is known from what another application is really told', async () => {
  const [controlBefore] = await lastSeqs()
  const replies = [
    'control.organization.x',
    'ledger.attempt',
    `event.${other.applicationId}.a.b.c`,
    'wait.0.a.b',
    `in.${other.applicationId}.a.b.c`,
    '$JS.API.STREAM.PURGE.INBOX',
    `out.${other.applicationId}.delivered`,
  ]
  for (const door of ['in', 'ingest'])
    for (const reply of replies) client.connection.publish(`${door}.${app}.no.such.type`, '{}', { reply })
  await client.connection.flush()
  await until('the answers have come', async () => overheard.length >= 2)
  // Nothing that a service of ours has not written itself: each can be read.
  for (const stream of [STREAM_NAMES.ledger, STREAM_NAMES.events, STREAM_NAMES.control, STREAM_NAMES.waiting]) {
    const { firstSeq, lastSeq } = await readStreamState(own, stream)
    for (let seq = Math.max(1, firstSeq); seq <= lastSeq; seq++) {
      const stored = await own.jsm.streams.getMessage(stream, { seq })
      assert.ok(!stored?.string().includes('"stream":"INBOX"'), `${stream} ${seq}`)
      assert.ok(stored?.subject === 'ledger.rejected' || !stored?.string().includes('EventTypeDoesNotExist'))
    }
  }
  assert.equal((await lastSeqs())[0], controlBefore)
  assert.ok(overheard.every(({ headers }) => !headers?.has('Jethook-Outcome')))
})

test('what was revoked by the API is ended within 5 s, and not let in again', async () => {
  const { authorization, organizationId } = person
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await stack.api.call<Record<string, string>>(method, path, body, authorization)
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status}`)
    return answer.body
  }
  const made = await createApplication(stack.api, person)
  const { token_id, biscuit } = await call('POST', '/service_token', { name: 'nats', organization_id: organizationId })
  const another = await call('POST', '/application_secrets', { application_id: other.applicationId, name: 'second' })
  const cases: [Login, () => Promise<unknown>][] = [
    [
      { token: another['token']! },
      () => call('DELETE', `/application_secrets/${another['token']}?application_id=${other.applicationId}`),
    ],
    [
      { user: made.applicationId, pass: biscuit! },
      () => call('DELETE', `/service_token/${token_id}?organization_id=${organizationId}`),
    ],
    [{ token: made.secret }, () => call('DELETE', `/applications/${made.applicationId}`)],
  ]
  for (const [login, revoke] of cases) {
    const revoked = await as(login)
    const beganMs = performance.now()
    await revoke()
    await revoked.ended
    const tookMs = performance.now() - beganMs
    assert.ok(tookMs < REVOKED_WITHIN_MS, `${tookMs} ms`)
    await assert.rejects(as(login, { reconnect: false }), /[Aa]uthorization/)
  }
  assert.equal(otherClient.breaks(), 0)
  assert.equal(client.breaks(), 0)
})

test('limits hold one connection only: size, subscriptions, one that does not read', async () => {
  await assert.rejects(publish(JSON.stringify('x'.repeat(3_000_000))), /size/)
  const greedy = await as({ user: app, pass: stack.credentials.application_secret }, { reconnect: false })
  greedy.connection.subscribe(`out.${app}.>`)
  for (let i = 0; i < 1_100; i++) greedy.connection.subscribe(`out.${app}.n${i}`, { callback: () => {} })
  await until(
    'it is told of the limit',
    async () => greedy.connection.isClosed() || greedy.breaks() > 0 || undefined,
    5_000,
  ).catch(() => {})
  const { data } = (await own.connection
    .request('$SRV.PING.jethook', '', { timeout: 2_000 })
    .then((message) => ({ data: message.string() }))) as { data: string }
  assert.match(data, /jethook/)
  await greedy.close()
  const tooLarge = connectTcp(Number(new URL(stack.servers.natsAddress).port), '127.0.0.1')
  tooLarge.on('error', () => {})
  await once(tooLarge, 'data')
  const login = { user: app, pass: stack.credentials.application_secret, verbose: false, protocol: 1, headers: true }
  tooLarge.write(`CONNECT ${JSON.stringify(login)}\r\nPUB in.${app}.a.b.c 99999999\r\n`)
  let said = ''
  tooLarge.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  await Promise.race([once(tooLarge, 'close'), delay(5_000)])
  assert.match(said, /Maximum Payload Violation/i)
  await publish('{"still":"there"}')
})

test('one that does not read what it is told is let go, and nobody waits for it', async () => {
  const slow = connectTcp(Number(new URL(stack.servers.natsAddress).port), '127.0.0.1')
  slow.on('error', () => {})
  await once(slow, 'data')
  const login = { user: app, pass: stack.credentials.application_secret, verbose: false, protocol: 1, headers: true }
  slow.write(`CONNECT ${JSON.stringify(login)}\r\nSUB out.${app}.> 1\r\nPING\r\n`)
  await once(slow, 'data')
  slow.pause()
  const told = 'x'.repeat(TOLD_BYTES)
  for (let i = 0; i < TOLD_COUNT; i++) {
    own.connection.publish(`out.${app}.told`, told)
    if (i % 20 === 0) await own.connection.flush()
  }
  const eventId = newEventId(Date.now())
  await publish('{"beside":"a slow reader"}', { 'Jethook-Event-Id': eventId })
  await until('its event is delivered', async () => arrived(eventId).length === 1)
  const isClosed = once(slow, 'close', { signal: AbortSignal.timeout(CLOSED_WITHIN_MS) })
  slow.resume()
  await isClosed
})

test('thousands of subjects of one application are thousands of rejections, and nothing more', async () => {
  const js = jetstream(client.connection, { timeout: 10_000 })
  const subjects = Array.from({ length: SUBJECTS }, (_, n) => `in.${app}.many.subjects.n${n}`)
  await Promise.all(subjects.map((each) => js.publish(each, '{}')))
  await until(
    'all of them are decided on',
    async () => {
      const [reader] = await own.jsm.consumers.list(STREAM_NAMES.inbox).next()
      return reader !== undefined && reader.num_pending + reader.num_ack_pending === 0
    },
    60_000,
  )
  const eventId = newEventId(Date.now())
  await publish('{"after":"many subjects"}', { 'Jethook-Event-Id': eventId })
  await until('the next event is delivered', async () => arrived(eventId).length === 1)
})
