import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CloudEvent, HTTP } from 'cloudevents'
import { ProblemError } from '../contract/problems.ts'
import { postOfCloudEvent, readBinary, readStructured } from './cloud-event.ts'
import { readNatsEvent } from './nats-event.ts'

const APP = '0198c0de-0000-7000-8000-000000000001'
const ID = '0198c0de-0000-7000-8000-0000000000aa'
const CONTEXT = { applicationId: APP, occurredAt: '2026-01-02T00:00:00Z' }

const made = (more: Record<string, unknown> = {}) =>
  new CloudEvent({
    id: ID,
    source: '/shop',
    type: 'billing.invoice.paid',
    time: '2026-01-01T00:00:00.000Z',
    subject: 'order-7',
    datacontenttype: 'application/json',
    data: { n: 1 },
    tenant: '42',
    ...more,
  })

const lowered = (headers: Record<string, unknown>) =>
  new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]))
const structured = (event: CloudEvent<unknown>) => readStructured(JSON.parse(String(HTTP.structured(event).body)))
const binary = (event: CloudEvent<unknown>) => {
  const { headers, body } = HTTP.binary(event)
  return readBinary(lowered(headers), Buffer.from(body as string))
}

function refusal(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof ProblemError, String(error))
    return error.document.detail
  }
  return 'taken'
}

describe('a CloudEvent', () => {
  const expected = {
    application_id: APP,
    event_id: ID,
    event_type: 'billing.invoice.paid',
    payload: '{"n":1}',
    payload_content_type: 'application/json',
    metadata: { ce_source: '/shop' },
    occurred_at: '2026-01-01T00:00:00.000Z',
    labels: { subject: 'order-7', tenant: '42' },
  }

  test('in structured mode is the post that it stands for', () => {
    assert.deepEqual(postOfCloudEvent(structured(made()), CONTEXT), expected)
  })

  test('in binary mode is the same post', () => {
    assert.deepEqual(postOfCloudEvent(binary(made())!, CONTEXT), expected)
  })

  test('as a NATS message is the same post, when its subject names the same type', () => {
    const { headers, body } = HTTP.structured(made())
    const message = (subject: string) => ({
      subject: `in.${APP}.${subject}`,
      headers: Object.entries(headers).map(([name, value]) => [name, String(value)] as const),
      data: Buffer.from(String(body)),
      storedAtMs: 0,
    })
    assert.deepEqual(readNatsEvent(message('billing.invoice.paid')), expected)
    assert.match(
      refusal(() => readNatsEvent(message('billing.invoice.sent'))),
      /of the type 'billing.invoice.paid'/,
    )
  })

  test('whose id is no UUID gets one that follows from source and id', () => {
    const idOf = (id: string, source: string) => postOfCloudEvent(structured(made({ id, source })), CONTEXT).event_id
    assert.match(idOf('a-1', '/shop')!, /^[0-9a-f-]{36}$/)
    assert.equal(idOf('a-1', '/shop'), idOf('a-1', '/shop'))
    assert.notEqual(idOf('a-1', '/shop'), idOf('a-1', '/other'))
    assert.equal(postOfCloudEvent(structured(made({ id: 'a-1' })), CONTEXT).metadata?.['ce_id'], 'a-1')
  })

  test('without subject and extensions has the label of those that ask for all; tracing is no label', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    const bare = { specversion: '1.0', id: ID, source: '/s', type: 'a.b.c', traceparent }
    assert.deepEqual(postOfCloudEvent(readStructured(bare), CONTEXT).labels, { all: 'yes' })
  })

  test('without a time has occurred when it came', () => {
    const { specversion, id, source, type } = made()
    const post = postOfCloudEvent(readStructured({ specversion, id, source, type }), CONTEXT)
    assert.equal(post.occurred_at, CONTEXT.occurredAt)
    assert.deepEqual([post.payload, post.payload_content_type], ['', 'text/plain'])
  })
})

describe('the data of a CloudEvent', () => {
  const dataOf = (more: Record<string, unknown>) => {
    const { payload, payloadContentType } = readStructured({ ...made().toJSON(), ...more })
    return [payload, payloadContentType]
  }

  test('in base64 is bytes, or the JSON that they spell', () => {
    const base64 = { data: undefined, data_base64: 'AP8=', datacontenttype: 'image/png' }
    assert.deepEqual(dataOf(base64), ['AP8=', 'application/octet-stream+base64'])
    const json = { data: undefined, data_base64: Buffer.from('{"n": 1}').toString('base64') }
    assert.deepEqual(dataOf(json), ['{"n": 1}', 'application/json'])
  })

  test('that is text stays text, and JSON whatever it is called', () => {
    assert.deepEqual(dataOf({ data: 'hi', datacontenttype: 'text/plain' }), ['hi', 'text/plain'])
    assert.deepEqual(dataOf({ data: 'hi', datacontenttype: 'application/json' }), ['"hi"', 'application/json'])
    assert.deepEqual(dataOf({ data: [1], datacontenttype: 'application/vnd.x+json' }), ['[1]', 'application/json'])
    assert.deepEqual(dataOf({ data: { a: 1 }, datacontenttype: 'text/xml' }), ['{"a":1}', 'application/json'])
  })

  test('in binary mode keeps its very bytes', () => {
    const headers = lowered({
      'ce-specversion': '1.0',
      'ce-id': ID,
      'ce-source': '/s',
      'ce-type': 'a.b.c',
      'ce-tenant': 'gr%C3%BC%C3%9Fe',
      'content-type': 'application/json; charset=utf-8',
    })
    const read = readBinary(headers, Buffer.from('{ "n" : 1 }'))
    assert.equal(read?.payload, '{ "n" : 1 }')
    assert.equal(read?.attributes['tenant'], 'grüße')
  })

  test('that is nested without end is refused, not fatal', () => {
    const depth = 200_000
    const data = JSON.parse('['.repeat(depth) + ']'.repeat(depth))
    assert.match(
      refusal(() => readStructured({ ...made().toJSON(), data })),
      /nested too deeply/,
    )
  })
})

test('what is no CloudEvent is refused with what is missing', () => {
  assert.equal(readBinary(lowered({ 'content-type': 'application/json' }), Buffer.from('{}')), null)
  const complete = { specversion: '1.0', id: '1', source: '/s', type: 'a.b.c' }
  for (const name of ['specversion', 'id', 'source', 'type'])
    assert.match(
      refusal(() => readStructured({ ...complete, [name]: undefined })),
      new RegExp(`attribute ${name} is missing`),
    )
  assert.match(
    refusal(() => readStructured({ ...complete, specversion: '0.3' })),
    /specversion is not 1.0/,
  )
  assert.match(
    refusal(() => readStructured({ ...complete, Upper: 'x' })),
    /no name of an attribute/,
  )
  assert.match(
    refusal(() => readStructured({ ...complete, ext: { a: 1 } })),
    /attribute ext is no text/,
  )
  assert.match(
    refusal(() => readStructured([complete])),
    /is an object/,
  )
})
