import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { loadSettings } from '#shared/runtime/config.ts'
import { testLogger } from '#test/support/nats.ts'
import { until } from '#test/support/until.ts'
import { gatewayConfig } from './config.ts'
import { createServer, type GatewayServer } from './server.ts'

let server: GatewayServer
before(async () => {
  const settings = loadSettings({ OVERLOAD_EVENT_LOOP_DELAY_MS: '50', ENABLE_HSTS_HEADER: 'true' })
  server = await createServer(gatewayConfig(settings), testLogger)
  server.get('/here', async () => 'ok')
  server.post('/bodiless', { schema: {} }, async () => 'ok')
  await server.listen({ host: '127.0.0.1', port: 0 })
})
after(() => server.close())

/** What comes back for these very bytes. */
async function raw(text: string): Promise<string> {
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(text)
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk
  })
  await once(socket, 'close')
  return answer
}

test('what is no HTTP, and headers beyond measure, are answered with a problem too', async () => {
  const nonsense = await raw('nonsense\r\n\r\n')
  assert.match(nonsense, /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*"status":400/)
  const large = await raw(`GET /here HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(20_000)}\r\n\r\n`)
  assert.match(large, /^HTTP\/1\.1 431 [\s\S]*"id":"JsonPayload"/)
})

test('a route that takes no body does not mind what is sent', async () => {
  for (const [type, payload] of [
    ['application/json', ''],
    ['application/json', '{'],
    ['text/plain', 'x'],
  ] as const) {
    const { statusCode } = await server.inject({
      method: 'POST',
      url: '/bodiless',
      headers: { 'content-type': type },
      payload,
    })
    assert.equal(statusCode, 200, `${type} '${payload}'`)
  }
})

test('browsers are told to come by https, when that is switched on', async () => {
  const { headers } = await server.inject('/here')
  assert.equal(headers['strict-transport-security'], 'max-age=63072000')
})

test('a server that lags too far behind says so at once, and goes on when it is better', async () => {
  await until('it is well', async () => (await server.inject('/here')).statusCode === 200)
  const endMs = performance.now() + 10_000
  let answer = await server.inject('/here')
  while (answer.statusCode !== 503 && performance.now() < endMs) {
    const untilMs = performance.now() + 300
    while (performance.now() < untilMs);
    await delay(5)
    answer = await server.inject('/here')
  }
  assert.equal(answer.statusCode, 503)
  assert.equal(answer.headers['retry-after'], '5')
  assert.equal(answer.json().id, 'ServiceUnavailable')
  while ((await server.inject('/here')).statusCode !== 200 && performance.now() < endMs) await delay(100)
  assert.equal((await server.inject('/here')).statusCode, 200)
})
