import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccount, createUser, fromPublic } from '@nats-io/nkeys'
import { parseKey } from './nats-keys.ts'
import { isSignedBy, nkeyOf } from './nkey.ts'

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

test("signatures are those of NATS's own library", () => {
  for (const pair of [createUser(), createAccount()]) {
    const key = nkeyOf(text(pair.getSeed()), pair.getPublicKey())
    const data = Buffer.from('nonce')
    assert.deepEqual(Buffer.from(key.sign(data)), Buffer.from(pair.sign(data)))
    assert.ok(fromPublic(key.publicKey).verify(data, key.sign(data)))
    assert.ok(isSignedBy(key.publicKey, data, pair.sign(data)))
    assert.ok(!isSignedBy(key.publicKey, Buffer.from('other'), pair.sign(data)))
    assert.ok(!isSignedBy(createUser().getPublicKey(), data, pair.sign(data)))
  }
  assert.ok(!isSignedBy('N', Buffer.from('x'), Buffer.from('y')))
})

test('a key file holds a seed, and perhaps its public key', () => {
  const pair = createUser()
  const [seed, publicKey] = [text(pair.getSeed()), pair.getPublicKey()]
  for (const file of [seed, `# a user\n${seed}\n`, `${seed}\n# ${publicKey}\n`])
    assert.deepEqual(parseKey(file, 'f'), { seed, publicKey })
  assert.throws(() => parseKey('nothing', 'f'), /f holds no seed/)
  assert.throws(() => nkeyOf(seed, createUser().getPublicKey()), /another one/)
  assert.throws(() => nkeyOf('x', publicKey), /no nkey/)
})
