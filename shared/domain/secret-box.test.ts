import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSecretBox } from './secret-box.ts'

const box = createSecretBox([Buffer.alloc(32, 1)])

test('what is sealed can be opened again, with the same key and context only', () => {
  const sealed = box.seal('secret', 'subscription:1')
  assert.equal(box.open(sealed, 'subscription:1'), 'secret')
  assert.throws(() => box.open(sealed, 'subscription:2'))
  assert.throws(() => createSecretBox([Buffer.alloc(32, 2)]).open(sealed, 'subscription:1'), /Sealed with the key/)
})

test('a changed text is not opened', () => {
  const [keyId, text] = box.seal('secret', 'c').split('.') as [string, string]
  const bytes = Buffer.from(text, 'base64url')
  bytes[14]! ^= 1
  assert.throws(() => box.open(`${keyId}.${bytes.toString('base64url')}`, 'c'))
})

test('the same secret is sealed differently each time, but looked up the same', () => {
  assert.notEqual(box.seal('secret', 'c'), box.seal('secret', 'c'))
  assert.equal(box.lookupOf('secret'), box.lookupOf('secret'))
  assert.notEqual(box.lookupOf('secret'), createSecretBox([Buffer.alloc(32, 2)]).lookupOf('secret'))
})

test('a key of another length is refused', () => {
  assert.throws(() => createSecretBox([Buffer.alloc(16)]), /32 bytes/)
})
