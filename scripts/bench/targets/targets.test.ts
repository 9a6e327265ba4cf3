import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { STAMP_PLACE } from '../stamp.ts'
import { PEERS } from './peers.ts'

interface Call {
  method: string
  path: string
  authorization: string | undefined
  body: unknown
}

/** Answers every call with `answers[method path]`, and keeps it. */
async function startFake(answers: Record<string, unknown>) {
  const calls: Call[] = []
  let refusals = 1
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    request.on('end', () => {
      // The first call is put off: a peer may have a rate limit.
      if (refusals-- > 0) {
        response.writeHead(429, { 'retry-after': '0' }).end()
        return
      }
      const { method = '', url = '', headers } = request
      calls.push({
        method,
        path: url,
        authorization: headers.authorization,
        body: text === '' ? null : JSON.parse(text),
      })
      const answer = answers[`${method} ${url}`]
      response.writeHead(answer === undefined ? 404 : 201).end(JSON.stringify(answer ?? null))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls, close: () => server.close() }
}

const CASES = [
  {
    name: 'svix',
    application: '',
    setUp: (calls: Call[]) => {
      const uid = (calls[0]!.body as { uid: string }).uid
      return [
        ['POST /api/v1/app', { name: 'Benchmark', uid }],
        ['PUT /api/v1/event-type/a.b.c', { description: 'Of a benchmark' }],
        [`POST /api/v1/app/${uid}/endpoint`, { url: 'http://r/1', filterTypes: ['a.b.c'] }],
      ]
    },
    event: (calls: Call[]) => ({
      path: `/api/v1/app/${(calls[0]!.body as { uid: string }).uid}/msg`,
      payloadOf: (body: Record<string, unknown>) => body['payload'],
      rest: { eventType: 'a.b.c' },
    }),
  },
  {
    name: 'convoy',
    application: 'project-1',
    setUp: (calls: Call[]) => {
      const { owner_id, name } = calls[0]!.body as { owner_id: string; name: string }
      return [
        [
          'POST /api/v1/projects/project-1/endpoints',
          { name, description: 'Of a benchmark', url: 'http://r/1', owner_id },
        ],
        [
          'POST /api/v1/projects/project-1/subscriptions',
          { name, endpoint_id: 'endpoint-1', filter_config: { event_types: ['a.b.c'] } },
        ],
      ]
    },
    event: (calls: Call[]) => ({
      path: '/api/v1/projects/project-1/events/fanout',
      payloadOf: (body: Record<string, unknown>) => body['data'],
      rest: { owner_id: (calls[0]!.body as { owner_id: string }).owner_id, event_type: 'a.b.c' },
    }),
  },
  {
    name: 'outpost',
    application: 'tenant-1',
    setUp: () => [
      ['PUT /api/v1/tenants/tenant-1', {}],
      [
        'POST /api/v1/tenants/tenant-1/destinations',
        { type: 'webhook', topics: ['a.b.c'], config: { url: 'http://r/1' } },
      ],
    ],
    event: () => ({
      path: '/api/v1/publish',
      payloadOf: (body: Record<string, unknown>) => body['data'],
      rest: { tenant_id: 'tenant-1', topic: 'a.b.c', eligible_for_fanout: true },
    }),
  },
]

/** Takes every path: which ones were called is looked at afterwards. */
const ANYTHING = new Proxy({} as Record<string, unknown>, { get: () => ({ data: { uid: 'endpoint-1' } }) })

for (const { name, application, setUp, event } of CASES) {
  test(`${name} is set up and posted to as its documentation has it`, async () => {
    const fake = await startFake(ANYTHING)
    const target = PEERS[name]!({ url: fake.url, token: 'secret-token', application })
    await target.subscribe('a.b.c', ['http://r/1'])
    assert.deepEqual(
      fake.calls.map(({ method, path, body }) => [`${method} ${path}`, body]),
      setUp(fake.calls),
    )
    assert.ok(fake.calls.every(({ authorization }) => authorization === 'Bearer secret-token'))
    const request = target.eventRequest('a.b.c', 300)
    const { path, payloadOf, rest } = event(fake.calls)
    assert.equal(request.origin + request.path, fake.url + path)
    assert.equal(request.headers['authorization'], 'Bearer secret-token')
    const body = JSON.parse(request.body) as Record<string, unknown>
    const payload = payloadOf(body) as { sent_at: string }
    assert.equal(payload.sent_at, STAMP_PLACE)
    assert.equal(JSON.stringify(payload).length, 300)
    const others = Object.entries(body).filter(([, value]) => value !== payload)
    assert.deepEqual(Object.fromEntries(others), rest)
    fake.close()
  })
}

test('what a peer refuses is told with its answer', async () => {
  const fake = await startFake({})
  const target = PEERS['outpost']!({ url: fake.url, token: 'secret-token', application: 'tenant-1' })
  await assert.rejects(target.subscribe('a.b.c', ['http://r/1']), /PUT \/tenants\/tenant-1 was answered with 404/)
  fake.close()
})
