import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Address, classOf, isInRange, parseAddress, parseRange } from './address-classes.ts'

const FORBIDDEN_V4 = [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24',
  '192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4',
  '240.0.0.0/4 255.255.255.255/32 168.63.129.16/32',
].flatMap((line) => line.split(' '))
/** Within 2000::/3: everything outside is refused anyway. */
const FORBIDDEN_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']
const FORBIDDEN_V6_OUTSIDE = [
  ...[
    '::/96',
    '::1/128',
    '::ffff:0:0/96',
    '::ffff:0:0:0/96',
    '64:ff9b::/96',
    '64:ff9b:1::/48',
    '100::/64',
    '100:0:0:1::/64',
  ],
  ...['5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8', '4000::/3'],
]

const address = (text: string): Address => {
  const parsed = parseAddress(text)
  assert.ok(parsed, text)
  return parsed
}
const isForbidden = (value: Address) => classOf(value) !== 'public'

/** The range's first and last address, and their neighbours outside, null where there is none. */
function edges(cidr: string) {
  const { base, bits } = parseRange(cidr)
  const first = toNumber(base)
  const size = 1n << BigInt(base.length * 8 - bits)
  const end = 1n << BigInt(base.length * 8)
  const at = (n: bigint) => (n < 0n || n >= end ? null : toAddress(n, base.length))
  return { first: at(first)!, last: at(first + size - 1n)!, before: at(first - 1n), after: at(first + size) }
}
const toNumber = (value: Address) => value.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
const toAddress = (n: bigint, length: number): Address =>
  Array.from({ length }, (_, i) => Number((n >> BigInt(8 * (length - 1 - i))) & 0xffn))

for (const cidr of [...FORBIDDEN_V4, ...FORBIDDEN_V6, ...FORBIDDEN_V6_OUTSIDE]) {
  test(`${cidr} is refused from its first to its last address`, () => {
    const { first, last } = edges(cidr)
    assert.ok(isForbidden(first))
    assert.ok(isForbidden(last))
    const { base, bits } = parseRange(cidr)
    const inside = fc.bigInt({ min: 0n, max: (1n << BigInt(base.length * 8 - bits)) - 1n })
    fc.assert(fc.property(inside, (offset) => isForbidden(toAddress(toNumber(base) + offset, base.length))))
  })
}

test('what lies next to a refused range is public, unless it is in another one', () => {
  const ranges = [...FORBIDDEN_V4, ...FORBIDDEN_V6].map(parseRange)
  let publicCount = 0
  for (const cidr of [...FORBIDDEN_V4, ...FORBIDDEN_V6]) {
    const { before, after } = edges(cidr)
    for (const neighbour of [before, after]) {
      if (neighbour === null || ranges.some((range) => isInRange(neighbour, range))) continue
      assert.equal(classOf(neighbour), 'public', `${cidr}: ${neighbour}`)
      publicCount++
    }
  }
  assert.ok(publicCount > 25)
})

const byte = fc.integer({ min: 0, max: 255 })
const v4 = fc.tuple(byte, byte, byte, byte)
const hex = (...bytes: number[]) => bytes.map((each) => each.toString(16).padStart(2, '0')).join('')
const groupsOf = ([a, b, c, d]: readonly number[]) => `${hex(a!, b!)}:${hex(c!, d!)}`
const bare = (embed: (groups: string, address: readonly number[]) => string) => (value: readonly number[]) =>
  embed(groupsOf(value), value)

/** Forms of IPv6 that lead, or once led, to the IPv4 address in them. */
const EMBEDDINGS: Record<string, (value: readonly number[]) => string> = {
  mapped: bare((groups) => `::ffff:${groups}`),
  'mapped, dotted': bare((_, value) => `::ffff:${value.join('.')}`),
  compatible: bare((groups) => `::${groups}`),
  SIIT: bare((groups) => `::ffff:0:${groups}`),
  NAT64: bare((groups) => `64:ff9b::${groups}`),
  'NAT64, local': bare((groups) => `64:ff9b:1::${groups}`),
  '6to4': bare((groups) => `2002:${groups}::1`),
  Teredo: bare((_, value) => `2001:0:4136:e378:8000:63bf:${groupsOf(value.map((each) => each ^ 0xff))}`),
}

for (const [name, embed] of Object.entries(EMBEDDINGS)) {
  test(`an IPv4 address in IPv6 (${name}) is refused, whichever it is`, () => {
    fc.assert(fc.property(v4, (value) => isForbidden(address(embed(value)))))
  })
}

test('ISATAP behind a public prefix is judged by the IPv4 address in it', () => {
  for (const interfaceId of ['0:5efe', '200:5efe']) {
    fc.assert(
      fc.property(v4, (value) => {
        const judged = isForbidden(address(`2a00:1450:1:1:${interfaceId}:${groupsOf(value)}`))
        assert.equal(judged, isForbidden(value))
      }),
    )
  }
})

test('NAT64 is judged by its content only where the operator says so', () => {
  fc.assert(
    fc.property(v4, (value) => {
      const embedded = address(EMBEDDINGS['NAT64']!(value))
      assert.equal(classOf(embedded, { isNat64Judged: true }), classOf(value))
      assert.notEqual(classOf(embedded), 'public')
    }),
  )
})

test('outside 2000::/3 there is nothing public', () => {
  fc.assert(
    fc.property(fc.array(byte, { minLength: 16, maxLength: 16 }), (bytes) => {
      fc.pre(bytes[0]! >> 5 !== 1)
      return isForbidden(bytes)
    }),
  )
})

test('well-known public addresses are public', () => {
  for (const text of [
    '1.1.1.1',
    '8.8.8.8',
    '93.184.216.34',
    '168.63.129.15',
    '2606:4700::1111',
    '2a00:1450:4001:82a::200e',
  ])
    assert.equal(classOf(address(text)), 'public', text)
})

test('addresses are read in their canonical form alone', () => {
  const others = ['127.1', '0x7f.0.0.1', '0177.0.0.1', '2130706433', '127.0.0.1.', '１２７.0.0.1', '127.0.0.256', '']
  for (const text of [
    ...others,
    'fe80::1%eth0',
    '[::1]',
    '::ffff:999.0.0.1',
    ':::',
    'localhost',
    `::${'0'.repeat(100)}`,
  ])
    assert.equal(parseAddress(text), null, text)
})

test('a range that is none, or has bits behind its prefix, is refused with its text', () => {
  for (const text of ['10.0.0.0/33', '10.0.0.1/8', '10.0.0.0/8/8', 'lan', '::1/129', '10.0.0.0/', '::1/1'])
    assert.throws(() => parseRange(text), { name: 'RangeError', message: new RegExp(text.replaceAll('.', '\\.')) })
  assert.deepEqual(parseRange(' 10.1.2.3 '), { base: [10, 1, 2, 3], bits: 32 })
  assert.ok(!isInRange(address('::ffff:10.0.0.1'), parseRange('10.0.0.0/8')))
})
