import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import {
  publicKeyText,
  type StandardMessage,
  signV1,
  signV1a,
  standardSigner,
  webhookSecretText,
} from './standard-signature.ts'

/** The vectors of Standard Webhooks' own libraries. */
const MESSAGE = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1614265330,
  body: Buffer.from('{"test": 2432232314}'),
}
const KEYS = {
  hmacKey: 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  ed25519Seed: 'VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=',
}

test("v1 is as in Standard Webhooks' vector", () => {
  assert.equal(signV1(standardSigner(KEYS), MESSAGE), 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test("v1a is as in Standard Webhooks' vector", () => {
  assert.equal(
    signV1a(standardSigner(KEYS), MESSAGE),
    'v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==',
  )
})

test("keys are shown as receivers take them, the public one as in RFC 8032's first vector", () => {
  const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex')
  const publicKey = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex')
  const keys = { ...KEYS, ed25519Seed: seed.toString('base64') }
  assert.equal(webhookSecretText(keys), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  assert.equal(publicKeyText(keys), `whpk_${publicKey.toString('base64')}`)
})

/** As a receiver checks: what the request brought, with what it was told beforehand. */
type Verifier = (secrets: typeof KEYS, message: StandardMessage, signature: Buffer) => boolean

const headersOf = ({ id, timestamp }: StandardMessage, version: string, signature: Buffer) => ({
  'webhook-id': id,
  'webhook-timestamp': String(timestamp),
  'webhook-signature': `${version},${signature.toString('base64')}`,
})

const withPackage =
  (make: (secret: string) => StandardWebhook | SvixWebhook): Verifier =>
  (secrets, message, signature) => {
    try {
      const body = Buffer.from(message.body)
      make(webhookSecretText(secrets)).verify(body, headersOf(message, 'v1', signature))
      return true
    } catch {
      return false
    }
  }

const withPublicKey: Verifier = (secrets, { id, timestamp, body }, signature) => {
  const x = Buffer.from(publicKeyText(secrets).replace('whpk_', ''), 'base64').toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return verify(null, Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]), key, signature)
}

const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64'))
/** Of ASCII: both packages read a body as text, so bytes that are no UTF-8 look the same to them. */
const sent = fc.record({
  keys: fc.record({ hmacKey: key, ed25519Seed: key }),
  id: fc.uuid(),
  age: fc.integer({ min: -200, max: 200 }),
  body: fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value).replace(/[^ -~]/g, '?'))),
})
const change = fc.record({
  at: fc.nat(),
  mask: fc.integer({ min: 1, max: 0x7f }),
  later: fc.integer({ min: 1, max: 90 }),
})

/** The same bytes but for one; of ASCII they stay ASCII. */
function withOneWrong(bytes: Uint8Array, { at, mask }: { at: number; mask: number }): Buffer {
  const wrong = Buffer.from(bytes)
  const index = at % wrong.length
  wrong[index] = wrong[index]! ^ mask
  return wrong
}

for (const [name, sign, verifies, keyName] of [
  ['v1, with standardwebhooks', signV1, withPackage((secret) => new StandardWebhook(secret)), 'hmacKey'],
  ['v1, with svix', signV1, withPackage((secret) => new SvixWebhook(secret)), 'hmacKey'],
  ['v1a, with the public key', signV1a, withPublicKey, 'ed25519Seed'],
] as const) {
  test(`${name}: what was signed verifies, and one wrong byte anywhere fails`, () => {
    fc.assert(
      fc.property(sent, change, ({ keys, id, age, body }, wrong) => {
        const message = { id, timestamp: Math.floor(Date.now() / 1_000) + age, body }
        const signature = Buffer.from(sign(standardSigner(keys), message).split(',')[1]!, 'base64')
        assert.ok(verifies(keys, message, signature), 'as it was sent')
        const otherKey = withOneWrong(Buffer.from(keys[keyName], 'base64'), wrong).toString('base64')
        const otherId = withOneWrong(Buffer.from(id), wrong).toString()
        const otherBody = withOneWrong(body, wrong)
        assert.ok(!verifies({ ...keys, [keyName]: otherKey }, message, signature), 'another key')
        assert.ok(!verifies(keys, { ...message, id: otherId }, signature), 'another id')
        assert.ok(!verifies(keys, { ...message, body: otherBody }, signature), 'another body')
        assert.ok(
          !verifies(keys, { ...message, timestamp: message.timestamp + wrong.later }, signature),
          'another time',
        )
        assert.ok(!verifies(keys, message, withOneWrong(signature, wrong)), 'another signature')
      }),
      { numRuns: 60 },
    )
  })
}

test('v1 is over the bytes of the body, also where they are no text', () => {
  const signer = standardSigner(KEYS)
  const bodies = [Buffer.from([0xff]), Buffer.from([0xfe]), Buffer.alloc(0)]
  const signatures = bodies.map((body) => signV1(signer, { ...MESSAGE, body }))
  assert.equal(new Set(signatures).size, bodies.length)
})
