import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import { connectPublisher } from '../support/nats-publisher.ts'
import { parseOpenMetrics } from '../support/openmetrics.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Scrape, scrape } from '../support/scrape.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let receiver: Receiver
let monitoring: string

before(async () => {
  const port = await anyFreePort()
  monitoring = `http://127.0.0.1:${port}`
  receiver = await startReceiver(({ path }) => ({ status: path === '/fails' ? 500 : 200 }))
  stack = await startStack({ MONITORING_PORT: String(port), HEALTH_CHECK_KEY: 'sesame' })
  await stack.api.createEventType()
})
after(async () => {
  await stack.close()
  await receiver.close()
})

const look = () => scrape(`${monitoring}/metrics`)
const once = (what: string, holds: (seen: Scrape) => boolean) =>
  until(what, async () => {
    const seen = await look()
    return holds(seen) && seen
  })

test('what happens to events is counted, from the door to the dead letter', async () => {
  await stack.api.subscribe(`${receiver.url}/ok`)
  await stack.api.subscribe(`${receiver.url}/fails`, { labels: { to: 'failing' }, max_retries: 1 })
  await stack.api.send()
  await stack.api.send({ labels: { all: 'yes', to: 'failing' } })
  await stack.api.send({ labels: { to: 'nobody' } })
  await stack.api.send({ delay_ms: 3_600_000 })
  assert.equal((await stack.api.call('POST', '/event', stack.api.eventPost({ event_type: 'x.y.z' }))).status, 400)
  assert.equal((await stack.api.call('POST', '/event', {}, 'Bearer wrong')).status, 403)
  const { application_id, ...event } = stack.api.eventPost()
  const batch = { application_id, events: [event, { ...event, event_type: 'x.y.z' }] }
  assert.equal((await stack.api.call('POST', '/events/batch', batch)).status, 200)
  const publisher = await connectPublisher(stack.servers.natsUrl)
  await publisher.js.publish(`in.${stack.credentials.application_id}.a.b.c`, '{"n":2}')
  await publisher.js.publish(`in.${stack.credentials.application_id}.x.y.z`, '{"n":2}')
  const seen = await once('all of it in the figures', (now) => now.value('jethook_dead_letters_total') === 1)
  await publisher.close()
  assert.equal(seen.value('jethook_events_accepted_total', { door: 'rest' }), 5)
  assert.equal(seen.value('jethook_event_accept_seconds_count'), 5, 'a batch counts once')
  assert.equal(seen.value('jethook_events_rejected_total', { door: 'rest', problem: 'EventTypeDoesNotExist' }), 2)
  const all = await once(
    'the events of NATS',
    (now) =>
      now.value('jethook_events_accepted_total', { door: 'nats' }) === 1 &&
      now.value('jethook_events_rejected_total', { door: 'nats', problem: 'EventTypeDoesNotExist' }) === 1 &&
      now.value('jethook_attempts_total', { decision: 'succeeded' }) === 4,
  )
  assert.equal(all.value('jethook_events_matched_total', { result: 'wanted' }), 4)
  assert.equal(all.value('jethook_events_matched_total', { result: 'unwanted' }), 1)
  assert.equal(all.value('jethook_events_matched_total', { result: 'postponed' }), 1)
  assert.equal(all.value('jethook_deliveries_created_total', { by: 'match' }), 5)
  assert.equal(all.value('jethook_attempts_total', { outcome: 'failed', decision: 'retry' }), 1)
  assert.equal(all.value('jethook_attempts_total', { outcome: 'failed', decision: 'dead-letter' }), 1)
  assert.equal(all.value('jethook_dead_letters_total', { reason: 'retries-spent' }), 1)
  assert.equal(all.value('jethook_attempt_seconds_count'), 6)
  assert.equal(all.value('jethook_accept_to_answer_seconds_count'), 5, 'first requests only')
  assert.ok(all.value('jethook_append_batch_messages_sum', { stream: 'LEDGER' })! >= 12)
})

test('what waits is told, once the servers have been asked anew', async () => {
  const seen = await once(
    'what waits',
    (now) =>
      now.value('jethook_waiting', { kind: 'postponed' }) === 1 &&
      // What there was is counted until the servers are asked again.
      now.value('jethook_waiting', { kind: 'retry' }) === 0 &&
      now.value('jethook_deliveries_open') === 0 &&
      now.value('jethook_deliveries_queued', { source: 'new' }) === 0 &&
      now.value('jethook_matcher_lag_events') === 0 &&
      now.value('jethook_projection_lag_messages', { projection: 'events' }) === 0 &&
      now.value('jethook_stream_last_sequence', { stream: 'EVENTS' }) === 6 &&
      now.value('jethook_dead_letters_open') === 1,
  )
  assert.equal(seen.value('jethook_oldest_open_delivery_seconds'), 0)
  assert.equal(seen.value('jethook_lanes_owned'), 16)
  assert.equal(seen.value('jethook_nats_connected'), 1)
  assert.ok(seen.value('nodejs_eventloop_lag_p99_seconds')! > 0)
})

test('an open breaker is seen', async () => {
  await stack.api.createEventType('a.b.d')
  const hanging = await startReceiver(() => 'reset')
  await stack.api.subscribe(hanging.url, { event_types: ['a.b.d'], max_retries: 0 })
  const events = Array.from({ length: 60 }, () => {
    const { application_id: _, ...event } = stack.api.eventPost({ event_type: 'a.b.d' })
    return event
  })
  await stack.api.call('POST', '/events/batch', { application_id: stack.credentials.application_id, events })
  await once('the open breaker', (now) => now.value('jethook_breakers', { state: 'open-failures' }) === 1)
  await hanging.close()
})

test('docs/metrics.md lists every figure of a running jethook with its type and labels, and no other', async () => {
  const { families } = await once('figures that are asked for', (now) =>
    [
      'jethook_deliveries_queued',
      'jethook_waiting',
      'jethook_stream_messages',
      'jethook_projection_lag_messages',
    ].every((name) => now.families.get(name)?.samples.length),
  )
  const docs = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
  const rows = [...docs.matchAll(/^\| `(jethook_\w+)` \| (\w+) \|([^|]*)\|/gm)]
  const documented = rows.map(([, name, type, labels]) => ({
    name,
    type,
    labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label).sort(),
  }))
  const running = [...families.values()]
    .filter(({ name }) => name.startsWith('jethook_'))
    .map(({ name, type, samples }) => ({
      name: type === 'counter' ? `${name}_total` : name,
      type,
      labels: [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))]
        .filter((label) => label !== 'le')
        .sort(),
    }))
  const byName = (a: { name: string | undefined }, b: { name: string | undefined }) => (a.name! < b.name! ? -1 : 1)
  assert.deepEqual(documented.toSorted(byName), running.toSorted(byName))
})

test('no label holds an id: their number is bounded', async () => {
  const { families } = await look()
  for (const { name, samples } of families.values()) {
    assert.ok(samples.length < 200, `${name} has ${samples.length} samples`)
    for (const { labels } of samples)
      for (const value of Object.values(labels)) assert.doesNotMatch(value, /[0-9a-f]{8}-[0-9a-f]{4}-/)
  }
})

test('the monitoring port answers probes without a key, the public one asks for it', async () => {
  for (const path of ['/live', '/ready', '/health']) assert.equal((await fetch(monitoring + path)).status, 200, path)
  assert.equal((await fetch(`${monitoring}/else`)).status, 404)
  assert.equal((await fetch(`${stack.apiUrl()}/metrics`)).status, 403)
  await scrape(`${stack.apiUrl()}/metrics?key=sesame`)
})

test('the parser of these tests refuses what OpenMetrics forbids', () => {
  const broken = [
    'a 1\n# EOF\n',
    '# TYPE a counter\na 1\n# EOF\n',
    '# TYPE a gauge\na 1\na 1\n# EOF\n',
    '# TYPE a gauge\na{x="1",x="2"} 1\n# EOF\n',
    '# TYPE a gauge\n# TYPE b gauge\nb 1\n# TYPE a gauge\na 1\n# EOF\n',
    '# TYPE a gauge\na 1\n',
    '# TYPE a gauge\na one\n# EOF\n',
    '# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_count 1\na_sum 1\n# EOF\n',
    '# TYPE a histogram\na_bucket{le="+Inf"} 1\na_count 2\na_sum 1\n# EOF\n',
  ]
  for (const text of broken) assert.throws(() => parseOpenMetrics(text), assert.AssertionError, text)
})
