import assert from 'node:assert/strict'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, afterEach, before, beforeEach, mock, test } from 'node:test'
import { createPools, type Pools } from './pools.ts'

const LIMITS = { connectionsPerOriginMax: 8, timeoutMs: 5_000 }
const ORIGIN = 'http://receiver.test'

let server: Server
let connections = 0
let held: ServerResponse[] = []
before(async () => {
  server = createServer((request, response) => {
    request.resume()
    if (request.url === '/held') held.push(response)
    else response.end('ok')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
after(() => server.close())

let pools: Pools
beforeEach(() => {
  mock.timers.enable({ apis: ['setInterval'] })
  connections = 0
  held = []
  pools = createPools(async () => {
    connections++
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    return socket
  }, LIMITS)
})
afterEach(async () => {
  await pools.close()
  server.closeAllConnections()
  mock.timers.reset()
})

async function get(origin: string, path = '/'): Promise<string> {
  const { body } = await pools.of(origin, null).request({ method: 'GET', path })
  return body.text()
}

test('connections are kept for a while, and get no request any more when they are a minute old', async () => {
  for (let i = 0; i < 8; i++) await get(ORIGIN)
  const first = pools.of(ORIGIN, null)
  const opened = connections
  mock.timers.tick(30_000)
  await get(ORIGIN)
  assert.equal(pools.of(ORIGIN, null), first)
  assert.equal(connections, opened)
  mock.timers.tick(25_000)
  await get(ORIGIN)
  assert.notEqual(pools.of(ORIGIN, null), first)
  assert.ok(connections > opened)
})

test('a request under way ends as it would have, though its pool is let go', async () => {
  const slow = get(ORIGIN, '/held')
  while (held.length === 0) await get('http://other.test')
  mock.timers.tick(60_000)
  await get(ORIGIN)
  held[0]?.end('late')
  assert.equal(await slow, 'late')
})

test('an origin that is not used is let go, and there are never more than 1,024', async () => {
  const origins = Array.from({ length: 1_025 }, (_, i) => `http://receiver-${i}.test`)
  const [oldest] = origins.map((origin) => pools.of(origin, null))
  assert.notEqual(pools.of(origins[0]!, null), oldest)
  const latest = pools.of(origins.at(-1)!, null)
  mock.timers.tick(45_000)
  assert.notEqual(pools.of(origins.at(-1)!, null), latest)
})

test('certificates of one subscription have connections of their own', () => {
  const tls = { identity: 'one', ca: null, certificate: null, key: null }
  const own = pools.of(ORIGIN, tls)
  assert.equal(pools.of(ORIGIN, { ...tls }), own)
  assert.notEqual(pools.of(ORIGIN, null), own)
  assert.notEqual(pools.of(ORIGIN, { ...tls, identity: 'other' }), own)
})
