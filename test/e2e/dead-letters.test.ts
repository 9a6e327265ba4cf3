import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { DeadLetterAnswer, DeadLetterDetail, DeadLetterGroup } from '#shared/contract/dead-letter-schemas.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const EACH = 12

let stack: Stack
let receiver: Receiver
let app: string
const subscriptions: Record<string, string> = {}

const get = async <T>(path: string, query: Record<string, string> = {}) =>
  (await stack.api.call<T>('GET', `${path}?${new URLSearchParams({ application_id: app, ...query })}`)).body
const letters = (query: Record<string, string> = {}) =>
  get<DeadLetterAnswer[]>('/dead_letters', { limit: '1000', ...query })

before(async () => {
  stack = await startStack({ RETRY_SCHEDULE: '20ms', MAX_RETRIES: '1' })
  app = stack.credentials.application_id
  await Promise.all([stack.api.createEventType(), stack.api.createEventType('a.b.d')])
  receiver = await startReceiver(({ path }) =>
    path === '/gone' ? { status: 404, body: 'no such hook' } : { status: 503 },
  )
  const targets = { permanent: `${receiver.url}/gone`, busy: `${receiver.url}/busy`, refused: 'http://127.0.0.1:1/' }
  for (const [name, url] of Object.entries(targets)) {
    const made = await stack.api.subscribe(url, { labels: { to: name }, event_types: ['a.b.c', 'a.b.d'] })
    subscriptions[name] = made.subscription_id
    for (let i = 0; i < EACH; i++)
      await stack.api.send({ labels: { to: name, n: String(i) }, event_type: i % 2 === 0 ? 'a.b.c' : 'a.b.d' })
  }
  await until('all of them are dead', async () => (await letters()).length === 3 * EACH)
})
after(async () => {
  await stack?.close()
  await receiver?.close()
})

test('dead letters are told apart by subscription, type, cause, status, label and time', async () => {
  const of = async (query: Record<string, string>) => (await letters(query)).length
  assert.equal(await of({ subscription_id: subscriptions['busy']! }), EACH)
  assert.equal(await of({ event_types: 'a.b.d' }), (3 * EACH) / 2)
  assert.equal(await of({ cause: 'permanent' }), EACH)
  assert.equal(await of({ cause: 'retries_spent' }), 2 * EACH)
  assert.equal(await of({ status_code: '503' }), EACH)
  assert.equal(await of({ status_code: '404,503' }), 2 * EACH)
  assert.equal(await of({ label: 'n:3' }), 3)
  assert.equal(await of({ label: 'n:3', status: 'redriven' }), 0)
  assert.equal(await of({ min_dead_at: '2100-01-01T00:00:00Z' }), 0)
  assert.equal(await of({ max_dead_at: '2100-01-01T00:00:00Z' }), 3 * EACH)
  const bad = await stack.api.call<{ detail: string }>('GET', `/dead_letters?application_id=${app}&cause=bad`)
  assert.equal(bad.status, 400)
  assert.match(bad.body.detail, /cause is one of permanent/)
})

test('pages hold each dead letter once, the latest first', async () => {
  const found: DeadLetterAnswer[] = []
  let path: string | null = `/dead_letters?application_id=${app}&limit=7`
  while (path !== null) {
    const answer = await stack.api.call<DeadLetterAnswer[]>('GET', path)
    found.push(...answer.body)
    const next = /<.*\/api\/v1([^>]*)>; rel="next"/.exec(answer.headers.get('link') ?? '')
    path = next ? next[1]! : null
  }
  assert.equal(new Set(found.map((each) => each.delivery_id)).size, 3 * EACH)
  assert.equal(found.length, 3 * EACH)
  const times = found.map((each) => each.dead_at)
  assert.deepEqual(times, times.toSorted().reverse())
})

test('groups count what has one cause, and name a sample', async () => {
  const groups = await get<DeadLetterGroup[]>('/dead_letters/groups')
  assert.equal(groups.length, 3)
  for (const group of groups) {
    assert.equal(group.count, EACH)
    assert.equal(group.trend.length, 24)
    assert.equal(
      group.trend.reduce((sum, n) => sum + n, 0),
      EACH,
    )
    assert.ok(group.first_dead_at <= group.last_dead_at)
    const sample = await get<DeadLetterDetail>(`/dead_letters/${group.sample.delivery_id}`)
    assert.equal(sample.subscription.subscription_id, group.subscription.subscription_id)
    assert.equal(sample.cause, group.cause)
  }
  const refused = groups.find((group) => group.status_code === null)
  assert.equal(refused?.error_name, 'E_CONNECTION')
  const gone = groups.find((group) => group.status_code === 404)
  assert.equal(gone?.error, 'The receiver answered #')
  assert.equal((await letters({ error: refused!.error! })).length, EACH)
  const first = await stack.api.call<DeadLetterGroup[]>('GET', `/dead_letters/groups?application_id=${app}&limit=2`)
  const next = /<.*\/api\/v1([^>]*)>; rel="next"/.exec(first.headers.get('link') ?? '')
  const second = await stack.api.call<DeadLetterGroup[]>('GET', next![1]!)
  assert.deepEqual([...first.body, ...second.body], groups)
})

test('a dead letter names its last response and its whole history', async () => {
  const [one] = await letters({ subscription_id: subscriptions['permanent']! })
  const permanent = await get<DeadLetterDetail>(`/dead_letters/${one!.delivery_id}`)
  assert.equal(permanent.last_response?.body, 'no such hook')
  assert.equal(permanent.last_response?.http_code, 404)
  assert.deepEqual(
    permanent.attempts.map((attempt) => attempt.attempt_number),
    [1],
  )
  const [other] = await letters({ subscription_id: subscriptions['busy']! })
  const busy = await get<DeadLetterDetail>(`/dead_letters/${other!.delivery_id}`)
  assert.equal(busy.attempt_count, 2)
  assert.deepEqual(
    busy.attempts.map((attempt) => attempt.attempt_number),
    [1, 2],
  )
  assert.ok(Date.parse(busy.expires_at!) > Date.now() + 29 * 86_400_000)
})

test('what was called off with its subscription is a dead letter too', async () => {
  const labels = { to: 'cancelled' }
  const { subscription_id } = await stack.api.subscribe(`${receiver.url}/busy`, {
    labels,
    retry_policy: { schedule: ['1h'], max_attempts: 5 },
  })
  await stack.api.send({ labels })
  await until('the first attempt', async () =>
    (await stack.api.attempts({ subscription_id })).some((a) => a.outcome === 'failed'),
  )
  assert.deepEqual(await letters({ subscription_id }), [])
  await stack.api.call('DELETE', `/subscriptions/${subscription_id}?application_id=${app}`)
  const [letter] = await letters({ subscription_id })
  assert.deepEqual([letter?.cause, letter?.status_code, letter?.attempt_count], ['cancelled', 503, 1])
  const detail = await get<DeadLetterDetail>(`/dead_letters/${letter!.delivery_id}`)
  assert.equal(detail.last_response?.http_code, 503)
})
