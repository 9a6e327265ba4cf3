import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAddress, parseRange } from './address-classes.ts'
import {
  endpointOf,
  FORBIDDEN_ADDRESS,
  parseTargetUrl,
  refusalOfAddress,
  refusalOfUrl,
  type TargetRules,
} from './target-url.ts'

const RULES: TargetRules = {
  isAddressChecked: true,
  isHttpAllowed: true,
  isNat64Judged: false,
  allowed: [],
  refused: [],
  own: [],
  allowedPorts: new Set(),
  ownPorts: new Set(),
}
const inside = (...ranges: string[]): TargetRules => ({ ...RULES, allowed: ranges.map(parseRange) })

/** @returns what the tenant is told, or null when the URL is taken. */
function refusal(raw: string, rules: TargetRules = RULES): string | null {
  const url = parseTargetUrl(raw)
  return typeof url === 'string' ? url : refusalOfUrl(url, rules)
}

test('public targets are taken', () => {
  for (const raw of [
    'https://example.com/hook?a=1#x',
    'HTTPS://Example.COM',
    'http://example.com:8080/',
    'https://example.com:8443',
    'https://bücher.example/',
    'https://xn--bcher-kva.example/',
    'https://1.1.1.1/',
    'https://[2606:4700::1111]/',
    'https://a_b.example.com:65535/',
  ])
    assert.equal(refusal(raw), null, raw)
})

test('what the URL parser repairs is refused on the raw text', () => {
  for (const raw of [
    ...[
      'http://exam\tple.com/',
      'http://example.com\n',
      ' http://example.com',
      'http:\\\\example.com/',
      'http:/example.com',
    ],
    ...[
      'http:example.com',
      'http:///example.com',
      'http://ex%61mple.com/',
      'http://example。com/',
      'http://ｅxample.com/',
    ],
    ...[
      'http://exa\u00admple.com/',
      'http://exa\u200dmple.com/',
      'http://1.1.1.1./',
      'http://1.257/',
      'http://0x01010101/',
    ],
    ...['http://16843009/', 'http://01.1.1.1/', 'http://1.1.1.①/', 'http://\u0000example.com/'],
  ])
    assert.notEqual(refusal(raw), null, JSON.stringify(raw))
})

test('forms that lead to loopback are refused, whichever they are', () => {
  for (const host of [
    ...[
      '127.0.0.1',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      '127.1',
      '0x7f.1',
      '127.0.0.1.',
      '１２７.0.0.1',
      '127。0。0。1',
    ],
    ...['[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]'],
    ...['[2001:0:4136:e378:8000:63bf:80ff:fffe]', '[::ffff:0:127.0.0.1]', '[2a00:1450::5efe:7f00:1]', '[fe80::1%25lo]'],
    ...[
      '0.0.0.0',
      'localhost',
      'a.localhost',
      'ok@127.0.0.1',
      'example.com@127.0.0.1',
      '127.0.0.1#@ok',
      '%31%32%37.0.0.1',
    ],
  ])
    for (const scheme of ['http', 'https']) assert.notEqual(refusal(`${scheme}://${host}`), null, host)
})

test('no host becomes an address that nobody has judged', () => {
  const part = fc.oneof(
    fc.integer({ min: 0, max: 2 ** 32 }).map(String),
    fc.constantFrom('0x7f', '0177', '127', '1', '０', '0xa'),
  )
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      const raw = `http://${parts.join('.')}/`
      if (refusal(raw) !== null) return
      const { address, port } = endpointOf(new URL(raw))
      assert.ok(address !== null && refusalOfAddress(address, port, RULES) === null)
    }),
  )
})

test('names that only mean something inside are refused, unless something inside is allowed', () => {
  const names = [
    'receiver',
    'printer.local',
    'metadata.google.internal',
    'web.default.svc',
    'nas.home.arpa',
    'x.onion',
    'localhost',
  ]
  for (const name of names) {
    assert.match(refusal(`https://${name}/`) ?? '', /public name/, name)
    assert.equal(refusal(`https://${name}/`, inside('10.0.0.0/8')), null, name)
  }
  for (const name of ['example.com.', '-a.example.com', `${'a'.repeat(64)}.com`, `${'a.'.repeat(130)}com`, 'a..b'])
    assert.notEqual(refusal(`https://${name}/`, inside('10.0.0.0/8')), null, name)
})

test('ports of other protocols are refused everywhere, those below 1024 on public hosts', () => {
  for (const port of [22, 25, 3306, 4222, 5432, 6379, 8222, 9200, 27017]) {
    assert.match(refusal(`https://example.com:${port}/`) ?? '', /Port/)
    assert.match(refusal(`http://127.0.0.1:${port}/`, inside('127.0.0.0/8')) ?? '', /Port/)
  }
  assert.match(refusal('https://example.com:81/') ?? '', /Port 81/)
  assert.match(refusal('https://1.1.1.1:81/') ?? '', /Port 81/)
  assert.match(refusal('https://example.com:0/') ?? '', /Port 0/)
  assert.equal(refusal('http://127.0.0.1:81/', inside('127.0.0.0/8')), null)
  assert.equal(refusal('https://example.com:25/', { ...RULES, allowedPorts: new Set([25]) }), null)
})

test('user names, and http where it is not wanted, are refused', () => {
  assert.match(refusal('https://user@example.com/') ?? '', /user name/)
  assert.match(refusal('https://:p@example.com/') ?? '', /user name/)
  assert.match(refusal('http://example.com/', { ...RULES, isHttpAllowed: false }) ?? '', /https/)
})

test('an allowed range opens itself and nothing else', () => {
  const rules = inside('127.0.0.0/8', 'fd00::/8')
  for (const raw of ['http://127.1.2.3:9999/', 'http://[fd00::1]/']) assert.equal(refusal(raw, rules), null, raw)
  for (const raw of ['http://10.0.0.1/', 'http://[::1]/', 'http://[::ffff:127.0.0.1]/', 'http://169.254.169.254/'])
    assert.notEqual(refusal(raw, rules), null, raw)
})

test('our own servers stay refused where loopback is allowed, also without any check', () => {
  const rules = { ...inside('127.0.0.0/8'), ownPorts: new Set([18_081]) }
  for (const own of [rules, { ...rules, isAddressChecked: false }]) {
    assert.equal(refusal('http://127.0.0.1:18081/', own), FORBIDDEN_ADDRESS)
    assert.equal(refusal('http://127.0.0.1:18082/', own), null)
    assert.equal(refusal('https://1.1.1.1:18081/', own), null)
  }
})

test("this host's public addresses are refused unless allowed; what is refused by a setting always", () => {
  const own = { ...RULES, own: [parseRange('1.1.1.1')] }
  const address = parseAddress('1.1.1.1')!
  assert.equal(refusalOfAddress(address, 443, own), 'own address')
  assert.equal(refusalOfAddress(address, 443, { ...own, allowed: [parseRange('1.1.1.1')] }), null)
  const refused = { ...own, allowed: own.own, refused: own.own, isAddressChecked: false }
  assert.equal(refusalOfAddress(address, 443, refused), 'refused by setting')
})
