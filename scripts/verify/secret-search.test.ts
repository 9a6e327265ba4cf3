import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSecretSearch, secretTextsOf } from './secret-search.ts'

const SECRET = 'd9aee7cb-aae7-41a9-a4e5-df163a6a6f1e'

test('of what was sealed the secret parts are known, and no others', () => {
  assert.deepEqual(secretTextsOf('jhst_0123456789'), ['jhst_0123456789'])
  const url = 'https://user:pass-word-pass@example.com/a-rather-long-path?key=0123456789ab&page=0123456789abcdef'
  const headers = { 'x-api-key': 'the key of a receiver', 'content-language': 'de-AT-x-something' }
  const sealed = { secret: SECRET, url, headers, secrets: [{ value: 'whsec_0123456789' }] }
  assert.deepEqual(secretTextsOf(JSON.stringify(sealed)), [
    SECRET,
    'pass-word-pass',
    '0123456789ab',
    'the key of a receiver',
    'whsec_0123456789',
  ])
})

test('a secret is found wherever it stands as a word', () => {
  const search = createSecretSearch([
    { owner: 'subscription:1', text: SECRET },
    { owner: 'subscription:2', text: 'Bearer abcdef-0123456789' },
    { owner: 'subscription:3', text: 'too short' },
  ])
  assert.equal(search.size, 2)
  assert.equal(search.find(`{"message":"no answer with ${SECRET}."}`), 'subscription:1')
  assert.equal(search.find('authorization=abcdef-0123456789&x'), 'subscription:2')
  assert.equal(search.find(`x${SECRET} too short abcdef`), null)
})
