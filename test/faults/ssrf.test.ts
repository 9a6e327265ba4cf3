import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { composeJethook } from '#scripts/compose.ts'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import type { TestDeliveryAnswer } from '#shared/contract/delivery-options.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type { SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { FORBIDDEN_ADDRESS } from '#shared/domain/target-url.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { createApi } from '../support/api.ts'
import { type Canary, startCanary } from '../support/canary.ts'
import { type DnsAnswer, type DnsServer, startDnsServer } from '../support/dns-server.ts'
import { testLogger } from '../support/nats.ts'
import { PATIENT } from '../support/patient.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { requestTo, testSender } from '../support/sender.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

/** Stands for the public network: the one address that is allowed. The canary listens on all others of this machine. */
const OUTSIDE = '127.0.0.2'
/** Linux alone has the whole of 127.0.0.0/8 on loopback without further ado. */
const skip = process.platform === 'linux' ? false : 'there is but one loopback address'

const toCanary: DnsAnswer = { addresses: ['127.0.0.1'] }
const NAMES: Record<string, DnsAnswer> = {
  'a.test': toCanary,
  'aaaa.test': { addresses: ['::1'] },
  'cname.test': { addresses: ['127.0.0.1'], cname: 'internal.test' },
  'both-families.test': { addresses: [OUTSIDE, '::1'] },
  'two-addresses.test': { addresses: [OUTSIDE, '127.0.0.1'] },
  'mapped.test': { addresses: ['::ffff:127.0.0.1'] },
  'compatible.test': { addresses: ['::127.0.0.1'] },
  'nat64.test': { addresses: ['64:ff9b::7f00:1'] },
  'six-to-four.test': { addresses: ['2002:7f00:1::'] },
  'zero.test': { addresses: ['0.0.0.0'] },
  'unspecified.test': { addresses: ['::'] },
  'metadata.test': { addresses: ['169.254.169.254'] },
  'private.test': { addresses: ['10.0.0.1'] },
}
/** Answers an address outside first, and the canary's from then on. */
const REBINDING = /^rebinding-(\d+)\.test$/

/** Literal forms of the canary's address: security.md's matrix. They are refused where they are written. */
const WRITTEN_FORMS = (port: number): string[] => [
  ...['127.0.0.1', '2130706433', '0x7f000001', '0177.0.0.1', '127.1', '0x7f.1', '0', '0.0.0.0'].map(
    (host) => `http://${host}:${port}/`,
  ),
  ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::127.0.0.1]', '[64:ff9b::127.0.0.1]', '[2002:7f00:1::]'].map(
    (host) => `http://${host}:${port}/`,
  ),
  ...['[2001:0:4136:e378:8000:63bf:80ff:fffe]', '[::ffff:0:127.0.0.1]', '[fe80::5efe:127.0.0.1]', '[::1%25lo]'].map(
    (host) => `http://${host}:${port}/`,
  ),
  `http://ok@127.0.0.1:${port}/`,
  `http://${OUTSIDE}@127.0.0.1:${port}/`,
  `http://127.0.0.1:${port}#@${OUTSIDE}/`,
  `http://${OUTSIDE}:${port}\\@127.0.0.1:${port}/`,
  `http://127.0.\t0.1:${port}/`,
  `http://127.0.0.1\n:${port}/`,
  `http:\\\\127.0.0.1:${port}/`,
  `http:/127.0.0.1:${port}/`,
  `http://127。0。0。1:${port}/`,
  `http://１２７.0.0.1:${port}/`,
  `http://127.0.0.1.:${port}/`,
  `http://%31%32%37.0.0.1:${port}/`,
  'http://169.254.169.254/latest/meta-data/',
  'http://[fd00:ec2::254]/',
]
/** Those that a careless gateway could have stored: they are refused where they are used. */
const STORED_FORMS = (port: number): string[] =>
  [
    '127.0.0.1',
    '0.0.0.0',
    '[::1]',
    '[::ffff:7f00:1]',
    '[::7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    'localhost',
  ].map((host) => `http://${host}:${port}/`)

let canary: Canary
let dns: DnsServer
let stack: Stack
let apiPort: number
before(async () => {
  if (skip !== false) return
  canary = await startCanary()
  dns = await startDnsServer((name, count) => {
    if (REBINDING.test(name)) return count <= 1 ? { addresses: [OUTSIDE] } : toCanary
    return NAMES[name] ?? 'nxdomain'
  })
  apiPort = await anyFreePort()
  stack = await startStack(strict())
  await stack.api.createEventType()
})
after(async () => {
  await stack?.close()
  await dns?.close()
  await canary?.close()
})

const strict = () => ({
  TARGET_ALLOWED_CIDRS: OUTSIDE,
  DNS_SERVERS: dns.address,
  PORT: String(apiPort),
  DNS_TIMEOUT_MS: '5000',
})

/** The names of the ends of an event's attempts, once so many have ended. */
async function endsOf(event_id: string, count: number): Promise<string[]> {
  const ended = await until(`${count} attempts have ended`, async () => {
    const attempts = await stack.api.attempts({ event_id })
    return attempts.filter(({ response_id }) => response_id !== null).length >= count && attempts
  })
  const sorted = ended.toSorted((a, b) => a.attempt_number - b.attempt_number).slice(0, count)
  const responses = await Promise.all(sorted.map(({ response_id }) => stack.api.response(response_id!)))
  return responses.map(({ response_error_name, body }) => `${response_error_name}: ${body}`)
}

const REFUSED = `E_INVALID_TARGET: ${FORBIDDEN_ADDRESS}`

async function testDelivery(subscriptionId: string): Promise<string> {
  const { status, body } = await stack.api.call<TestDeliveryAnswer>('POST', `/subscriptions/${subscriptionId}/test`, {
    application_id: stack.credentials.application_id,
  })
  assert.equal(status, 200)
  return `${body.error_name}: ${body.error_message}`
}

test('door "create" and door "update": no form of a forbidden address is taken', { skip }, async () => {
  const { subscription_id, target } = await stack.api.subscribe(`http://${OUTSIDE}:${canary.port}/`)
  for (const url of WRITTEN_FORMS(canary.port)) {
    const post = stack.api.subscriptionPost(url)
    for (const [method, path] of [
      ['POST', '/subscriptions'],
      ['PUT', `/subscriptions/${subscription_id}`],
    ] as const) {
      const { status, body } = await stack.api.call<ProblemDocument>(method, path, post)
      assert.ok(
        (status === 422 && body.id === 'Validation') || (status === 400 && body.id === 'JsonPayload'),
        `${method} ${url}: ${status}`,
      )
      assert.match(body.detail, /target/)
    }
  }
  const kept = await stack.api.call<SubscriptionAnswer>('GET', `/subscriptions/${subscription_id}`)
  assert.deepEqual(kept.body.target, target)
  // What is not allowed any more can be switched off, and not on again.
  const off = { ...stack.api.subscriptionPost(`http://127.0.0.1:${canary.port}/`), is_enabled: false }
  const path = `/subscriptions/${subscription_id}`
  assert.equal((await stack.api.call('PUT', path, off)).status, 200)
  assert.equal((await stack.api.call('PUT', path, { ...off, is_enabled: true })).status, 422)
  await stack.api.call('DELETE', `/subscriptions/${subscription_id}?application_id=${stack.credentials.application_id}`)
})

test("our own servers' ports are refused at addresses that are allowed", { skip }, async () => {
  const ports = [apiPort, Number(new URL(stack.servers.natsUrl).port), 4222, 5432, 8222, 6379]
  for (const port of ports) {
    const { status } = await stack.api.call(
      'POST',
      '/subscriptions',
      stack.api.subscriptionPost(`http://${OUTSIDE}:${port}/`),
    )
    assert.equal(status, 422, String(port))
  }
})

test('doors "delivery", "retry" and "test": a name with any forbidden address is refused each time, in the same words', {
  skip,
}, async () => {
  const names = [...Object.keys(NAMES), 'localhost', 'x.localhost']
  const events = await Promise.all(
    names.map(async (name) => {
      const labels = { to: name }
      const { warnings, subscription_id } = await stack.api.subscribe(`http://${name}:${canary.port}/`, {
        labels,
        max_retries: 1,
      })
      assert.match(warnings?.join() ?? '', /resolves to a forbidden IP/, name)
      assert.equal(await testDelivery(subscription_id), REFUSED, name)
      return stack.api.send({ labels })
    }),
  )
  for (const [i, event] of events.entries()) assert.deepEqual(await endsOf(event, 2), [REFUSED, REFUSED], names[i])
  assert.equal(canary.count(), 0)
})

test('doors "delivery" and "retry": what was stored before the guard is refused where it is used', {
  skip,
}, async () => {
  const urls = STORED_FORMS(canary.port)
  const settings = loadSettings({
    PORT: '0',
    LOG_LEVEL: 'silent',
    DISABLE_TARGET_IP_CHECK: 'true',
    ...PATIENT,
  })
  const careless = await composeJethook({
    settings: {
      ...settings,
      NATS_URL: stack.servers.natsAddress,
      DATABASE_URL: stack.servers.databaseUrl,
      JETHOOK_HOME: stack.home,
    },
    logger: testLogger,
  })
  await careless.start()
  const { application_id: applicationId, service_token: token } = stack.credentials
  const api = createApi({ apiUrl: `${careless.apiUrl()}/api/v1`, applicationId, token })
  for (const url of urls) await api.subscribe(url, { labels: { to: url.slice(7, 40) }, max_retries: 1 })
  await careless.stop()
  const events = await Promise.all(urls.map((url) => stack.api.send({ labels: { to: url.slice(7, 40) } })))
  for (const [i, event] of events.entries()) assert.deepEqual(await endsOf(event, 2), [REFUSED, REFUSED], urls[i])
  assert.equal(canary.count(), 0)
})

// -- what a receiver or the network may try -----------------------------------------------------------------------------

async function outside(react?: Parameters<typeof startReceiver>[0]): Promise<Receiver> {
  return startReceiver(react, OUTSIDE, canary.port)
}

test('door "retry": a name that leads elsewhere by then is refused', { skip }, async () => {
  const receiver = await outside(() => ({ status: 503, headers: { connection: 'close' } }))
  const labels = { to: 'rebinding' }
  // The first look is the gateway's own, for its warnings.
  NAMES['changing.test'] = { addresses: [OUTSIDE] }
  await stack.api.subscribe(`http://changing.test:${canary.port}/`, { labels, max_retries: 1 })
  const event = await stack.api.send({ labels })
  await receiver.waitFor((requests) => requests.length === 1)
  NAMES['changing.test'] = toCanary
  assert.deepEqual(await endsOf(event, 2), ['E_HTTP: ok', REFUSED])
  assert.equal(receiver.requests.length, 1)
  assert.equal(canary.count(), 0)
  await receiver.close()
})

test('a name that changes with each look never leads to an address that was not judged', { skip }, async () => {
  const receiver = await outside(() => ({ status: 200, headers: { connection: 'close' } }))
  const sender = testSender(strict())
  const ends = await Promise.all(
    Array.from({ length: 40 }, (_, i) => sender.send(requestTo(`http://rebinding-${i % 10}.test:${canary.port}/`))),
  )
  const refused = ends.filter((end) => end.type === 'invalid-target' && end.message === FORBIDDEN_ADDRESS)
  const answered = ends.filter(({ type }) => type === 'responded')
  assert.equal(refused.length + answered.length, ends.length)
  assert.equal(receiver.requests.length, answered.length)
  // Each is led to the canary by the second look at the latest.
  for (let i = 0; i < 10; i++) {
    const end = await sender.send(requestTo(`http://rebinding-${i}.test:${canary.port}/`))
    assert.equal(end.type, 'invalid-target')
  }
  assert.equal(canary.count(), 0)
  await Promise.all([sender.close(), receiver.close()])
})

test('redirects and Alt-Svc lead nowhere, cookies are not kept, proxies of the environment not used', {
  skip,
}, async () => {
  const elsewhere = `http://127.0.0.1:${canary.port}/`
  const headers = { location: elsewhere, 'alt-svc': `h2="127.0.0.1:${canary.port}"`, 'set-cookie': 'a=b' }
  const receiver = await outside((_, count) => ({ status: [301, 302, 303, 307, 308][count % 5]!, headers }))
  const proxyNames = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy'] as const
  const before = proxyNames.map((name) => process.env[name])
  for (const name of [...proxyNames, 'NODE_USE_ENV_PROXY'])
    process.env[name] = name.startsWith('NODE') ? '1' : elsewhere
  const sender = testSender(strict())
  try {
    for (let i = 0; i < 6; i++) {
      const end = await sender.send(requestTo(receiver.url))
      assert.equal(end.type === 'responded' && Math.floor(end.response.statusCode / 100), 3)
    }
  } finally {
    for (const [i, name] of proxyNames.entries()) {
      if (before[i] === undefined) delete process.env[name]
      else process.env[name] = before[i]
    }
    delete process.env['NODE_USE_ENV_PROXY']
    await Promise.all([sender.close(), receiver.close()])
  }
  assert.equal(receiver.requests.length, 6)
  assert.ok(receiver.requests.every((request) => request.headers.cookie === undefined))
  assert.equal(canary.count(), 0)
})

test('the canary does sing when it is reached', { skip }, async () => {
  const sender = testSender({ TARGET_ALLOWED_CIDRS: '127.0.0.1' })
  await sender.send(requestTo(`http://127.0.0.1:${canary.port}/`, { timeoutMs: 200 }))
  await until('it sings', async () => canary.count() === 1)
  await sender.close()
})
