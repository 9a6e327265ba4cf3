import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ProblemError } from '../contract/problems.ts'
import {
  isBatchSubject,
  isCloudEventBatch,
  type NatsEvent,
  readBatchCloudEvent,
  readBatchEvent,
  readNatsEvent,
} from './nats-event.ts'

const APP = '0198c0de-0000-7000-8000-000000000001'
const ID = '0198c0de-0000-7000-8000-0000000000aa'

function read(headers: Record<string, string> = {}, more: Partial<NatsEvent> = {}) {
  return readNatsEvent({
    subject: `in.${APP}.billing.invoice.paid`,
    headers: Object.entries(headers),
    data: Buffer.from('{"n":1}'),
    storedAtMs: Date.UTC(2026, 0, 2),
    ...more,
  })
}

function refusal(headers: Record<string, string>, more: Partial<NatsEvent> = {}): string {
  try {
    read(headers, more)
  } catch (error) {
    assert.ok(error instanceof ProblemError, String(error))
    return `${error.document.id}: ${error.document.detail}`
  }
  return 'taken'
}

describe('a message without headers', () => {
  test('is JSON, has occurred when it came, and has the label of those that ask for all', () => {
    assert.deepEqual(read(), {
      application_id: APP,
      event_type: 'billing.invoice.paid',
      payload: '{"n":1}',
      payload_content_type: 'application/json',
      metadata: {},
      occurred_at: '2026-01-02T00:00:00.000Z',
      labels: { all: 'yes' },
    })
  })

  test('names its event type in tokens that are percent-encoded', () => {
    const subject = `in.${APP.toUpperCase()}.com%2Eexample.a%20b.%C3%BC`
    assert.deepEqual(
      [read({}, { subject }).event_type, read({}, { subject }).application_id],
      ['com.example.a b.ü', APP],
    )
  })

  test('of another subject is refused with what the subject should be', () => {
    assert.match(refusal({}, { subject: `in.${APP}.a.b` }), /in\.<application_id>\.<service>\.<resource>\.<verb>/)
    assert.match(refusal({}, { subject: `in.${APP}.a.b.c.d` }), /must be/)
    assert.match(refusal({}, { subject: `in.${APP}.a.b.%E0%A4%A` }), /percent-encoded/)
  })
})

describe('headers', () => {
  test('are found whatever their case, names of labels keep theirs', () => {
    const post = read({
      'jethook-event-id': ID,
      'JETHOOK-LABELS': '{"a":"1","b":"2"}',
      'Jethook-Label-Tenant': '42',
      'jethook-label-b': '3',
      'Jethook-Metadata': '{"m":"n"}',
      'jethook-occurred-at': '2026-01-01T00:00:00Z',
      'jethook-deliver-at': '2026-02-01T00:00:00Z',
      'content-type': 'Text/Plain; charset=utf-8',
    })
    assert.equal(post.event_id, ID)
    assert.deepEqual(post.labels, { a: '1', b: '3', Tenant: '42' })
    assert.deepEqual(post.metadata, { m: 'n' })
    assert.deepEqual([post.occurred_at, post.deliver_at], ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'])
    assert.deepEqual([post.payload, post.payload_content_type], ['{"n":1}', 'text/plain'])
  })

  test('Nats-Msg-Id names the event, unless Jethook-Event-Id does', () => {
    assert.equal(read({ 'Nats-Msg-Id': ID }).event_id, ID)
    const other = ID.replace('aa', 'bb')
    assert.equal(read({ 'Nats-Msg-Id': ID, 'Jethook-Event-Id': other }).event_id, other)
  })

  test('that can not be read are refused without a word of what they held', () => {
    for (const value of ['secret', '[]', '{"a":1}', 'null', '"x"', '{"a":"\\ud800"}'])
      assert.match(
        refusal({ 'Jethook-Labels': value }),
        /^JsonPayload: The header Jethook-Labels (is not JSON|must be)/,
        value,
      )
    assert.match(refusal({ 'Jethook-Labels': 'secret' }), /^(?!.*secret)/)
    assert.match(refusal({ 'Jethook-Event-Id': 'x' }), /must be a UUID/)
  })

  test('can not name another application', () => {
    assert.equal(read({ 'Jethook-Application-Id': ID, application_id: ID }).application_id, APP)
  })
})

describe('bodies', () => {
  test('that are bytes are kept as bytes', () => {
    const data = Buffer.from([0, 255, 254])
    const post = read({ 'Content-Type': 'application/octet-stream' }, { data })
    assert.deepEqual([post.payload, post.payload_content_type], ['AP/+', 'application/octet-stream+base64'])
  })

  test('that are text must be UTF-8, and keep a byte order mark', () => {
    assert.match(refusal({}, { data: Buffer.from([0x22, 0xff, 0x22]) }), /not UTF-8/)
    assert.equal(read({ 'Content-Type': 'text/plain' }, { data: Buffer.from('\ufeffx') }).payload, '\ufeffx')
  })

  test('of an unknown type are left to whoever takes posts', () => {
    assert.equal(read({ 'Content-Type': 'image/png' }).payload_content_type, 'image/png')
  })
})

describe('batches', () => {
  const context = { applicationId: APP, occurredAt: '2026-03-01T00:00:00.000Z' }
  const refusalOf = (value: unknown) => {
    try {
      readBatchEvent(value, context)
    } catch (error) {
      assert.ok(error instanceof ProblemError)
      return `${error.document.id}: ${error.document.detail}`
    }
    return 'taken'
  }

  test('stand under a subject of their own, that no event type can have', () => {
    assert.ok(isBatchSubject(`in.${APP}.batch`))
    assert.ok(!isBatchSubject(`in.${APP}.batch.of.things`))
    assert.ok(!isBatchSubject(`in.${APP}.other`))
  })

  test('hold events that need not say more than their type and payload', () => {
    assert.deepEqual(readBatchEvent({ event_type: 'a.b.c', payload: '{}' }, context), {
      application_id: APP,
      event_type: 'a.b.c',
      payload: '{}',
      payload_content_type: 'application/json',
      occurred_at: context.occurredAt,
      labels: { all: 'yes' },
    })
    const full = {
      event_id: ID,
      event_type: 'a.b.c',
      payload: 'x',
      payload_content_type: 'text/plain',
      occurred_at: '2026-01-01T00:00:00Z',
      labels: { tenant: '42' },
      metadata: { m: 'n' },
      deliver_at: '2026-02-01T00:00:00Z',
    }
    assert.deepEqual(readBatchEvent(full, context), { ...full, application_id: APP })
  })

  test('can not name another application', () => {
    assert.equal(readBatchEvent({ application_id: ID, event_type: 'a.b.c', payload: '' }, context).application_id, APP)
  })

  test('refuse what is no event, without a word of what it held', () => {
    for (const value of [null, 7, 'secret', [], {}, { event_type: 'a.b.c' }, { event_type: 'a.b.c', payload: 1 }])
      assert.match(refusalOf(value), /^JsonPayload: The event of a batch can't be read/, JSON.stringify(value))
    assert.match(refusalOf({ event_type: 'a.b.c', payload: 'secret', labels: { a: 1 } }), /^(?!.*secret).*labels/)
  })

  test('may be CloudEvents, of several types', () => {
    assert.ok(isCloudEventBatch('application/cloudevents-batch+json; charset=utf-8'))
    assert.ok(!isCloudEventBatch('application/cloudevents+json') && !isCloudEventBatch(undefined))
    const post = readBatchCloudEvent(
      { specversion: '1.0', id: ID, source: '/s', type: 'a.b.d', data: { n: 1 } },
      context,
    )
    assert.deepEqual([post.event_id, post.event_type, post.payload], [ID, 'a.b.d', '{"n":1}'])
  })
})
