import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { OverviewAnswer, SubscriptionHealth } from '#shared/contract/overview-schemas.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type { SearchAnswer } from '#shared/contract/search-schemas.ts'
import type { SystemAnswer } from '#shared/contract/system-schemas.ts'
import type { UsageAnswer } from '#shared/contract/usage-schemas.ts'
import { registerUser } from '../support/accounts.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let receiver: Receiver
before(async () => {
  stack = await startStack()
  receiver = await startReceiver(({ path }) => ({ status: path === '/' ? 200 : 500 }))
  await stack.api.createEventType()
})
after(async () => {
  await stack?.close()
  await receiver?.close()
})

test('the system page tells of every part, and viewers and secrets of one application are not told', async () => {
  const { api, credentials } = stack
  await until('all lanes have an owner', async () => {
    const { body } = await api.call<SystemAnswer>('GET', '/system')
    const isServed = body.lanes.every(({ owner }) => owner !== null)
    return isServed && body.projections.length === 4 && body.status === 'ok'
  })
  const { status, body } = await api.call<SystemAnswer>('GET', '/system')
  assert.equal(status, 200)
  assert.equal(body.status, 'ok', JSON.stringify(body.parts.filter((part) => part.status !== 'ok')))
  assert.deepEqual(body.streams.map(({ name }) => name).sort(), [
    'AUDIT',
    'CONTROL',
    'EVENTS',
    'INBOX',
    'LEDGER',
    'WAITING',
  ])
  assert.ok(body.consumers.some(({ name, stream }) => name === 'lane-0' && stream === 'LEDGER'))
  assert.deepEqual(body.projections.map(({ name }) => name).sort(), ['audit', 'control', 'events', 'ledger'])
  assert.ok(body.projections.every(({ lag, rebuild }) => lag !== null && rebuild === null))
  assert.equal(body.reconciler?.brought_back, 0)
  assert.ok((body.disk?.free_bytes ?? 0) > 0)
  assert.doesNotMatch(JSON.stringify(body), /:\/\/[^/]*@/)
  const asSecret = await api.call<ProblemDocument>(
    'GET',
    '/system',
    undefined,
    `Bearer ${credentials.application_secret}`,
  )
  assert.deepEqual([asSecret.status, asSecret.body.id], [403, 'Forbidden'])
  const member = await registerUser(api)
  const invite = { email: member.email, role: 'viewer' }
  await api.call('POST', `/organizations/${credentials.organization_id}/invite`, invite)
  const left = { user_id: member.userId }
  await api.call('DELETE', `/organizations/${member.organizationId}/invite`, left, member.authorization)
  const own = await api.call('DELETE', `/organizations/${member.organizationId}`, undefined, member.authorization)
  assert.ok(own.status === 204 || own.status === 403, String(own.status))
  assert.equal((await api.call('GET', '/system', undefined, member.authorization)).status, 403)
})

test('the overview counts what the rows say, and so do the figures of a receiver', async () => {
  const { api, credentials } = stack
  const { application_id } = credentials
  const good = await api.subscribe(receiver.url, { description: 'Good one' })
  const bad = await api.subscribe(`${receiver.url}/bad`, { description: 'Bad one', retry_policy: { max_attempts: 2 } })
  const slow = await api.subscribe(`${receiver.url}/later`, {
    description: 'Due later',
    retry_policy: { schedule: ['2h'] },
  })
  const ids = await Promise.all(Array.from({ length: 6 }, () => api.send()))
  const path = `/overview?application_id=${application_id}&buckets=24`
  await until('all but what is due later has ended', async () => {
    const { totals } = (await api.call<OverviewAnswer>('GET', path)).body
    return totals.events === 6 && totals.attempts === 24 && totals.dead_letters === 6
  })
  // Its parts are read one beside the other: only what has come to rest is sure to agree.
  const { status, body } = await api.call<OverviewAnswer>('GET', path)
  assert.equal(status, 200)
  const { totals } = body
  assert.deepEqual(
    [totals.events, totals.attempts, totals.succeeded, totals.failed, totals.dead_letters],
    [6, 24, 6, 18, 6],
  )
  assert.equal(totals.success_rate, 0.25)
  assert.ok(totals.p95_ms !== null && totals.p95_delivery_ms !== null && totals.p50_ms! <= totals.p95_ms)
  assert.ok(body.buckets.length <= 25 && body.bucket_seconds === 3_600)
  assert.equal(
    body.buckets.reduce((sum, { attempts }) => sum + attempts, 0),
    24,
  )
  assert.ok(body.as_of !== null)
  assert.deepEqual(body.dead_letters_by_cause, [{ cause: 'retries_spent', count: 6 }])
  assert.equal(body.oldest_waiting?.subscription_id, slow.subscription_id)
  assert.ok(ids.includes(body.oldest_waiting!.event_id))
  assert.equal(body.forecast.length, 36)
  assert.equal(
    body.forecast.reduce((sum, { retries }) => sum + retries, 0),
    6,
  )
  const worst = body.worst_endpoints.map(({ subscription_id, error_rate, attempts, waiting }) => [
    subscription_id,
    error_rate,
    attempts,
    waiting,
  ])
  assert.deepEqual(worst, [
    [bad.subscription_id, 1, 12, 0],
    [slow.subscription_id, 1, 6, 6],
  ])
  const wrong = await api.call<ProblemDocument>(
    'GET',
    `/overview?application_id=${application_id}&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z`,
  )
  assert.deepEqual([wrong.status, wrong.body.id], [400, 'InvalidDateRange'])

  const health = await api.call<SubscriptionHealth[]>('GET', `/subscriptions/health?application_id=${application_id}`)
  const of = (id: string) => health.body.find(({ subscription_id }) => subscription_id === id)!
  assert.deepEqual([of(good.subscription_id).error_rate, of(good.subscription_id).waiting], [0, 0])
  assert.equal(of(good.subscription_id).spark.length, 24)
  assert.equal(
    of(good.subscription_id).spark.reduce((sum, { succeeded }) => sum + succeeded, 0),
    6,
  )
  assert.equal(of(bad.subscription_id).error_rate, 1)
  assert.equal(of(slow.subscription_id).waiting, 6)
  assert.ok(of(good.subscription_id).last_success_at !== null && of(good.subscription_id).last_failure_at === null)
  const one = await api.call<SubscriptionHealth[]>(
    'GET',
    `/subscriptions/health?application_id=${application_id}&subscription_id=${bad.subscription_id}`,
  )
  assert.deepEqual(
    one.body.map(({ subscription_id }) => subscription_id),
    [bad.subscription_id],
  )
})

test('figures are what the rows come to', async () => {
  const client = new pg.Client({ connectionString: stack.servers.databaseUrl })
  await client.connect()
  const { rows } = await client.query<Record<string, string>>(`
    SELECT (SELECT count(*) FROM attempts WHERE response_id IS NOT NULL) AS made,
      (SELECT sum(amount) FROM attempt_figures WHERE step = 60 AND kind IN ('succeeded', 'failed')) AS by_minute,
      (SELECT sum(amount) FROM subscription_figures WHERE kind IN ('succeeded', 'failed')) AS by_hour,
      (SELECT count(*) FROM deliveries WHERE status = 'succeeded') AS ended,
      (SELECT sum(amount) FROM attempt_figures WHERE step = 3600 AND kind = 'delivered') AS delivered,
      (SELECT count(*) FROM dead_letters) AS letters,
      (SELECT sum(amount) FROM subscription_figures WHERE kind = 'dead') AS dead`)
  await client.end()
  const { made, by_minute, by_hour, ended, delivered, letters, dead } = rows[0]!
  assert.ok(Number(made) > 0)
  assert.deepEqual([by_minute, by_hour, delivered, dead], [made, made, ended, letters])
})

test('one box finds ids, their beginnings, types, labels, addresses, descriptions and errors', async () => {
  const { api, credentials } = stack
  const { application_id } = credentials
  const eventId = await api.send({ labels: { all: 'yes', tenant: 'acme 7' } })
  const attempt = await until('its attempt', async () => (await api.attempts({ event_id: eventId }))[0])
  const letters = await api.call<{ delivery_id: string }[]>('GET', `/dead_letters?application_id=${application_id}`)
  const search = async (q: string, more = {}) => {
    const query = new URLSearchParams({ application_id, q, ...more })
    const { status, body } = await api.call<SearchAnswer>('GET', `/search?${query}`)
    assert.equal(status, 200, q)
    assert.equal(body.is_partial, false, q)
    return body.hits.map(({ kind, id }) => `${kind} ${id}`)
  }
  assert.ok((await search(eventId)).includes(`event ${eventId}`))
  assert.ok((await search(eventId.slice(0, 30))).includes(`event ${eventId}`))
  assert.ok((await search(attempt.request_attempt_id)).includes(`attempt ${attempt.request_attempt_id}`))
  assert.ok((await search(attempt.delivery_id)).includes(`delivery ${attempt.delivery_id}`))
  const { delivery_id } = letters.body[0]!
  assert.deepEqual(await search(delivery_id), [`dead_letter ${delivery_id}`, `delivery ${delivery_id}`])
  assert.deepEqual(await search('tenant:acme 7'), [`event ${eventId}`])
  assert.deepEqual(await search('tenant=acme 7'), [`event ${eventId}`])
  assert.ok((await search('a.b')).includes('event_type a.b.c'))
  assert.match((await search('/later')).join(), /^subscription /)
  assert.match((await search('bad ONE')).join(), /^subscription /)
  assert.match((await search('500')).join(), /dead_letter .*attempt /)
  assert.equal((await search('500', { limit: '3' })).length, 3)
  assert.deepEqual(await search('nothing has this'), [])
  const short = await api.call<ProblemDocument>('GET', `/search?application_id=${application_id}&q=a`)
  assert.deepEqual([short.status, short.body.id], [400, 'JsonPayload'])
})

test('what happens is told as it happens, by filter, and no longer than the credential holds', async () => {
  const { api, credentials } = stack
  const { application_id } = credentials
  const open = async (query: string, authorization = `Bearer ${credentials.service_token}`) => {
    const stop = new AbortController()
    const response = await fetch(`${stack.apiUrl()}/api/v1/live?application_id=${application_id}${query}`, {
      headers: { authorization },
      signal: stop.signal,
    })
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/)
    let text = ''
    const reading = (async () => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk
    })().catch(() => {})
    return { text: () => text, stop: () => stop.abort(), reading }
  }
  const [all, dead] = await Promise.all([open(''), open('&kinds=dead')])
  const sent = new Set<string>()
  await until('the tail is told of what is sent', async () => {
    sent.add(await api.send({ labels: { to: 'nobody' } }))
    return [...sent].some((id) => all.text().includes(id))
  })
  const eventId = await api.send()
  await until('its end', () => Promise.resolve(dead.text().includes(eventId)))
  await until('its acceptance and its attempts', () =>
    Promise.resolve(
      new RegExp(`event: accepted\\ndata: [^\\n]*${eventId}`).test(all.text()) &&
        new RegExp(`event: attempted\\ndata: [^\\n]*${eventId}`).test(all.text()),
    ),
  )
  assert.doesNotMatch(dead.text(), /event: (accepted|attempted)/)
  for (const each of [all, dead]) {
    each.stop()
    await each.reading
  }
  const wrong = await api.call<ProblemDocument>('GET', `/live?application_id=${application_id}&kinds=nothing`)
  assert.deepEqual([wrong.status, wrong.body.id], [400, 'JsonPayload'])
  const last = await open('')
  await stack.restart()
  await last.reading
  assert.match(last.text(), /event: ended\ndata: .*server stops/)
})

test('usage counts today and this month, with quotas', async () => {
  const { api, credentials } = stack
  const { application_id, organization_id } = credentials
  const own = await api.call<UsageAnswer>('GET', `/usage/application?application_id=${application_id}`)
  assert.ok(own.body.events_today.used > 6)
  assert.ok(own.body.events_this_month >= own.body.events_today.used)
  assert.equal(own.body.days.length, 31)
  assert.deepEqual(own.body.subscriptions, { used: 3, limit: null })
  const all = await api.call<UsageAnswer>('GET', `/usage/organization?organization_id=${organization_id}`)
  assert.equal(all.body.events_today.used, own.body.events_today.used)
  assert.equal(all.body.applications?.items[0]?.events_today, own.body.events_today.used)
})

test('the page at / may load nothing from elsewhere', async () => {
  const page = await fetch(`${stack.apiUrl()}/`)
  assert.equal(page.status, 200)
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'self'; script-src 'self';/)
})

test('without Postgres the page, the system and the tail are there, and the overview says why it is not', async () => {
  const { api, credentials, servers } = stack
  const { application_id } = credentials
  await servers.postgres?.kill()
  const overview = await api.call<ProblemDocument>('GET', `/overview?application_id=${application_id}`)
  assert.deepEqual([overview.status, overview.body.id], [503, 'ServiceUnavailable'])
  assert.equal((await fetch(`${stack.apiUrl()}/`)).status, 200)
  const { status, body } = await api.call<SystemAnswer>('GET', '/system')
  assert.deepEqual([status, body.status], [200, 'bad'])
  const postgres = body.parts.find(({ name }) => name === 'postgres')
  assert.match(postgres?.remedy ?? '', /Start Postgres/)
  assert.ok(body.streams.length > 0 && body.lanes.length > 0)
  const search = await api.call<SearchAnswer>('GET', `/search?application_id=${application_id}&q=a.b.c`)
  assert.equal(search.body.is_partial, true)
  assert.deepEqual(
    search.body.hits.map(({ kind }) => kind),
    ['event_type'],
  )
  assert.equal((await api.call('GET', `/live?application_id=${application_id}`)).status, 200)
})
