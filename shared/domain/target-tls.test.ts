import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readTargetTls } from './target-tls.ts'

const read = (file: string) => readFileSync(new URL(`../../test/support/certificates/${file}`, import.meta.url), 'utf8')
const CA = read('ca.pem')
const CERTIFICATE = read('client.pem')
const KEY = read('client.key')
const OTHER = { client_certificate: read('server.pem'), client_key: read('server.key') }
const MUTUAL = { ca: CA, certificate: CERTIFICATE, key: KEY }

test('nothing posted is nothing kept', () => {
  for (const post of [null, undefined, {}, { ca: null, client_certificate: null, client_key: null }, { ca: '' }])
    assert.equal(readTargetTls(post, MUTUAL), null)
})

test('an authority alone, a certificate with its key, or both are taken', () => {
  assert.deepEqual(readTargetTls({ ca: CA }, null), { ca: CA, certificate: null, key: null })
  assert.deepEqual(readTargetTls({ client_certificate: CERTIFICATE + CA, client_key: KEY }, null), {
    ca: null,
    certificate: CERTIFICATE + CA,
    key: KEY,
  })
  assert.deepEqual(readTargetTls({ ca: CA + CA, client_certificate: CERTIFICATE, client_key: KEY }, null), {
    ...MUTUAL,
    ca: CA + CA,
  })
})

test('a key that is left out stays as long as its certificate does', () => {
  assert.deepEqual(readTargetTls({ ca: CA, client_certificate: CERTIFICATE }, MUTUAL), MUTUAL)
  assert.match(String(readTargetTls({ client_certificate: CERTIFICATE }, null)), /go together/)
  assert.match(String(readTargetTls({ client_certificate: OTHER.client_certificate }, MUTUAL)), /go together/)
  assert.match(String(readTargetTls({ client_key: KEY }, MUTUAL)), /go together/)
})

test('what cannot be read or does not fit is said in a sentence that does not hold the key', () => {
  const pair = { client_certificate: CERTIFICATE, client_key: KEY }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const sealed = privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }).toString()
  for (const [post, message] of [
    [{ ca: 'x' }, /^ca must be 1 to 10 certificates/],
    [{ ca: KEY }, /^ca must be/],
    [{ ca: CA.replace(/[A-Z]{4}/, 'AAAA') }, /^ca must be/],
    [{ ca: CA.repeat(11) }, /^ca must be/],
    [{ ...pair, client_certificate: KEY }, /^client_certificate must be/],
    [{ ...pair, client_key: CERTIFICATE }, /^client_key must be a private key/],
    [{ ...pair, client_key: sealed }, /without a passphrase/],
    [{ ...pair, client_key: OTHER.client_key }, /^client_key is not the key/],
  ] as const) {
    const said = readTargetTls(post, null)
    assert.match(String(said), message)
    assert.doesNotMatch(String(said), /PRIVATE/)
  }
})
