// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what looks like a variable and is none.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { runCli } from '../support/cli.ts'

const page = (data: unknown[], iterator: string | null = null) => ({ data, iterator, done: iterator === null })
const ENDPOINT = {
  id: 'ep_1',
  uid: null,
  description: 'Main',
  disabled: false,
  filterTypes: ['invoice.paid'],
  channels: null,
  rateLimit: null,
  metadata: { team: 'a' },
  url: 'https://example.com/hook',
}

/** Answers of a Svix server's public API, by path and iterator. */
const ANSWERS: Record<string, unknown> = {
  '/api/v1/app/': page([{ id: 'app_1', name: 'Acme' }], 'next'),
  '/api/v1/app/?next': page([{ id: 'app_2', uid: 'second', name: 'X' }]),
  '/api/v1/event-type/': page([
    { name: 'invoice.paid', schemas: { '1': { type: 'object' } } },
    { name: 'old.one', archived: true },
  ]),
  '/api/v1/app/app_1/endpoint/': page([ENDPOINT]),
  '/api/v1/app/app_1/endpoint/ep_1/headers/': { headers: { 'X-Key': 'costs ${5}' }, sensitive: ['Authorization'] },
  '/api/v1/app/app_2/endpoint/': page([
    { ...ENDPOINT, id: 'ep_2', uid: 'mine', filterTypes: null, channels: ['projects'], rateLimit: 10 },
  ]),
  '/api/v1/app/app_2/endpoint/ep_2/headers/': { headers: {}, sensitive: [] },
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const iterator = searchParams.get('iterator')
  if (request.headers.authorization !== 'Bearer their-token') return response.writeHead(401).end()
  const answer = ANSWERS[iterator ? `${pathname}?${iterator}` : pathname]
  return answer ? response.end(JSON.stringify(answer)) : response.writeHead(404).end()
})
let environment: Record<string, string>
let from: string[]
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  environment = { HOME: '/nonexistent', JETHOOK_IMPORT_TOKEN: 'their-token' }
  from = ['import', 'svix', '--from-url', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`]
})
after(() => {
  server.close()
  server.closeAllConnections()
})

test('a Svix server is read page by page, and becomes a file for apply', async () => {
  const { code, out, err } = await runCli([...from, '--print', '--service', 'shop'], { environment })
  assert.equal(code, 0, err)
  assert.deepEqual(parse(out), {
    applications: [
      {
        name: 'Acme',
        event_types: [{ name: 'shop.invoice.paid', schema: { type: 'object' } }],
        subscriptions: [
          {
            name: 'svix-ep_1',
            is_enabled: true,
            description: 'Main',
            event_types: ['shop.invoice.paid'],
            metadata: { team: 'a' },
            signatures: ['standard-v1'],
            target: { url: 'https://example.com/hook', headers: { 'X-Key': 'costs ${5}' } },
          },
        ],
      },
      {
        name: 'X (imported)',
        event_types: [{ name: 'shop.invoice.paid', schema: { type: 'object' } }],
        subscriptions: [
          {
            name: 'svix-mine',
            is_enabled: true,
            description: 'Main',
            event_types: ['**'],
            metadata: { team: 'a' },
            rate_limit: { requests: 10, per: 'second' },
            signatures: ['standard-v1'],
            target: { url: 'https://example.com/hook', headers: {} },
          },
        ],
      },
    ],
  })
  assert.match(err, /'invoice\.paid' becomes 'shop\.invoice\.paid'/)
  assert.match(err, /ep_2 listens to channels \(projects\)/)
})

test('only the applications that are asked for are read, by id or by uid', async () => {
  const { out } = await runCli([...from, '--print', '--from-application', 'second', '-o', 'json'], { environment })
  assert.deepEqual(
    (JSON.parse(out) as { applications: { name: string }[] }).applications.map(({ name }) => name),
    ['X (imported)'],
  )
})

test('with a label all goes into one application, each subscription labelled with whose it is', async () => {
  const { out } = await runCli([...from, '--print', '--label', 'tenant', '-o', 'json'], { environment })
  const { event_types, subscriptions } = JSON.parse(out) as {
    event_types: unknown[]
    subscriptions: { name: string; labels: object }[]
  }
  assert.equal(event_types.length, 1)
  assert.deepEqual(
    subscriptions.map(({ name, labels }) => [name, labels]),
    [
      ['app_1/svix-ep_1', { tenant: 'app_1' }],
      ['second/svix-mine', { tenant: 'second' }],
    ],
  )
})

test('a wrong token is code 3, a server that is not there 6, no source 2', async () => {
  assert.equal((await runCli(from, { environment: { ...environment, JETHOOK_IMPORT_TOKEN: 'wrong' } })).code, 3)
  assert.equal((await runCli(['import', 'svix', '--from-url', 'http://127.0.0.1:9'], { environment })).code, 6)
  assert.equal((await runCli(['import', 'svix'], { environment })).code, 2)
  const dump = await runCli(['import', 'hook0', '--dump', '/nowhere.sql'], { environment })
  assert.deepEqual([dump.code, /can't be read/.test(dump.err)], [2, true])
})
