import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parseTraceparent } from '#shared/domain/trace-context.ts'
import { connectPublisher, natsHeaders } from '../support/nats-publisher.ts'
import { type CollectedSpan, type OtlpCollector, startOtlpCollector } from '../support/otlp-collector.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PUBLISHER_SPAN = 'b7ad6b7169203331'

let stack: Stack
let receiver: Receiver
let collector: OtlpCollector

before(async () => {
  collector = await startOtlpCollector()
  receiver = await startReceiver(({ path }, count) => ({ status: path === '/flaky' && count === 1 ? 503 : 200 }))
  stack = await startStack({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=a%20key',
  })
  await stack.api.createEventType()
})
after(async () => {
  await stack.close()
  await Promise.all([receiver.close(), collector.close()])
})

const post = (traceparent: string | undefined, event: Record<string, unknown> = {}) =>
  fetch(`${stack.apiUrl()}/api/v1/event`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${stack.credentials.service_token}`,
      'content-type': 'application/json',
      ...(traceparent === undefined ? {} : { traceparent }),
    },
    body: JSON.stringify(stack.api.eventPost(event)),
  })

const spansOf = (traceId: string, count: number) =>
  until(`${count} spans of the trace`, async () => {
    const spans = collector.spans.filter((span) => span.traceId === traceId)
    return spans.length >= count && spans
  })

const one = (spans: readonly CollectedSpan[], name: string) => {
  const found = spans.filter((span) => span.name === name)
  assert.equal(found.length, 1, `${name} among ${spans.map((span) => span.name).join(', ')}`)
  return found[0]!
}

test('one trace leads from the post over the match and a retry to the receiver', async () => {
  const { subscription_id } = await stack.api.subscribe(`${receiver.url}/flaky`)
  const answer = await post(`00-${TRACE}-${PUBLISHER_SPAN}-01`)
  const { event_id } = (await answer.json()) as { event_id: string }
  await receiver.waitFor((requests) => requests.length === 2)
  const spans = await spansOf(TRACE, 4)
  assert.equal(spans.length, 4)
  const ingest = one(spans, 'POST /api/v1/event')
  const match = one(spans, 'match')
  const attempts = spans.filter(({ name }) => name === 'deliver POST')
  const [first, second] = attempts.toSorted(
    (a, b) => Number(a.attributes['jethook.attempt.number']) - Number(b.attributes['jethook.attempt.number']),
  )
  assert.equal(ingest.parentSpanId, PUBLISHER_SPAN)
  assert.equal(ingest.kind, 2)
  assert.equal(ingest.attributes['http.response.status_code'], 201)
  for (const span of [match, first!, second!]) assert.equal(span.parentSpanId, ingest.spanId)
  assert.equal(match.attributes['jethook.event.id'], event_id)
  assert.equal(match.attributes['jethook.deliveries'], 1)
  assert.equal(first!.attributes['http.response.status_code'], 503)
  assert.equal(first!.attributes['jethook.decision'], 'retry')
  assert.equal(first!.isError, true)
  assert.equal(second!.attributes['jethook.attempt.number'], 2)
  assert.equal(second!.attributes['jethook.subscription.id'], subscription_id)
  assert.equal(second!.isError, false)
  const received = receiver.requests.map(({ headers }) => parseTraceparent(String(headers['traceparent'])))
  assert.deepEqual(received, [
    { traceId: TRACE, spanId: first!.spanId, flags: 1 },
    { traceId: TRACE, spanId: second!.spanId, flags: 1 },
  ])
  assert.ok(spans.every(({ service }) => service === 'jethook'))
  assert.equal(collector.headers()['x-api-key'], 'a key')
  const text = JSON.stringify(spans)
  assert.ok(!text.includes('/flaky') && !text.includes(stack.credentials.service_token), 'no path, no secret')
})

test('what a NATS client has begun goes on', async () => {
  const publisher = await connectPublisher(stack.servers.natsUrl)
  const traceId = TRACE.replace(/^0a/, '0b')
  const headers = natsHeaders({ traceparent: `00-${traceId}-${PUBLISHER_SPAN}-01` })
  await publisher.js.publish(`in.${stack.credentials.application_id}.a.b.c`, '{"n":2}', { headers })
  const spans = await spansOf(traceId, 3)
  const asked = TRACE.replace(/^0a/, '0c')
  const request = natsHeaders({ traceparent: `00-${asked}-${PUBLISHER_SPAN}-01` })
  await publisher.connection.request(`ingest.${stack.credentials.application_id}.a.b.c`, '{"n":3}', {
    headers: request,
    timeout: 10_000,
  })
  await publisher.close()
  assert.equal(one(spans, 'in').parentSpanId, PUBLISHER_SPAN)
  assert.equal(one(spans, 'deliver POST').parentSpanId, one(spans, 'in').spanId)
  assert.equal(one(await spansOf(asked, 3), 'ingest').parentSpanId, PUBLISHER_SPAN)
})

test('a publisher without a trace begins one; one that is not recorded is still sent on', async () => {
  const before = receiver.requests.length
  await post(undefined)
  await receiver.waitFor((requests) => requests.length === before + 1)
  const begun = parseTraceparent(String(receiver.requests.at(-1)?.headers['traceparent']))
  assert.equal(one(await spansOf(begun!.traceId, 3), 'POST /api/v1/event').parentSpanId, '')

  const unsampled = TRACE.replace(/^0a/, '0d')
  await post(`00-${unsampled}-${PUBLISHER_SPAN}-00`)
  await receiver.waitFor((requests) => requests.length === before + 2)
  const sent = parseTraceparent(String(receiver.requests.at(-1)?.headers['traceparent']))
  assert.equal(sent?.traceId, unsampled)
  assert.equal(sent?.flags, 0)
  await post(undefined)
  await receiver.waitFor((requests) => requests.length === before + 3)
  const last = parseTraceparent(String(receiver.requests.at(-1)?.headers['traceparent']))
  await spansOf(last!.traceId, 3)
  assert.ok(!collector.spans.some(({ traceId }) => traceId === unsampled))
})

test('a request that is refused ends its span', async () => {
  const traceId = TRACE.replace(/^0a/, '0e')
  assert.equal((await post(`00-${traceId}-${PUBLISHER_SPAN}-01`, { event_type: 'x.y.z' })).status, 400)
  const [span] = await spansOf(traceId, 1)
  assert.equal(span?.attributes['http.response.status_code'], 400)
})
