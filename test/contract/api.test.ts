import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import type { FieldErrors, ProblemDocument } from '#shared/contract/problems.ts'
import type { EventWithPayload, RequestAttempt, SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { newEventId } from '#shared/domain/ids.ts'
import type { Api, ApiAnswer } from '#test/support/api.ts'
import { type Receiver, startReceiver } from '#test/support/receiver.ts'
import { type Stack, startStack } from '#test/support/stack.ts'
import { until } from '../support/until.ts'
import { PROBLEM_FACTS } from './problem-facts.ts'

const UNKNOWN = '01900000-0000-7000-8000-0000000000ff'
let stack: Stack
let receiver: Receiver
let api: Api
let app: string
let secret: string

before(async () => {
  stack = await startStack({ HEALTH_CHECK_KEY: 'sesame' })
  receiver = await startReceiver()
  api = stack.api
  app = stack.credentials.application_id
  secret = stack.credentials.application_secret
  await api.createEventType()
})

after(async () => {
  await receiver?.close()
  await stack?.close()
})

const get = <T = unknown>(path: string) => api.call<T>('GET', path)
const postEvent = (more: Record<string, unknown> = {}) =>
  api.call<ProblemDocument>('POST', '/event', api.eventPost(more))
const postSubscription = (more: Record<string, unknown> = {}) =>
  api.call<ProblemDocument>('POST', '/subscriptions', api.subscriptionPost(receiver.url, more))

/** A request whose headers are ours alone. */
function raw(
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
): Promise<{ status: number; problem: ProblemDocument; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${stack.apiUrl()}/api/v1${path}`, { method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          problem: text === '' ? null : JSON.parse(text),
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function assertProblem({ status, body, headers }: ApiAnswer<unknown>, id: string, wantedStatus?: number): void {
  const problem = body as ProblemDocument
  const [, ofTable] = PROBLEM_FACTS.find(([known]) => known === id)!
  assert.equal(problem?.id, id, JSON.stringify(problem))
  assert.equal(status, wantedStatus ?? ofTable)
  assert.equal(problem.status, status)
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/)
}

test('each missing or wrong credential has its own problem, before the body is looked at', async () => {
  const json = { 'content-type': 'application/json' }
  const cases: [Record<string, string>, number, string][] = [
    [{}, 401, 'AuthNoAuthorizationHeader'],
    [{ authorization: 'Bearer \u00e9' }, 400, 'AuthInvalidAuthorizationHeader'],
    [{ authorization: 'Bearer nonsense' }, 403, 'AuthInvalidBiscuit'],
    [{ authorization: `Bearer ${UNKNOWN}` }, 403, 'AuthInvalidApplicationSecret'],
    [{ authorization: `Bearer ${secret}` }, 400, 'JsonPayload'],
    [{ authorization: secret }, 400, 'JsonPayload'],
  ]
  for (const [headers, status, id] of cases) {
    const answer = await raw('POST', '/event', { ...json, ...headers }, '{')
    assert.deepEqual([answer.status, answer.problem.id], [status, id])
  }
})

test('an event is answered with its ids and time, and can be looked up at once', async () => {
  const { status, body } = await api.call<Record<string, string>>('POST', '/event/', api.eventPost())
  assert.equal(status, 201)
  assert.deepEqual(Object.keys(body).sort(), ['application_id', 'event_id', 'received_at'])
  assert.match(body['received_at']!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  assert.equal(body['event_id']![14], '7')
  const found = await get<EventWithPayload>(`/events/${body['event_id']}?application_id=${app}`)
  assert.equal(found.status, 200)
  assert.equal(found.headers.get('jethook-read-model'), 'current')
  assert.deepEqual(found.body, {
    event_id: body['event_id'],
    event_type_name: 'a.b.c',
    payload_content_type: 'application/json',
    ip: '127.0.0.1',
    metadata: {},
    occurred_at: '2026-01-01T00:00:00.000000Z',
    received_at: body['received_at'],
    labels: { all: 'yes' },
    payload: Buffer.from('{"n":1}').toString('base64'),
  })
  const list = await get<EventWithPayload[]>(`//events//?application_id=${app}`)
  const { payload: _, ...listed } = found.body
  assert.deepEqual(list.body[0], listed)
})

test('what an event may hold comes back as it went in', async () => {
  const cases = [
    { payload: 'grüß 😀\u0000', payload_content_type: 'text/plain' },
    { payload: '', payload_content_type: 'text/plain' },
    { payload: ' [1.0, "\\u00e9"] ', payload_content_type: 'application/json' },
    { payload: 'AP8=', payload_content_type: 'application/octet-stream+base64' },
  ]
  for (const given of cases) {
    const labels = { kéy: 'v"\\', all: 'yes', 'line\nbreak': '\t' }
    const id = await api.send({
      ...given,
      labels,
      metadata: { m: '😀' },
      occurred_at: '2025-01-01 01:00:00.123456+01:00',
    })
    const { body } = await get<EventWithPayload>(`/events/${id}?application_id=${app}`)
    const bytes = given.payload_content_type.endsWith('base64')
      ? given.payload
      : Buffer.from(given.payload).toString('base64')
    assert.equal(body.payload, bytes)
    assert.deepEqual(body.labels, labels)
    assert.deepEqual(body.metadata, { m: '😀' })
    assert.equal(body.occurred_at, '2025-01-01T00:00:00.123456Z')
  }
})

test('an event that cannot be read is 400 JsonPayload', async () => {
  const bad: Record<string, unknown>[] = [
    { application_id: undefined },
    { application_id: 'x' },
    { event_id: 'x' },
    { event_id: '0190000000007000-8000-0000000000ff' },
    { event_type: 1 },
    { payload: { a: 1 } },
    { payload_content_type: null },
    { occurred_at: undefined },
    { occurred_at: 'yesterday' },
    { labels: undefined },
    { labels: null },
    { labels: [] },
    { labels: { k: 1 } },
    { labels: { 'a\nb': 1 } },
    { metadata: { k: null } },
    { labels: { k: '\ud800' } },
  ]
  for (const more of bad) assertProblem(await postEvent(more), 'JsonPayload')
  const authorization = `Bearer ${secret}`
  const good = JSON.stringify(api.eventPost())
  const sends: [Record<string, string>, string][] = [
    [{ 'content-type': 'application/json' }, ''],
    [{ 'content-type': 'application/json' }, '{"a":'],
    [{ 'content-type': 'text/plain' }, good],
    [{}, good],
    [{ 'content-type': 'application/json' }, JSON.stringify(api.eventPost({ payload: 'x'.repeat(2_097_152) }))],
  ]
  for (const [headers, body] of sends) {
    const { status, problem } = await raw('POST', '/event', { ...headers, authorization }, body)
    assert.deepEqual([status, problem.id], [400, 'JsonPayload'], problem.detail)
  }
  const tooBig = await raw('POST', '/event', { 'content-type': 'application/json', authorization }, sends[4]![1])
  assert.equal(tooBig.problem.detail, 'Body is too big (maximum is 2097152 bytes)')
  const noType = await raw('POST', '/event', { authorization }, good)
  assert.equal(noType.problem.detail, "Content-Type header should be set to 'application/json'")
  const plusJson = await raw(
    'POST',
    '/event',
    { 'content-type': 'application/vnd.api+json; charset=utf-8', authorization },
    good,
  )
  assert.equal(plusJson.status, 201)
})

test('an event that breaks a rule has the problem of that rule', async () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ application_id: UNKNOWN }, 'Forbidden'],
    [{ application_id: UNKNOWN, labels: {} }, 'Forbidden'],
    [{ labels: {} }, 'Validation'],
    [{ labels: {}, payload_content_type: 'text/html' }, 'Validation'],
    [{ payload_content_type: 'text/html', event_type: 'x.y.z' }, 'EventInvalidPayloadContentType'],
    [{ payload: '{', event_type: 'x.y.z' }, 'EventInvalidJsonPayload'],
    [{ payload: '*', payload_content_type: 'application/octet-stream+base64' }, 'EventInvalidBase64Payload'],
    [{ event_type: 'x.y.z' }, 'EventTypeDoesNotExist'],
    [{ event_type: 'x.y.z', event_id: UNKNOWN }, 'EventTypeDoesNotExist'],
  ]
  for (const [more, id] of cases) assertProblem(await postEvent(more), id)
  const { body } = await postEvent({ labels: {}, event_type: '' })
  assert.deepEqual(Object.keys(body.validation as FieldErrors).sort(), ['event_type', 'labels'])
})

test('an event id is taken once, in whatever form and for whatever type', async () => {
  const ids = [
    '00000000-0000-0000-0000-000000000000',
    'd9b2d63d-a233-4123-847a-76838bf2413a',
    newEventId(Date.now()),
    newEventId(0),
  ]
  for (const event_id of ids) {
    assert.equal((await postEvent({ event_id })).status, 201)
    for (const form of [
      event_id,
      event_id.toUpperCase(),
      `{${event_id}}`,
      `urn:uuid:${event_id}`,
      event_id.replaceAll('-', ''),
    ])
      assertProblem(await postEvent({ event_id: form, payload: 'null' }), 'EventAlreadyIngested')
    assertProblem(await postEvent({ event_id, event_type: 'x.y.z' }), 'EventAlreadyIngested')
  }
  const event_id = newEventId(Date.now())
  const answers = await Promise.all(Array.from({ length: 20 }, () => postEvent({ event_id })))
  assert.equal(answers.filter(({ status }) => status === 201).length, 1)
  assert.equal(answers.filter(({ status }) => status === 409).length, 19)
})

test('event types are created, listed by name, taken up again, deactivated', async () => {
  for (const verb of ['zz', 'aa', 'zz']) {
    const { status, body } = await api.createEventType(`types.odd name.${verb}`)
    assert.equal(status, 201)
    assert.deepEqual(body, {
      service_name: 'types',
      resource_type_name: 'odd name',
      verb_name: verb,
      event_type_name: `types.odd name.${verb}`,
    })
  }
  const listed = async () =>
    (await get<{ event_type_name: string }[]>(`/event_types/?application_id=${app}`)).body
      .map((type) => type.event_type_name)
      .filter((name) => name.startsWith('types.'))
  assert.deepEqual(await listed(), ['types.odd name.aa', 'types.odd name.zz'])
  const one = `/event_types/${encodeURIComponent('types.odd name.zz')}?application_id=${app}`
  assert.equal((await get(one)).status, 200)
  assert.equal((await api.call('DELETE', one)).status, 204)
  assert.deepEqual(await listed(), ['types.odd name.aa'])
  assertProblem(await get(one), 'NotFound')
  assertProblem(await api.call('DELETE', one), 'NotFound')
  assertProblem(await postEvent({ event_type: 'types.odd name.zz' }), 'EventTypeDoesNotExist')
  assert.equal((await postSubscription({ event_types: ['types.odd name.zz'] })).status, 201)
  await api.createEventType('types.odd name.zz')
  assert.equal((await postEvent({ event_type: 'types.odd name.zz' })).status, 201)
})

test('an event type that breaks a rule is refused', async () => {
  const post = (more: Record<string, unknown>) =>
    api.call('POST', '/event_types', { application_id: app, service: 's', resource_type: 'r', verb: 'v', ...more })
  assertProblem(await post({ verb: undefined }), 'JsonPayload')
  assertProblem(await post({ application_id: UNKNOWN, verb: '' }), 'Forbidden')
  assertProblem(await post({ verb: '' }), 'Validation')
})

test('a subscription comes back whole, and its secret stays its own', async () => {
  const target = { type: 'http', method: 'PUT', url: 'https://EXAMPLE.com', headers: { 'X-Key': 'abc' } }
  const { status, body: created } = await api.call<SubscriptionAnswer>('POST', '/subscriptions/', {
    ...api.subscriptionPost('', { target, event_types: ['a.b.c', 'a.b.c'], description: 'd', metadata: { m: '1' } }),
    max_retries: 3,
  })
  assert.equal(status, 201)
  const { subscription_id, secret: key, created_at, updated_at, ...rest } = created
  assert.deepEqual(rest, {
    application_id: app,
    is_enabled: true,
    event_types: ['a.b.c'],
    description: 'd',
    metadata: { m: '1' },
    label_key: 'all',
    label_value: 'yes',
    labels: { all: 'yes' },
    target: { type: 'http', method: 'PUT', url: 'https://example.com/', headers: { 'x-key': 'abc' } },
    dedicated_workers: [],
    max_retries: 3,
  })
  assert.match(key, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(created_at, updated_at)
  assert.deepEqual((await get(`/subscriptions/${subscription_id}`)).body, created)
  const list = await get<SubscriptionAnswer[]>(`/subscriptions?application_id=${app}`)
  assert.deepEqual(
    list.body.find((item) => item.subscription_id === subscription_id),
    created,
  )

  const put = await api.call<SubscriptionAnswer>('PUT', `/subscriptions/${subscription_id}/`, {
    ...api.subscriptionPost('http://example.org/x'),
    labels: undefined,
    label_key: 'k',
    label_value: 'v',
  })
  assert.equal(put.status, 200)
  assert.equal(put.body.secret, key)
  assert.equal(put.body.created_at, created_at)
  assert.deepEqual(
    [
      put.body.description,
      put.body.metadata,
      put.body.labels,
      put.body.label_key,
      put.body.target.headers,
      put.body.max_retries,
    ],
    [null, {}, { k: 'v' }, 'k', {}, null],
  )
  assert.deepEqual((await get(`/subscriptions/${subscription_id}`)).body, put.body)

  const one = `/subscriptions/${subscription_id}`
  assert.equal((await api.call('DELETE', `${one}?application_id=${app}`)).status, 204)
  assert.equal((await api.call('DELETE', `${one}?application_id=${app}`)).status, 204)
  assertProblem(await get(one), 'NotFound')
  assertProblem(await api.call('PUT', one, api.subscriptionPost('http://example.org/x')), 'NotFound')
})

test('a subscription that breaks a rule is refused, in the order of the contract', async () => {
  const target = { type: 'http', method: 'POST', url: 'http://example.com/', headers: {} }
  const cases: [Record<string, unknown>, string][] = [
    [{ is_enabled: undefined }, 'JsonPayload'],
    [{ target: { ...target, type: 'HTTP' } }, 'JsonPayload'],
    [{ target: { ...target, url: 'ftp://example.com/' }, labels: undefined }, 'JsonPayload'],
    [{ target: { ...target, headers: { 'a b': 'c' } } }, 'JsonPayload'],
    [{ max_retries: '3' }, 'JsonPayload'],
    [{ max_retries: 1.5 }, 'JsonPayload'],
    [{ labels: undefined, application_id: UNKNOWN }, 'LabelsAmbiguity'],
    [{ labels: {}, application_id: UNKNOWN }, 'Forbidden'],
    [{ labels: {}, event_types: ['x.y.z'] }, 'Validation'],
    [{ target: { ...target, method: 'get' } }, 'Validation'],
    [{ event_types: ['x.y.z'], dedicated_workers: ['w'] }, 'EventTypeDoesNotExist'],
    [{ dedicated_workers: ['w'] }, 'UnauthorizedWorkers'],
  ]
  const known = await api.subscribe(receiver.url, { labels: { never: 'matched' } })
  for (const [more, id] of cases) {
    assertProblem(await postSubscription(more), id)
    const body = api.subscriptionPost(receiver.url, more)
    assertProblem(await api.call('PUT', `/subscriptions/${known.subscription_id}`, body), id)
  }
  assertProblem(await api.call('DELETE', `/subscriptions/${UNKNOWN}?application_id=${app}`), 'NotFound')
  const missing = await api.call('DELETE', `/subscriptions/${known.subscription_id}`)
  assertProblem(missing, 'JsonPayload')
})

test('attempts are there as soon as the event is answered, on pages that miss and repeat none', async () => {
  const labels = { page: 'test' }
  const subscriptions = await Promise.all(Array.from({ length: 30 }, () => api.subscribe(receiver.url, { labels })))
  const events = await Promise.all(Array.from({ length: 4 }, () => api.send({ labels })))
  const ofOne = await api.attempts({ event_id: events[0]! })
  assert.deepEqual(
    ofOne.map(({ subscription }) => subscription.subscription_id).sort(),
    subscriptions.map(({ subscription_id }) => subscription_id).sort(),
  )
  const seen: string[] = []
  let path = `/request_attempts/?application_id=${app}&min_created_at=2026-01-01T00:00:00%2B01:00&event.event_type_names=a.b.c,%20,x`
  for (let pages = 0; ; pages++) {
    assert.ok(pages < 20)
    const page = await get<RequestAttempt[]>(path)
    if (page.body.length === 0) {
      assert.equal(page.headers.get('link'), null)
      break
    }
    seen.push(...page.body.filter(({ event_id }) => events.includes(event_id)).map((item) => item.request_attempt_id))
    const link = /^<(.+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1]
    assert.ok(link !== undefined)
    assert.ok(link.startsWith(`${stack.apiUrl()}/api/v1/request_attempts?application_id=${app}&`), link)
    path = link.slice(`${stack.apiUrl()}/api/v1`.length)
  }
  assert.equal(seen.length, 120)
  assert.equal(new Set(seen).size, 120)
})

test('an attempt has all fields, null where nothing is known, and its response can be read', async () => {
  const labels = { one: 'attempt' }
  const { subscription_id } = await api.subscribe(receiver.url, { labels, description: 'one' })
  const event_id = await api.send({ labels })
  await receiver.waitFor((requests) => requests.some(({ headers }) => headers['x-event-id'] === event_id))
  const attempt = await until('the attempt is recorded', async () => {
    const [found] = await api.attempts({ subscription_id })
    return found?.response_id != null && found
  })
  const { status, request_attempt_id, created_at, picked_at, succeeded_at, duration_ms, delivery_id, ...rest } = attempt
  assert.deepEqual(rest, {
    event_id,
    event: { event_id, event_type_name: 'a.b.c' },
    subscription: { subscription_id, description: 'one' },
    failed_at: null,
    delay_until: null,
    response_id: request_attempt_id,
    retry_count: 0,
    http_response_status: 200,
    attempt_number: 1,
    status_code: 200,
    error_message: null,
    outcome: 'success',
    next_attempt_at: null,
    replay_id: null,
    redrive_of: null,
  })
  assert.equal(status.type, 'successful')
  assert.equal(status.at, succeeded_at)
  assert.ok(created_at <= picked_at! && picked_at! <= succeeded_at! && duration_ms! >= 0 && delivery_id)
  for (const query of ['', `?application_id=${app}`]) {
    assert.deepEqual((await get(`/request_attempts/${request_attempt_id}${query}`)).body, attempt)
    const response = await get<Record<string, unknown>>(`/responses/${request_attempt_id}${query}`)
    assert.equal(response.status, 200)
    assert.deepEqual(
      [response.body['http_code'], response.body['body'], response.body['response_error_name']],
      [200, 'ok', null],
    )
  }
})

test('disabling a subscription cancels what it still has open, before the answer', async () => {
  const hanging = await startReceiver(() => ({ status: 503, headers: { 'retry-after': '3600' } }))
  const labels = { to: 'cancel' }
  const { subscription_id } = await api.subscribe(hanging.url, { labels })
  await api.send({ labels })
  await hanging.waitFor((requests) => requests.length === 1)
  await until('the first attempt is recorded', async () => (await api.attempts({ subscription_id })).length === 2)
  const body = api.subscriptionPost(hanging.url, { labels, is_enabled: false })
  assert.equal((await api.call('PUT', `/subscriptions/${subscription_id}`, body)).status, 200)
  const outcomes = (await api.attempts({ subscription_id })).map(({ outcome, status }) => [outcome, status.type])
  assert.deepEqual(outcomes, [
    ['cancelled', 'failed'],
    ['failed', 'failed'],
  ])
  await hanging.close()
})

test('bad query values are 400, bad ids in the path 404, unknown things 404, foreign applications 403', async () => {
  const cases: [string, string][] = [
    ['/events', 'JsonPayload'],
    ['/events?application_id=x', 'JsonPayload'],
    [`/events?application_id=${app}&application_id=${app}`, 'JsonPayload'],
    [`/request_attempts?application_id=${app}&event_id=x`, 'JsonPayload'],
    [`/request_attempts?application_id=${app}&subscription_id=x`, 'JsonPayload'],
    [`/request_attempts?application_id=${app}&min_created_at=yesterday`, 'JsonPayload'],
    [`/request_attempts?application_id=${app}&pagination_cursor=x`, 'JsonPayload'],
    [`/request_attempts?application_id=${app}&event.event_type_names=%00`, 'JsonPayload'],
    [`/events?application_id=${UNKNOWN}`, 'Forbidden'],
    [`/request_attempts?application_id=${UNKNOWN}`, 'Forbidden'],
    [`/request_attempts/${UNKNOWN}?application_id=${UNKNOWN}`, 'Forbidden'],
    [`/events/x?application_id=${app}`, 'NotFound'],
    [`/events/${UNKNOWN}?application_id=${app}`, 'NotFound'],
    ['/subscriptions/x', 'NotFound'],
    [`/subscriptions/${UNKNOWN}`, 'NotFound'],
    [`/request_attempts/${UNKNOWN}`, 'NotFound'],
    [`/responses/${UNKNOWN}?application_id=${app}`, 'NotFound'],
    [`/event_types/%00?application_id=${app}`, 'NotFound'],
    [`/event_types/x'--?application_id=${app}`, 'NotFound'],
    ['/nothing/here', 'NotFound'],
    ['/events/%zz', 'NotFound'],
  ]
  for (const [path, id] of cases) assertProblem(await get(path), id)
  assert.deepEqual((await api.attempts({ 'event.event_type_names': `'; DROP TABLE attempts; --` })).length, 0)
})

test('a wrong method is 405 and says which are right, whatever the body', async () => {
  const wrong = await raw('PATCH', '/event', { 'content-type': 'text/plain' }, 'x')
  assert.deepEqual([wrong.status, wrong.problem.status, wrong.problem.id], [405, 405, 'NotFound'])
  assert.equal(wrong.headers['allow'], 'POST')
  const unknown = await raw('POST', '/nothing', { 'content-type': 'text/plain' }, 'x')
  assert.deepEqual([unknown.status, unknown.problem.id], [404, 'NotFound'])
})

test('a GET or DELETE may name a content type and send nothing, or anything', async () => {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
  assert.equal((await raw('GET', `/events?application_id=${app}`, headers)).status, 200)
  const unknown = `/subscriptions/${UNKNOWN}?application_id=${app}`
  for (const [type, body] of [
    ['application/json', ''],
    ['application/json', '{}'],
    ['text/plain', 'x'],
  ] as const) {
    const sent = { ...headers, 'content-type': type, 'content-length': String(body.length) }
    const { status, problem } = await raw('DELETE', unknown, sent, body)
    assert.deepEqual([status, problem.id], [404, 'NotFound'], `${type} '${body}': ${problem.detail}`)
  }
})

test('what needs no credential is answered without one', async () => {
  const open = async (path: string) => (await raw('GET', path, {})) as unknown as { status: number; problem: unknown }
  const errors = (await open('/errors/')).problem as ProblemDocument[]
  assert.deepEqual(
    errors.map(({ id, status }) => [id, status]),
    PROBLEM_FACTS,
  )
  assert.deepEqual((await open('/payload_content_types')).problem, [
    'text/plain',
    'application/json',
    'application/octet-stream+base64',
  ])
  for (const path of ['/instance', '/quotas', '/environment_variables'])
    assert.equal((await open(path)).status, 200, path)
  assert.equal((await open('/health')).status, 403)
  assert.equal((await open('/health?key=wrong')).status, 403)
  const health = await open('/health?key=sesame')
  assert.equal(health.status, 200)
  assert.equal((health.problem as Record<string, unknown>)['database'], true)
  const { parts } = health.problem as unknown as { parts: Record<string, { is_well: boolean }> }
  assert.deepEqual(
    Object.entries(parts).map(([part, { is_well }]) => [part, is_well]),
    [
      'nats',
      'store',
      'control',
      'projection control',
      'projection audit',
      'projection events',
      'projection ledger',
      'audit copies',
      'reconciler',
      'inbox',
      'ingest by NATS',
      'deliverer',
      'matcher of delayed events',
      'matcher',
      'retention',
      'notifier ledger',
      'notifier control',
      'outcomes of events',
      'outcomes of ledger',
      'auth callout',
    ].map((part) => [part, true]),
  )
  assert.equal((await fetch(`${stack.apiUrl()}/ready`)).status, 200)
  assert.equal((await fetch(`${stack.apiUrl()}/metrics?key=wrong`)).status, 403)
  const metrics = await fetch(`${stack.apiUrl()}/metrics?key=sesame`)
  assert.match(metrics.headers.get('content-type') ?? '', /^application\/openmetrics-text/)
  assert.match(await metrics.text(), /^jethook_reconciler_brought_back_total 0$/m)
})

test('every answer carries the security headers', async () => {
  for (const path of ['/errors', '/nothing', `/events?application_id=${app}`]) {
    const { headers } = await raw('GET', path, {})
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['referrer-policy'], 'strict-origin-when-cross-origin')
  }
})
