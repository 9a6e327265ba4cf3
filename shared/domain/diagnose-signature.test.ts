import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { diagnoseSignatures, type SignatureDiagnosis } from './diagnose-signature.ts'
import { signatureHeader } from './signature.ts'
import { publicKeyText, signV1, signV1a, standardSigner, webhookSecretText } from './standard-signature.ts'

const NOW_MS = 1_800_000_000_000
const TIME = NOW_MS / 1_000
const SECRET = '0192f0c1-7c55-4b7e-9d53-6a1f4a1c2b3d'
const BODY = '{"total": 12,"items":[]}'
const KEYS = { hmacKey: Buffer.alloc(32, 7).toString('base64'), ed25519Seed: Buffer.alloc(32, 9).toString('base64') }
const OPTIONS = { secret: SECRET, nowMs: NOW_MS, toleranceSeconds: 300, hook0Header: 'x-hook0-signature' }
const SIGNED_HEADERS = [
  ['x-event-id', 'e1'],
  ['x-event-type', 'a.b.c'],
] as const

function hook0(versions: ('v0' | 'v1')[] = ['v0', 'v1'], body = BODY) {
  const value = signatureHeader({
    secret: SECRET,
    timestamp: TIME,
    headers: SIGNED_HEADERS,
    body: Buffer.from(body),
    versions: new Set(versions),
  })
  return new Map<string, string>([['x-hook0-signature', value], ...SIGNED_HEADERS])
}

function standard(body = BODY) {
  const message = { id: 'e1', timestamp: TIME, body: Buffer.from(body) }
  const signer = standardSigner(KEYS)
  return new Map([
    ['webhook-id', 'e1'],
    ['webhook-timestamp', String(TIME)],
    ['webhook-signature', `${signV1(signer, message)} ${signV1a(signer, message)}`],
  ])
}

const diagnose = (headers: Map<string, string>, body = BODY, more: Partial<typeof OPTIONS> = {}) =>
  diagnoseSignatures({ headers, body: Buffer.from(body) }, { ...OPTIONS, ...more })

function wrongParts(found: SignatureDiagnosis[]): string[] {
  assert.ok(found.every(({ isGenuine }) => !isGenuine))
  return [...new Set(found.flatMap(({ checks }) => checks.filter(({ isRight }) => !isRight).map(({ part }) => part)))]
}

test('what is signed rightly is genuine, in every version', () => {
  assert.deepEqual(
    diagnose(hook0()).map(({ signature, isGenuine }) => [signature, isGenuine]),
    [
      ['x-hook0-signature v0', true],
      ['x-hook0-signature v1', true],
    ],
  )
  assert.equal(diagnose(standard(), BODY, { secret: webhookSecretText(KEYS) })[0]?.isGenuine, true)
  assert.equal(diagnose(standard(), BODY, { secret: publicKeyText(KEYS) })[0]?.isGenuine, true)
})

describe('the part that is wrong is named', () => {
  const cases: [string, () => SignatureDiagnosis[], string, RegExp][] = [
    ['a late request', () => diagnose(hook0(['v1']), BODY, { nowMs: NOW_MS + 400_000 }), 'time', /400 s ago/],
    [
      'a clock that is behind',
      () => diagnose(hook0(['v1']), BODY, { nowMs: NOW_MS - 400_000 }),
      'time',
      /in the future/,
    ],
    ['no header', () => diagnose(new Map()), 'header', /no header x-hook0-signature/],
    ['the other kind of header', () => diagnose(standard()), 'header', /whsec_/],
    ['the other kind of secret', () => diagnose(hook0(), BODY, { secret: webhookSecretText(KEYS) }), 'header', /UUID/],
    ['a header cut off', () => diagnose(new Map([['x-hook0-signature', 't=12']])), 'header', /cut off/],
    [
      'JSON that was written anew',
      () => diagnose(hook0(['v1'], '{"a":1}'), '{\n  "a": 1\n}'),
      'body',
      /parsed as JSON/,
    ],
    [
      'JSON as Python writes it',
      () => diagnose(hook0(['v1'], '{"a": [1, 2]}'), '{"a":[1,2]}'),
      'body',
      /parsed as JSON/,
    ],
    ['a line break more', () => diagnose(hook0(['v1']), `${BODY}\n`), 'body', /line break at its end/],
    ['a line break less', () => diagnose(hook0(['v1'], `${BODY}\n`)), 'body', /is missing/],
    ['another body', () => diagnose(hook0(['v1']), '{}'), 'signature', /another subscription's/],
    [
      'another secret',
      () => diagnose(hook0(['v1']), BODY, { secret: SECRET.replace('0', '1') }),
      'signature',
      /rotated/,
    ],
    [
      'a secret in upper case',
      () => diagnose(hook0(['v1']), BODY, { secret: SECRET.toUpperCase() }),
      'secret',
      /lower case/,
    ],
    [
      'white space at the secret',
      () => diagnose(hook0(['v1']), BODY, { secret: `${SECRET}\n` }),
      'secret',
      /white space/,
    ],
    [
      'a signed header that is missing',
      () => diagnose(new Map([...hook0(['v1'])].filter(([name]) => name !== 'x-event-id'))),
      'signed headers',
      /missing: x-event-id/,
    ],
    [
      'a body of Standard Webhooks that was written anew',
      () => diagnose(standard('{"a":1}'), '{ "a": 1 }', { secret: webhookSecretText(KEYS) }),
      'body',
      /parsed as JSON/,
    ],
    [
      'a public key that is none',
      () => diagnose(standard(), BODY, { secret: 'whpk_abc' }),
      'secret',
      /can not be read/,
    ],
  ]
  for (const [name, found, part, says] of cases)
    test(name, () => {
      assert.deepEqual(wrongParts(found()), [part])
      assert.match(JSON.stringify(found()), says)
    })

  test('a signed header that was changed, where v0 shows that all else is right', () => {
    const headers = new Map([...hook0(), ['x-event-type', 'other'] as const])
    const [v0, v1] = diagnose(headers)
    assert.equal(v0?.isGenuine, true)
    assert.deepEqual(wrongParts([v1!]), ['signed headers'])
  })
})
