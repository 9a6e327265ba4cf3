import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Msg, Subscription } from '@nats-io/transport-node'
import type { JobAnswer } from '#shared/contract/job-schemas.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type { RejectionAnswer } from '#shared/contract/rejection-schemas.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import { STREAM_NAMES } from '#shared/runtime/streams.ts'
import { testLogger } from '../support/nats.ts'
import { connectPublisher, type NatsPublisher } from '../support/nats-publisher.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

/** Events that may be without an answer at once. */
const UNANSWERED_MAX = 256

let stack: Stack
let receiver: Receiver
let client: NatsPublisher
let own: Nats
let app: string

before(async () => {
  stack = await startStack()
  app = stack.credentials.application_id
  receiver = await startReceiver()
  client = await connectPublisher(stack.servers.natsUrl)
  own = await connectNats(stack.servers.natsUrl, 'test', testLogger)
  await Promise.all([stack.api.createEventType(), stack.api.createEventType('a.b.d')])
})
after(async () => {
  await client?.close()
  await own?.connection.close()
  await stack?.close()
  await receiver?.close()
})

const post = <T = JobAnswer>(path: string, body: Record<string, unknown>) =>
  stack.api.call<T>('POST', path, { application_id: app, ...body })
const replay = async (more: Record<string, unknown>) => (await post('/replays', { target: 'nats', ...more })).body
const jobOf = async (id: string) =>
  (await stack.api.call<JobAnswer>('GET', `/replays/${id}?application_id=${app}`)).body
const untilStatus = (id: string, status: JobAnswer['status']) =>
  until(`the replay is ${status}`, async () => {
    const job = await jobOf(id)
    return job.status === status && job
  })

const send = (count: number, more: Record<string, unknown>) =>
  Promise.all(Array.from({ length: count }, () => stack.api.send(more)))

interface Client {
  messages: Msg[]
  ids(): string[]
  subscription: Subscription
}

/** @param take What it does with each event. */
function listen(subject: string, take: (message: Msg) => void = (message) => void message.respond()): Client {
  const messages: Msg[] = []
  const subscription = client.connection.subscribe(subject, {
    callback(_, message) {
      if (message.headers?.has('Jethook-Event-Id')) take(message)
      messages.push(message)
    },
  })
  const ids = () => messages.flatMap(({ headers }) => headers?.values('Jethook-Event-Id') ?? [])
  return { messages, ids, subscription }
}

test('an application reads its events again with a NATS client: counted, confirmed, answered, to the end', async () => {
  const labels = { case: 'whole' }
  const eventIds = await send(30, { labels, payload: '{"n": 1}', metadata: { m: 'n' } })
  await send(2, { labels, event_type: 'a.b.d' })
  const made = await replay({ labels, event_types: ['a.b.c'] })
  assert.deepEqual([made.target, made.subject], ['nats', `out.${app}.replay.${made.job_id}`])
  const { preview } = await untilStatus(made.job_id, 'preview')
  assert.deepEqual([preview?.count, preview?.events, preview?.payload_bytes], [30, 30, 240])
  assert.deepEqual(preview?.subscriptions, [])
  const { messages, ids, subscription } = listen(`out.${app}.replay.*`)
  await post(`/replays/${made.job_id}/confirm`, {})
  await until('the end', async () => messages.at(-1)?.headers?.get('Jethook-Replay-End') === '30')
  assert.deepEqual(new Set(ids()), new Set(eventIds))
  assert.equal(ids().length, 30)
  const [first] = messages
  assert.equal(first?.subject, made.subject)
  assert.equal(first?.string(), '{"n": 1}')
  const { headers } = first!
  assert.deepEqual(
    ['Jethook-Event-Type', 'Content-Type', 'Jethook-Labels', 'Jethook-Metadata', 'Jethook-Replay'].map((name) =>
      headers?.get(name),
    ),
    ['a.b.c', 'application/json', '{"case":"whole"}', '{"m":"n"}', made.job_id],
  )
  assert.ok(Date.parse(headers!.get('Jethook-Received-At')) >= Date.parse(headers!.get('Jethook-Occurred-At')))
  const { progress } = await untilStatus(made.job_id, 'done')
  assert.deepEqual([progress.done, progress.succeeded, progress.left], [30, 30, 0])
  await until('INBOX is empty', async () => (await own.jsm.streams.info(STREAM_NAMES.inbox)).state.messages === 0)
  const rejections = await stack.api.call<RejectionAnswer[]>('GET', `/rejections?application_id=${app}`)
  assert.deepEqual(rejections.body, [], 'answers are no events')
  subscription.unsubscribe()
})

test('nobody waits for a client that is absent or slow, and it loses nothing', async () => {
  const labels = { case: 'absent' }
  const eventIds = await send(UNANSWERED_MAX + 50, { labels })
  const jobs = await Promise.all(Array.from({ length: 10 }, () => replay({ labels, confirm: true })))
  await stack.api.subscribe(`${receiver.url}/other`, { labels })
  const { body: other } = await post('/replays', { labels, confirm: true, rate_per_second: 10_000 })
  await untilStatus(other.job_id, 'done')
  assert.equal((await jobOf(jobs[0]!.job_id)).progress.done, 0)
  for (const { job_id } of jobs.slice(1)) await post(`/replays/${job_id}/cancel`, {})
  await post(`/replays/${jobs[0]!.job_id}/pause`, {})
  await post(`/replays/${jobs[0]!.job_id}/resume`, { rate_per_second: 10_000 })
  let isSlow = true
  const { messages, ids, subscription } = listen(jobs[0]!.subject!, (message) => {
    if (!isSlow || messages.length === 0) message.respond()
  })
  await until('as many as may be unanswered', async () => ids().length === UNANSWERED_MAX + 1)
  assert.equal((await jobOf(jobs[0]!.job_id)).status, 'running')
  isSlow = false
  // One answer counts for all before it.
  messages.at(-1)!.respond()
  await until('all of them', async () => new Set(ids()).size === eventIds.length)
  assert.equal((await untilStatus(jobs[0]!.job_id, 'done')).progress.done, eventIds.length)
  assert.deepEqual(new Set(ids()), new Set(eventIds))
  subscription.unsubscribe()
})

test('what has no answer when jethook or the client goes away is sent again, and nothing that was answered is asked for twice', async () => {
  const labels = { case: 'gone' }
  const eventIds = await send(40, { labels })
  const job = await replay({ labels })
  await untilStatus(job.job_id, 'preview')
  const silent = listen(job.subject!, (message) => {
    if (silent.messages.length < 10) message.respond()
  })
  await post(`/replays/${job.job_id}/confirm`, {})
  await until('all are sent', async () => silent.ids().length === 40)
  await until('ten are taken', async () => (await jobOf(job.job_id)).progress.done === 10)
  silent.subscription.unsubscribe()
  const back = listen(job.subject!, (message) => {
    if (back.messages.length < 10) message.respond()
  })
  await client.connection.flush()
  client.connection.publish(`in.${app}.replay.${job.job_id}.taken.0`)
  await until('the others are sent', async () => back.ids().length === 30)
  assert.deepEqual(back.ids(), silent.ids().slice(10))
  await until('ten more are taken', async () => (await jobOf(job.job_id)).progress.done === 20)
  back.subscription.unsubscribe()
  const last = listen(job.subject!)
  await stack.restart()
  await untilStatus(job.job_id, 'done')
  await until('the rest', async () => last.ids().length >= 20)
  assert.deepEqual([...new Set(last.ids())], silent.ids().slice(20))
  assert.deepEqual(new Set(silent.ids()), new Set(eventIds))
  last.subscription.unsubscribe()
})

test('paused, nothing is sent; cancelled, nothing more', async () => {
  const labels = { case: 'paused' }
  await send(100, { labels })
  const job = await replay({ labels, confirm: true, rate_per_second: 50 })
  const { ids, subscription } = listen(job.subject!)
  await until('some are taken', async () => ids().length >= 5)
  const paused = await post(`/replays/${job.job_id}/pause`, {})
  assert.equal(paused.body.status, 'paused')
  const { progress } = await until('it stands', async () => {
    const now = await jobOf(job.job_id)
    return now.progress.done === ids().length && now
  })
  assert.ok(progress.done < 100)
  await post(`/replays/${job.job_id}/resume`, {})
  await until('it goes on', async () => ids().length > progress.done)
  await post(`/replays/${job.job_id}/cancel`, {})
  await until('it stands', async () => (await jobOf(job.job_id)).progress.done === ids().length)
  assert.ok(ids().length < 100)
  subscription.unsubscribe()
})

test('what says nothing for a NATS client is refused', async () => {
  const { subscription_id } = await stack.api.subscribe(receiver.url)
  for (const [field, value] of [
    ['subscription_ids', [subscription_id]],
    ['only_undelivered', true],
  ] as const) {
    const { status, body } = await post<ProblemDocument>('/replays', { target: 'nats', [field]: value })
    assert.equal(status, 422)
    assert.match(JSON.stringify(body), new RegExp(`${field}.*NATS client`))
  }
  assert.equal((await post('/replays', { target: 'elsewhere' })).status, 400)
})
