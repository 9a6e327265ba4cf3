import assert from 'node:assert/strict'
import type { RequestAttempt } from '#shared/contract/schemas.ts'
import type { Api } from '../support/api.ts'
import { connectPublisher } from '../support/nats-publisher.ts'
import { startReceiver } from '../support/receiver.ts'
import type { Stack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { addDeadLetter, createPeople, createWorld } from '../support/world.ts'

/** What lets a small scenario see everything that takes long otherwise. */
export const SCENARIO_SETTINGS = {
  BREAKER_FAILURES: '3',
  BREAKER_PROBE_MS: '200',
  LANES: '2',
  CONNECT_TIMEOUT_MS: '500',
  // What is counted against a quota has guards; none is reached.
  ENABLE_QUOTA_ENFORCEMENT: 'true',
  QUOTA_GLOBAL_MEMBERS_PER_ORGANIZATION_LIMIT: '1000',
  QUOTA_GLOBAL_APPLICATIONS_PER_ORGANIZATION_LIMIT: '1000',
  QUOTA_GLOBAL_EVENTS_PER_DAY_LIMIT: '100000',
  QUOTA_GLOBAL_SUBSCRIPTIONS_PER_APPLICATION_LIMIT: '1000',
  QUOTA_GLOBAL_EVENT_TYPES_PER_APPLICATION_LIMIT: '1000',
}

/** Does something of every kind, so that every kind of fact comes of it. */
export async function playScenario({ api, credentials, servers }: Stack): Promise<void> {
  const people = await createPeople(api)
  const counts = new Map<string, number>()
  const receiver = await startReceiver(async ({ path, method }) => {
    const count = (counts.get(path) ?? 0) + 1
    counts.set(path, count)
    if (method === 'OPTIONS') return { status: 200, headers: { 'webhook-allowed-origin': '*' } }
    if (path === '/slow') await new Promise((resolve) => setTimeout(resolve, 1_600))
    if (path === '/flaky') return { status: count % 2 === 1 ? 503 : 200 }
    if (path === '/first-refused') return { status: count < 3 ? 400 : 200 }
    return { status: path === '/fails' ? 500 : 200 }
  })
  const world = await createWorld(api, people, `${receiver.url}/ok`)
  await addDeadLetter(api, people, world)
  await api.createEventType()
  const play = { api, url: receiver.url, applicationId: credentials.application_id }
  await flowOfDeliveries(play)
  await delayedEvents(play)
  await deadLetters(play)
  await subscriptionsOfAllSorts(play)
  const publisher = await connectPublisher(servers.natsUrl)
  await publisher.js.publish(`in.${credentials.application_id}.a.b.c`, '{"n":1}')
  await publisher.js.publish(`in.${credentials.application_id}.not.a.type`, '{"n":1}')
  await publisher.close()
  await until('the rejection', async () => (await list(api, '/rejections')).length > 0)
  await receiver.close()
}

interface Play {
  api: Api
  url: string
  applicationId: string
}

async function did(api: Api, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await api.call<Record<string, unknown>>(method, path, body)
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

async function list(api: Api, path: string): Promise<Record<string, unknown>[]> {
  const applicationId = api.eventPost().application_id
  const { body } = await api.call<Record<string, unknown>[]>('GET', `${path}?application_id=${applicationId}`)
  return body
}

const ended = (api: Api, event_id: string, count: number) =>
  until(`${count} attempts`, async () => {
    const found = await api.attempts({ event_id })
    return found.filter(({ outcome }) => outcome !== null).length >= count && found
  })

/** Delivered, retried, slow, replayed, unwanted. */
async function flowOfDeliveries({ api, url, applicationId: application_id }: Play): Promise<void> {
  await api.subscribe(`${url}/flaky`, { labels: { to: 'flaky' } })
  await api.subscribe(`${url}/slow`, { labels: { to: 'slow' } })
  const flaky = await api.send({ labels: { to: 'flaky' }, metadata: { source: 'golden' } })
  const slow = await api.send({ labels: { to: 'slow' } })
  await api.send({ labels: { to: 'nobody' } })
  await ended(api, flaky, 1)
  await ended(api, slow, 1)
  await did(api, 'POST', `/events/${flaky}/replay`, { application_id })
}

async function delayedEvents({ api, applicationId: application_id }: Play): Promise<void> {
  const withdrawn = await api.send({ labels: { to: 'flaky' }, delay_ms: 3_600_000 })
  await did(api, 'POST', `/events/${withdrawn}/cancel`, { application_id })
  const released = await api.send({ labels: { to: 'flaky' }, delay_ms: 300 })
  await ended(api, released, 1)
}

/** Redriven, discarded, and replayed by jobs. */
async function deadLetters({ api, url, applicationId: application_id }: Play): Promise<void> {
  await api.subscribe(`${url}/first-refused`, { labels: { to: 'refused' }, max_retries: 0 })
  const events = await Promise.all([1, 2].map((n) => api.send({ labels: { to: 'refused' }, payload: `{"n":${n}}` })))
  const letters = await until('two dead letters', async () => {
    const found = await list(api, '/dead_letters')
    return found.filter(({ event }) => events.includes((event as { event_id: string }).event_id)).length === 2 && found
  })
  const [first, second] = letters.map(({ delivery_id }) => delivery_id)
  await did(api, 'POST', `/dead_letters/${first}/discard`, { application_id, reason: 'golden' })
  const redrive = await did(api, 'POST', '/redrives', { application_id, delivery_ids: [second], confirm: true })
  const replay = await did(api, 'POST', '/replays', { application_id, event_types: ['a.b.c'], confirm: true })
  for (const [kind, { job_id }] of [
    ['redrives', redrive],
    ['replays', replay],
  ] as const)
    await until(`the job of ${kind}`, async () => {
      const { body } = await api.call<{ status: string }>('GET', `/${kind}/${job_id}?application_id=${application_id}`)
      return body.status === 'done'
    })
}

/** Failing, in order, asked for consent, with rotated and shown secrets, cancelled, disabled. */
async function subscriptionsOfAllSorts({ api, url, applicationId: application_id }: Play): Promise<void> {
  await api.subscribe(`${url}/fails`, { labels: { to: 'failing' }, retry_policy: { max_attempts: 2 } })
  for (let n = 0; n < 3; n++) await api.send({ labels: { to: 'failing' } })
  await until('the open breaker', async () => {
    const found = await api.attempts({})
    return found.filter(({ outcome }: RequestAttempt) => outcome === 'failed').length >= 3
  })

  const ordering = { by: 'subscription', on_dead_letter: 'block' }
  const ordered = await api.subscribe('http://127.0.0.1:1/', { labels: { to: 'ordered' }, ordering, max_retries: 0 })
  const inFront = await api.send({ labels: { to: 'ordered' } })
  const [dead] = await ended(api, inFront, 1)
  await api.send({ labels: { to: 'ordered' } })
  await until('it is skipped', async () => {
    const { status } = await api.call('POST', `/deliveries/${dead!.delivery_id}/skip`, { application_id })
    return status === 204
  })

  const asked = await api.subscribe(`${url}/ok`, { labels: { to: 'asked' }, handshake: { request_rate: 600 } })
  await ended(api, await api.send({ labels: { to: 'asked' } }), 1)
  await did(api, 'GET', `/subscriptions/${asked.subscription_id}/secret?application_id=${application_id}`)
  const rotation = { application_id, grace_period: '1h' }
  await did(api, 'POST', `/subscriptions/${asked.subscription_id}/secret/rotate`, rotation)

  const paused = await api.subscribe(`${url}/ok`, { labels: { to: 'paused' } })
  await did(api, 'POST', `/subscriptions/${paused.subscription_id}/pause`, { application_id })
  const chosen = await api.send({ labels: { to: 'paused' } })
  await until('its delivery', async () => (await api.attempts({ event_id: chosen })).length === 1)
  await did(api, 'POST', `/events/${chosen}/deliveries/cancel`, { application_id })
  await api.send({ labels: { to: 'paused' } })
  await did(api, 'POST', `/subscriptions/${paused.subscription_id}/deliveries/cancel`, { application_id })
  const off = api.subscriptionPost(`${url}/ok`, { labels: { to: 'ordered' }, is_enabled: false })
  await did(api, 'PUT', `/subscriptions/${ordered.subscription_id}`, off)
}
