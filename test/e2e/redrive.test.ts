import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { streamsOf } from '#scripts/verify/read-streams.ts'
import { verifyLedger } from '#scripts/verify/verify-ledger.ts'
import type { DeadLetterAnswer, DeadLetterDetail } from '#shared/contract/dead-letter-schemas.ts'
import type { JobAnswer } from '#shared/contract/job-schemas.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { testLogger } from '../support/nats.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let receiver: Receiver
let app: string
let isMended = false

before(async () => {
  stack = await startStack({ RETRY_SCHEDULE: '20ms', MAX_RETRIES: '0', BREAKER_FAILURES: '0' })
  app = stack.credentials.application_id
  receiver = await startReceiver(() => ({ status: isMended ? 200 : 503 }))
  await stack.api.createEventType()
})
after(async () => {
  await stack?.close()
  await receiver?.close()
})

const call = <T>(method: string, path: string, body?: unknown) => stack.api.call<T>(method, path, body)
const letters = async (query: Record<string, string> = {}) =>
  (
    await call<DeadLetterAnswer[]>(
      'GET',
      `/dead_letters?${new URLSearchParams({ application_id: app, limit: '1000', ...query })}`,
    )
  ).body
const post = <T = JobAnswer>(path: string, body: Record<string, unknown>) =>
  call<T>('POST', path, { application_id: app, ...body })
const jobOf = async (path: string) => (await call<JobAnswer>('GET', `${path}?application_id=${app}`)).body
const untilStatus = (path: string, status: JobAnswer['status']) =>
  until(`${path} is ${status}`, async () => {
    const job = await jobOf(path)
    return job.status === status && job
  })

/** A subscription of its own to which all deliveries have died. */
async function withDead(name: string, count: number, more: Record<string, unknown> = {}) {
  isMended = false
  const labels = { to: name }
  const { subscription_id } = await stack.api.subscribe(`${receiver.url}/${name}`, { labels, ...more })
  const eventIds = await Promise.all(Array.from({ length: count }, () => stack.api.send({ labels })))
  await until('all of them are dead', async () => (await letters({ subscription_id })).length === count)
  isMended = true
  return { subscription_id, eventIds }
}

const received = (name: string) => receiver.requests.filter(({ path }) => path === `/${name}`)

test('one dead letter is sent again, as a series of its own that is linked to the old one', async () => {
  const { subscription_id } = await withDead('one', 1)
  const [letter] = await letters({ subscription_id })
  const made = await post(`/dead_letters/${letter!.delivery_id}/redrive`, {})
  assert.equal(made.status, 201)
  const done = await until('the job is done, and its delivery too', async () => {
    const job = await jobOf(`/redrives/${made.body.job_id}`)
    return job.status === 'done' && job.progress.succeeded === 1 && job
  })
  assert.equal(done.status, 'done')
  assert.deepEqual(await letters({ subscription_id }), [])
  const [old] = await letters({ subscription_id, status: 'redriven' })
  assert.equal(old?.resolution?.job_id, made.body.job_id)
  const attempts = await stack.api.attempts({ subscription_id })
  const again = attempts.find(({ redrive_of }) => redrive_of === letter!.delivery_id)
  assert.equal(again?.outcome, 'success')
  assert.equal(again?.attempt_number, 1)
  assert.equal(again?.delivery_id, old?.resolution?.redriven_as)
  const twice = await post<ProblemDocument>(`/dead_letters/${letter!.delivery_id}/redrive`, {})
  assert.equal(twice.status, 409)
  assert.equal(received('one').length, 2)
  assert.equal(received('one')[1]?.headers['x-jethook-replay'], undefined)
})

test('a filter is counted first, and what it has counted is sent once it is confirmed', async () => {
  const { subscription_id } = await withDead('filter', 30)
  await withDead('other', 3)
  const { status, body: job } = await post('/redrives', {
    filter: { subscription_ids: [subscription_id] },
    rate_per_second: 1_000,
  })
  assert.equal(status, 201)
  assert.equal(job.status, 'preview')
  assert.equal(job.preview?.count, 30)
  assert.deepEqual(job.preview?.subscriptions, [{ subscription_id, count: 30 }])
  assert.equal(job.preview?.payload_bytes, 30 * 7)
  assert.equal(job.progress.left, 30)
  const path = `/redrives/${job.job_id}`
  assert.equal((await post(`${path}/confirm`, {})).status, 200)
  await receiver.waitFor(() => received('filter').length === 60)
  const done = await until('all have succeeded', async () => {
    const now = await jobOf(path)
    return now.status === 'done' && now.progress.succeeded === 30 && now
  })
  assert.deepEqual([done.status, done.progress.done, done.progress.left], ['done', 30, 0])
  assert.equal(received('other').length, 3)
  const again = await post<ProblemDocument>(`${path}/pause`, {})
  assert.deepEqual([again.status, again.body.id], [409, 'Conflict'])
})

test('two jobs about the same dead letters send each of them once', async () => {
  const { subscription_id, eventIds } = await withDead('twice', 200)
  const filter = { subscription_ids: [subscription_id] }
  const ids = (await letters({ subscription_id })).map(({ delivery_id }) => delivery_id)
  const jobs = await Promise.all([
    post('/redrives', { filter, confirm: true, rate_per_second: 400 }),
    post('/redrives', { filter, confirm: true, rate_per_second: 600 }),
    post('/redrives', { delivery_ids: ids, confirm: true, rate_per_second: 500 }),
    post('/discards', { delivery_ids: ids.slice(0, 50), reason: 'no longer wanted', confirm: true }),
  ])
  const kinds = ['redrives', 'redrives', 'redrives', 'discards']
  const ended = await Promise.all(jobs.map(({ body }, i) => untilStatus(`/${kinds[i]}/${body.job_id}`, 'done')))
  assert.equal(
    ended.reduce((sum, { progress }) => sum + progress.done, 0),
    200,
  )
  await until('none is open', async () => (await letters({ subscription_id })).length === 0)
  const redriven = (await letters({ subscription_id, status: 'redriven' })).length
  const discarded = await letters({ subscription_id, status: 'discarded' })
  assert.equal(redriven + discarded.length, 200)
  await receiver.waitFor(() => received('twice').length === 200 + redriven)
  const counts = Map.groupBy(received('twice'), ({ headers }) => String(headers['x-event-id']))
  assert.ok(eventIds.every((id) => counts.get(id)!.length <= 2))
})

test('a job is paused, goes on at another rate, and is cancelled', async () => {
  const { subscription_id } = await withDead('paused', 60)
  const { body: job } = await post('/redrives', {
    filter: { subscription_ids: [subscription_id] },
    confirm: true,
    rate_per_second: 20,
  })
  const path = `/redrives/${job.job_id}`
  await until('some are sent', async () => received('paused').length > 62)
  assert.equal((await post(`${path}/pause`, {})).body.status, 'paused')
  const atPause = await until('it stands', async () => {
    // The job says what it has sent, the read model what became of it, a moment later.
    const { progress: before } = await jobOf(path)
    await setTimeout(300)
    const { progress } = await jobOf(path)
    return before.done === progress.done && progress.done > 0 && progress.succeeded === progress.done && progress
  })
  assert.equal(atPause.under_way, 0)
  assert.ok(atPause.done < 50)
  const sent = received('paused').length
  assert.equal(sent, 60 + atPause.done)
  const resumed = await post(`${path}/resume`, { rate_per_second: 5 })
  assert.equal(resumed.body.rate_per_second, 5)
  await until('more are sent', async () => received('paused').length > sent)
  assert.equal((await post(`${path}/cancel`, {})).body.status, 'cancelled')
  assert.equal((await post(`${path}/resume`, {})).status, 409)
  const left = await until('the rest is open', async () => {
    const open = (await letters({ subscription_id })).length
    return open === 120 - received('paused').length && open
  })
  assert.ok(left > 0)
})

test('what can not be sent now is refused, stays open, and the reason is told', async () => {
  const { subscription_id } = await withDead('disabled', 3)
  const state = stack.api.subscriptionPost(`${receiver.url}/disabled`, { labels: { to: 'disabled' } })
  await call('PUT', `/subscriptions/${subscription_id}`, { ...state, is_enabled: false })
  const filter = { subscription_ids: [subscription_id] }
  const { body: job } = await post('/redrives', { filter, confirm: true })
  const done = await untilStatus(`/redrives/${job.job_id}`, 'done')
  assert.deepEqual(done.progress.refused, [{ reason: 'subscription_disabled', count: 3 }])
  assert.equal((await letters({ subscription_id })).length, 3)
  await call('PUT', `/subscriptions/${subscription_id}`, state)
  const { body: again } = await post('/redrives', { filter, confirm: true })
  await until('they are delivered', async () => (await jobOf(`/redrives/${again.job_id}`)).progress.succeeded === 3)
})

test('one that dies again is a dead letter of its own, with the history of both', async () => {
  const { subscription_id } = await withDead('again', 1)
  isMended = false
  const [letter] = await letters({ subscription_id })
  const { body: job } = await post(`/dead_letters/${letter!.delivery_id}/redrive`, {})
  const successor = await until('it is dead again', async () =>
    (await letters({ subscription_id })).find(({ redrive_of }) => redrive_of === letter!.delivery_id),
  )
  assert.equal((await jobOf(`/redrives/${job.job_id}`)).progress.failed_again, 1)
  const { body } = await call<DeadLetterDetail>('GET', `/dead_letters/${successor.delivery_id}?application_id=${app}`)
  assert.deepEqual(body.series, [letter!.delivery_id, successor.delivery_id])
  assert.equal(body.attempts.length, 2)
})

test('a discard has a reason, who and when', async () => {
  const { subscription_id } = await withDead('discarded', 1)
  const [letter] = await letters({ subscription_id })
  const path = `/dead_letters/${letter!.delivery_id}/discard`
  assert.equal((await post(path, { reason: ' ' })).status, 422)
  const { body: job } = await post(path, { reason: 'it was a test' })
  await untilStatus(`/discards/${job.job_id}`, 'done')
  const old = await until('it is discarded', async () => (await letters({ subscription_id, status: 'discarded' }))[0])
  assert.equal(old.resolution?.reason, 'it was a test')
  assert.equal(old.resolution?.by.kind, 'service_token')
  assert.equal((await letters({ subscription_id })).length, 0)
})

test('bad requests are told what to do', async () => {
  const cases: [path: string, body: Record<string, unknown>, status: number][] = [
    ['/redrives', {}, 422],
    ['/redrives', { filter: {}, delivery_ids: [] }, 422],
    ['/redrives', { filter: { cause: 'x' } }, 400],
    ['/redrives', { filter: { min_dead_at: 'yesterday' } }, 400],
    ['/redrives', { filter: {}, rate_per_second: 0 }, 400],
    ['/discards', { filter: {} }, 400],
  ]
  for (const [path, body, status] of cases) assert.equal((await post(path, body)).status, status, JSON.stringify(body))
  const unknown = '01900000-0000-7000-8000-0000000000ff'
  assert.equal((await call('GET', `/redrives/${unknown}?application_id=${app}`)).status, 404)
  assert.equal((await post(`/redrives/${unknown}/pause`, {})).status, 404)
})

test('jobs are listed, the newest first, and stand in the audit log', async () => {
  const { body: jobs } = await call<JobAnswer[]>('GET', `/redrives?application_id=${app}`)
  assert.ok(jobs.length > 5)
  assert.deepEqual(
    jobs.map(({ created_at }) => created_at),
    jobs
      .map(({ created_at }) => created_at)
      .toSorted()
      .reverse(),
  )
  const { body: audit } = await call<{ resource: { id: string }; action: string }[]>(
    'GET',
    `/audit?organization_id=${stack.credentials.organization_id}&resource_kind=redrive`,
  )
  for (const { job_id } of jobs) assert.ok(audit.some(({ resource }) => resource.id === job_id))
})

test('the streams bear it all out', async () => {
  const nats = await connectNats(stack.servers.natsUrl, 'test', testLogger)
  const report = await verifyLedger({ ...streamsOf(nats), isQuiet: true, retriesMax: 0, cancelGraceMs: 1_000 })
  await nats.connection.close()
  assert.deepEqual(report.violations, [])
})
