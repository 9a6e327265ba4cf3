import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { after, before, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import type { Sender } from '#shared/runtime/sender/sender.ts'
import { certificateOf, TEST_CA } from '../support/certificates.ts'
import { type DnsAnswer, type DnsServer, startDnsServer } from '../support/dns-server.ts'
import { startRawReceiver, writeForEver } from '../support/raw-receiver.ts'
import { startReceiver } from '../support/receiver.ts'
import { requestTo, testSender } from '../support/sender.ts'
import { startTlsReceiver, type TlsReceiver } from '../support/tls-receiver.ts'

const TIMES = { CONNECT_TIMEOUT_MS: '500', TLS_TIMEOUT_MS: '300', DNS_TIMEOUT_MS: '400', DELIVERY_TIMEOUT_MS: '1500' }
const NAMES: Record<string, DnsAnswer> = {
  'receiver.test': { addresses: ['127.0.0.1'] },
  'kept.test': { addresses: ['127.0.0.1'], ttl: 60 },
  'several.test': { addresses: ['127.0.0.3', '127.0.0.1'] },
  'gone.test': 'nxdomain',
  'empty.test': { addresses: [] },
  'broken.test': 'servfail',
  'silent.test': 'silence',
}

let dns: DnsServer
let sender: Sender
before(async () => {
  dns = await startDnsServer((name) => NAMES[name] ?? 'nxdomain')
  sender = testSender({ ...TIMES, TARGET_ALLOWED_CIDRS: '127.0.0.0/8', DNS_SERVERS: dns.address })
})
after(async () => {
  await sender?.close()
  await dns?.close()
})

const OWN_CA = { identity: 'own', ca: TEST_CA, certificate: null, key: null }

/** What comes of one request, as `type: message`. */
async function send(url: string, more: Parameters<typeof requestTo>[1] = {}, by = sender): Promise<string> {
  const result = await by.send(requestTo(url, more))
  return result.type === 'responded' ? `responded ${result.response.statusCode}` : `${result.type}: ${result.message}`
}

// -- names -----------------------------------------------------------------------------------------------------------

for (const [name, expected] of [
  ['gone.test', 'invalid-target: URL did not resolve to any IP address'],
  ['empty.test', 'invalid-target: URL did not resolve to any IP address'],
  ['broken.test', "dns-failed: The target's IP could not be resolved using DNS"],
  ['silent.test', "dns-failed: Timed out resolving target's IP using DNS"],
] as const) {
  test(`the name ${name} ends as "${expected}"`, async () => {
    assert.equal(await send(`http://${name}/`), expected)
  })
}

test('a name is asked for by new connections alone, not while one is kept', async () => {
  const receiver = await startReceiver()
  const { port } = new URL(receiver.url)
  const sendFew = async () => {
    for (let i = 0; i < 5; i++) assert.equal(await send(`http://receiver.test:${port}/`), 'responded 200')
    return dns.asked('receiver.test')
  }
  const asked = await sendFew()
  assert.ok(asked > 0)
  assert.equal(await sendFew(), asked)
  assert.equal(receiver.requests[0]?.headers.host, `receiver.test:${port}`)
  await receiver.close()
})

test('an answer is kept as long as it says, so that many connections ask once', async () => {
  const receiver = await startReceiver(() => ({ status: 200, headers: { connection: 'close' } }))
  const { port } = new URL(receiver.url)
  for (let i = 0; i < 5; i++) assert.equal(await send(`http://kept.test:${port}/`), 'responded 200')
  assert.equal(dns.asked('kept.test'), 1)
  await receiver.close()
})

test('when one address of a name refuses, the next one is tried', async () => {
  const receiver = await startReceiver()
  assert.equal(await send(`http://several.test:${new URL(receiver.url).port}/`), 'responded 200')
  await receiver.close()
})

test('what a URL itself says is judged for each connection too, and told', async () => {
  const [strict, secure] = [testSender(TIMES), testSender({ ...TIMES, TARGET_REQUIRE_HTTPS: 'true' })]
  const refused = "invalid-target: The target's URL is not allowed. "
  for (const [url, by, why] of [
    ['http://receiver.test:6379/', sender, 'Port 6379 is not allowed'],
    ['http://receiver.test:81/', strict, 'Port 81 is not allowed'],
    ['http://receiver/', strict, 'Its host must be a public name'],
    ['http://localhost/', strict, 'Its host must be a public name'],
    ['http://receiver.test/', secure, 'It must begin with https://'],
  ] as const)
    assert.ok((await send(url, {}, by)).startsWith(refused + why), url)
  await Promise.all([strict.close(), secure.close()])
})

// -- TLS -------------------------------------------------------------------------------------------------------------

async function withTls(receiver: TlsReceiver, use: (receiver: TlsReceiver) => Promise<void>): Promise<void> {
  try {
    await use(receiver)
  } finally {
    await receiver.close()
  }
}

test('a private authority of the subscription is trusted, and the name goes to TLS and Host', async () => {
  await withTls(await startTlsReceiver('server'), async ({ port, requests }) => {
    assert.equal(await send(`https://receiver.test:${port}/`, { tls: OWN_CA }), 'responded 200')
    assert.equal(await send(`https://127.0.0.1:${port}/`, { tls: OWN_CA }), 'responded 200')
    assert.deepEqual(requests, [
      { servername: 'receiver.test', host: `receiver.test:${port}`, client: null },
      { servername: '', host: `127.0.0.1:${port}`, client: null },
    ])
  })
})

for (const [certificate, code] of [
  ['expired', 'CERT_HAS_EXPIRED'],
  ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
] as const) {
  test(`a certificate that is ${certificate} fails by name`, async () => {
    await withTls(await startTlsReceiver(certificate), async ({ port, requests }) => {
      const ended = await send(`https://receiver.test:${port}/`, { tls: OWN_CA })
      assert.equal(ended, `connection-failed: TLS with the target failed (${code})`)
      assert.equal(requests.length, 0)
    })
  })
}

test('an authority that nobody knows fails, also where another subscription trusts it', async () => {
  await withTls(await startTlsReceiver('server'), async ({ port, requests }) => {
    assert.equal(await send(`https://receiver.test:${port}/`, { tls: OWN_CA }), 'responded 200')
    assert.match(await send(`https://receiver.test:${port}/`), /TLS with the target failed \(UNABLE_TO/)
    assert.equal(requests.length, 1)
  })
})

test('TLS older than 1.2 is not spoken, something else than TLS is no answer, and silence ends in time', async () => {
  const old = await startTlsReceiver('server', {
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
  })
  await withTls(old, async ({ port }) => {
    assert.match(
      await send(`https://receiver.test:${port}/`, { tls: OWN_CA }),
      /^connection-failed: TLS with the target failed/,
    )
  })
  const plain = await startRawReceiver((socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\n'))
  assert.match(await send(plain.url.replace('http:', 'https:')), /^connection-failed: TLS with the target failed/)
  await plain.close()
  const silent = await startRawReceiver(() => {})
  assert.equal(
    await send(silent.url.replace('http:', 'https:')),
    'connection-failed: TLS with the target took too long',
  )
  await silent.close()
})

test("a subscription's certificate is shown to the receiver that asks for it, in connections of its own", async () => {
  const asking = { ca: TEST_CA, requestCert: true, rejectUnauthorized: true }
  const { cert: certificate, key } = certificateOf('client')
  const mutual = { identity: 'mutual', ca: TEST_CA, certificate, key }
  await withTls(await startTlsReceiver('server', asking), async ({ port, requests }) => {
    const url = `https://receiver.test:${port}/`
    assert.match(await send(url, { tls: OWN_CA }), /^connection-failed: /)
    assert.equal(await send(url, { tls: mutual }), 'responded 200')
    assert.match(await send(url, { tls: OWN_CA }), /^connection-failed: /)
    assert.deepEqual(
      requests.map(({ client }) => client),
      ['client'],
    )
  })
})

// -- time ------------------------------------------------------------------------------------------------------------

test('the first byte has a time-out of its own, within that of the whole', async () => {
  const quick = testSender({ ...TIMES, TARGET_ALLOWED_CIDRS: '127.0.0.0/8', FIRST_BYTE_TIMEOUT_MS: '200' })
  const hanging = await startReceiver(() => 'hang')
  assert.equal(await send(hanging.url, {}, quick), 'timed-out: No complete answer within 200 ms')
  assert.equal(await send(hanging.url, { timeoutMs: 300 }, quick), 'timed-out: No complete answer within 300 ms')
  await hanging.close()
  await quick.close()
})

test('what comes before the body is bounded for each answer of a connection', async () => {
  const receiver = await startReceiver(() => ({ status: 200, headers: { 'x-long': 'x'.repeat(15_000) } }))
  for (let i = 0; i < 5; i++) assert.equal(await send(receiver.url), 'responded 200')
  assert.equal(receiver.requests.length, 5)
  await receiver.close()
})

test('a status line that never ends is cut off, also in TLS', async () => {
  const server = createTlsServer(certificateOf('server'), (socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 ')
      writeForEver(socket, 'x'.repeat(10_000), 0)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  const { port } = server.address() as AddressInfo
  const outcome = await send(`https://receiver.test:${port}/`, { tls: OWN_CA })
  assert.equal(outcome, "connection-failed: The response's headers are too large")
  await new Promise((resolve) => server.close(resolve))
})

test('a port where nobody listens is refused at once', async () => {
  assert.match(await send(`http://127.0.0.1:${await anyFreePort()}/`), /^connection-failed: The target refused/)
})

test('where a redirect leads is shown, cut to 200 characters', async () => {
  const receiver = await startReceiver(() => ({ status: 302, headers: { location: `/${'x'.repeat(1_000)}` } }))
  const result = await sender.send(requestTo(receiver.url))
  assert.equal(result.type === 'responded' && result.response.headers['location']?.length, 200)
  assert.equal(receiver.requests.length, 1)
  await receiver.close()
})

test('connections of an origin that are cut leave nothing behind', async () => {
  const server: Server = createServer((socket) => socket.on('error', () => {}).on('data', () => socket.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await Promise.all(Array.from({ length: 50 }, () => send(`http://127.0.0.1:${port}/`)))
  await new Promise((resolve) => server.close(resolve))
})

// -- egress proxy ----------------------------------------------------------------------------------------------------

interface TestProxy {
  url: string
  asked: { authority: string; authorization: string | null }[]
  close(): Promise<void>
}

/** Connects wherever it is asked to, every name being loopback; `refuse` is answered with 403. */
async function startProxy(): Promise<TestProxy> {
  const asked: TestProxy['asked'] = []
  const server = createHttpServer()
  server.on('connect', (request, socket) => {
    asked.push({ authority: request.url ?? '', authorization: request.headers['proxy-authorization'] ?? null })
    if (request.url?.startsWith('refuse')) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      return
    }
    const upstream = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    socket.on('error', () => {}).on('close', () => upstream.destroy())
    upstream.on('error', () => {}).on('close', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return {
    url: `http://user:p%40ss@127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('with an egress proxy everything goes through it by name, TLS included; forbidden literals do not even get there', async () => {
  const proxy = await startProxy()
  const proxied = testSender({ ...TIMES, EGRESS_PROXY_URL: proxy.url, DNS_SERVERS: dns.address })
  const receiver = await startReceiver()
  const { port } = new URL(receiver.url)
  const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`
  try {
    assert.equal(await send(`http://only-the-proxy-knows.test:${port}/`, {}, proxied), 'responded 200')
    await withTls(await startTlsReceiver('server'), async (secure) => {
      assert.equal(await send(`https://receiver.test:${secure.port}/`, { tls: OWN_CA }, proxied), 'responded 200')
      assert.equal(secure.requests[0]?.servername, 'receiver.test')
    })
    assert.match(
      await send('https://refuse.test/', {}, proxied),
      /^connection-failed: The egress proxy did not connect/,
    )
    assert.deepEqual(new Set(proxy.asked.map((each) => each.authorization)), new Set([authorization]))
    const before = proxy.asked.length
    assert.equal(await send(`http://127.0.0.1:${port}/`, {}, proxied), 'invalid-target: URL resolves to a forbidden IP')
    assert.match(await send('http://receiver.internal/', {}, proxied), /^invalid-target: /)
    assert.equal(proxy.asked.length, before)
    assert.equal(dns.asked('only-the-proxy-knows.test'), 0)
  } finally {
    await Promise.all([receiver.close(), proxied.close(), proxy.close()])
  }
})

test('settings that cannot be used are refused with what they take', () => {
  for (const [environment, message] of [
    [{ TARGET_ALLOWED_CIDRS: '10.0.0.1/8' }, /TARGET_ALLOWED_CIDRS: '10.0.0.1\/8' has bits set/],
    [{ TARGET_REFUSED_CIDRS: 'lan' }, /TARGET_REFUSED_CIDRS: 'lan' is no address range/],
    [{ TARGET_ALLOWED_PORTS: '0' }, /TARGET_ALLOWED_PORTS takes ports/],
    [{ EGRESS_PROXY_URL: 'socks5://x' }, /EGRESS_PROXY_URL must look like/],
    [{ DNS_SERVERS: 'resolver' }, /DNS_SERVERS takes addresses/],
  ] as const)
    assert.throws(() => testSender(environment), { name: 'SettingsError', message })
})
