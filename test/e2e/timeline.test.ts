import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TimelineAnswer } from '#shared/contract/timeline-schemas.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let receiver: Receiver
let app: string

before(async () => {
  stack = await startStack({ RETRY_SCHEDULE: '1h' })
  app = stack.credentials.application_id
  receiver = await startReceiver(({ path }) => ({ status: path === '/busy' ? 503 : 200 }))
  await Promise.all([stack.api.createEventType(), stack.api.createEventType('a.b.d')])
})
after(async () => {
  await stack?.close()
  await receiver?.close()
})

const timeline = async (eventId: string) =>
  (await stack.api.call<TimelineAnswer>('GET', `/events/${eventId}/timeline?application_id=${app}`)).body

/** From then on what is changed concerns the event no more. */
const untilStatus = (eventId: string, status: TimelineAnswer['status']) =>
  until(`the event is ${status}`, async () => (await timeline(eventId)).status === status)

test('each subscription has its deliveries, or the reason why not, as it was when the event came', async () => {
  const subscribe = async (more: Record<string, unknown>, path = '/well') =>
    (await stack.api.subscribe(receiver.url + path, more)).subscription_id
  const labels = { tenant: '1' }
  const well = await subscribe({ labels })
  const busy = await subscribe({ labels }, '/busy')
  const type = await subscribe({ labels, event_types: ['a.b.d'] })
  const label = await subscribe({ labels: { tenant: '2' } })
  const filter = await subscribe({ labels, filter: { 'payload.n': 2 } })
  const disabled = await subscribe({ labels, is_enabled: false })
  const widened = await subscribe({ labels, event_types: ['a.b.d'] })
  const eventId = await stack.api.send({ labels })
  await untilStatus(eventId, 'matched')
  const later = await subscribe({ labels })
  await stack.api.call('PUT', `/subscriptions/${widened}`, stack.api.subscriptionPost(receiver.url, { labels }))
  const found = await until('both are attempted', async () => {
    const now = await timeline(eventId)
    const deliveries = now.subscriptions.flatMap((each) => each.deliveries)
    const done = deliveries.flatMap(({ attempts }) => attempts).filter((a) => a.outcome !== null)
    // The two are read one beside the other: a commit may lie in between.
    return done.length === 2 && deliveries.some(({ status }) => status === 'succeeded') && now
  })
  assert.equal(found.status, 'matched')
  assert.equal(found.event.event_id, eventId)
  const of = (id: string) => found.subscriptions.find(({ subscription_id }) => subscription_id === id)!
  assert.equal(found.subscriptions.length, 8)
  assert.deepEqual([of(well).is_matched, of(well).why_not], [true, null])
  assert.equal(of(well).deliveries[0]?.status, 'succeeded')
  assert.equal(of(busy).deliveries[0]?.status, 'pending')
  assert.ok(Date.parse(of(busy).deliveries[0]!.next_attempt_at!) > Date.now() + 3_000_000)
  assert.equal(of(busy).deliveries[0]?.attempts.length, 2)
  const codes = { type, label, filter, disabled, widened, later }
  assert.deepEqual(Object.fromEntries(Object.entries(codes).map(([name, id]) => [name, of(id).why_not?.code])), {
    type: 'event_type',
    label: 'label',
    filter: 'filter',
    disabled: 'disabled',
    widened: 'event_type',
    later: 'created_later',
  })
  assert.match(of(type).why_not!.detail, /a\.b\.d, not a\.b\.c/)
})

test('an event that waits, or was withdrawn, says so', async () => {
  const labels = { tenant: '1' }
  const eventId = await stack.api.send({ labels, delay_ms: 3_600_000 })
  const waiting = await timeline(eventId)
  assert.equal(waiting.status, 'waiting')
  assert.ok(waiting.subscriptions.every(({ why_not }) => why_not?.code === 'waiting'))
  await stack.api.call('POST', `/events/${eventId}/cancel`, { application_id: app })
  assert.equal((await timeline(eventId)).status, 'withdrawn')
})

test('what was sent later by a replay is shown beside the reason why it was not at first', async () => {
  const labels = { tenant: 'late' }
  const eventId = await stack.api.send({ labels })
  await untilStatus(eventId, 'unmatched')
  const { subscription_id } = await stack.api.subscribe(`${receiver.url}/well`, { labels })
  await stack.api.call('POST', `/events/${eventId}/replay`, { application_id: app })
  const found = (await timeline(eventId)).subscriptions.find((each) => each.subscription_id === subscription_id)!
  assert.deepEqual([found.is_matched, found.why_not?.code], [true, 'created_later'])
  assert.match(found.deliveries[0]?.replay_id ?? '', /^[0-9a-f-]{36}$/)
})

test('an unknown event is not found', async () => {
  const path = `/events/01900000-0000-7000-8000-0000000000ff/timeline?application_id=${app}`
  assert.equal((await stack.api.call('GET', path)).status, 404)
})
