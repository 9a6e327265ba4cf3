import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { verifyWebhookSignature } from 'hook0-client'
import { parseSignatureVersions, signatureHeader } from './signature.ts'

const BODY = Buffer.from('hello !')
const HEADERS = [
  ['x-event-id', '1a01cb48-5142-4d9b-8f90-d20cca61f0ee'],
  ['x-event-type', 'service.resource.verb'],
] as const

test("v0 is as in the contract's vector", () => {
  const value = signatureHeader({
    secret: 'secret',
    timestamp: 1636936200,
    headers: HEADERS,
    body: BODY,
    versions: new Set(['v0']),
  })
  assert.equal(value, 't=1636936200,v0=1b3d69df55f1e52f05224ba94a5162abeb17ef52cd7f4948c390f810d6a87e98')
})

test("v1 is as in the contract's vector", () => {
  const value = signatureHeader({
    secret: 'secret',
    timestamp: 1636936200,
    headers: HEADERS,
    body: BODY,
    versions: new Set(['v1']),
  })
  assert.equal(
    value,
    't=1636936200,h=x-event-id x-event-type,v1=bc521546ba5de381b12f135782d2008b028c3065c191760b12b76850a8fc8f51',
  )
})

test('a receiver with hook0-client accepts it, and refuses another body', () => {
  const timestamp = Math.floor(Date.now() / 1_000)
  const value = signatureHeader({
    secret: 's',
    timestamp,
    headers: HEADERS,
    body: BODY,
    versions: new Set(['v0', 'v1']),
  })
  const headers = new Headers(HEADERS.map(([name, text]) => [name, text] as [string, string]))
  assert.equal(verifyWebhookSignature(value, BODY, headers, 's', 300), true)
  assert.throws(() => verifyWebhookSignature(value, Buffer.from('hello ?'), headers, 's', 300))
})

const hex = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes).toString('hex'))
const visible = fc.stringMatching(/^[!-~]{1,20}$/)

function isVerified(value: string, body: Uint8Array, headers: [string, string][], secret: string): boolean {
  try {
    return (
      verifyWebhookSignature(value, Buffer.from(body), new Headers(headers), secret, Number.MAX_SAFE_INTEGER) === true
    )
  } catch {
    return false
  }
}

for (const version of ['v0', 'v1'] as const) {
  test(`${version}: what was signed verifies with hook0-client, and one wrong byte anywhere fails`, () => {
    const sent = fc.record({ secret: hex(16), id: fc.uuid(), type: visible, body: fc.uint8Array({ minLength: 1 }) })
    const change = fc.record({ at: fc.nat(), mask: fc.integer({ min: 1, max: 255 }) })
    fc.assert(
      fc.property(sent, change, ({ secret, id, type, body }, { at, mask }) => {
        const flip = (bytes: Uint8Array) =>
          bytes.map((byte, index) => (index === at % bytes.length ? byte ^ mask : byte))
        const headers: [string, string][] = [
          ['x-event-id', id],
          ['x-event-type', type],
        ]
        const timestamp = 1_800_000_000 + (at % 1_000)
        const value = signatureHeader({ secret, timestamp, headers, body, versions: new Set([version]) })
        assert.ok(isVerified(value, body, headers, secret), 'as it was sent')
        const [start, signature] = value.split(`,${version}=`) as [string, string]
        const otherSignature = Buffer.from(flip(Buffer.from(signature, 'hex'))).toString('hex')
        const otherSecret = Buffer.from(flip(Buffer.from(secret, 'hex'))).toString('hex')
        assert.ok(!isVerified(value, flip(body), headers, secret), 'another body')
        assert.ok(!isVerified(value, body, headers, otherSecret), 'another secret')
        assert.ok(!isVerified(`${start},${version}=${otherSignature}`, body, headers, secret), 'another signature')
        assert.ok(!isVerified(value.replace(`t=${timestamp}`, `t=${timestamp + mask}`), body, headers, secret), 'time')
        if (version === 'v0') return
        const otherHeaders: [string, string][] = [
          ['x-event-id', id],
          ['x-event-type', `${type}x`],
        ]
        assert.ok(!isVerified(value, body, otherHeaders, secret), 'another header')
      }),
      { numRuns: 100 },
    )
  })
}

test('unknown signature versions are refused by name', () => {
  assert.deepEqual([...parseSignatureVersions('v0, v1')], ['v0', 'v1'])
  assert.throws(() => parseSignatureVersions('v2'), /ENABLED_SIGNATURE_VERSIONS/)
})
