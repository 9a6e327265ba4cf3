import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashPassword, verifyPassword } from './passwords.ts'

test('a password is known by its hash, and no other', async () => {
  const hash = await hashPassword('grüner Igel 42')
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.equal(await verifyPassword('grüner Igel 42', hash), true)
  assert.equal(await verifyPassword('grüner Igel 43', hash), false)
  assert.equal(await verifyPassword('', hash), false)
})

test('the same password has another hash each time', async () => {
  assert.notEqual(await hashPassword('grüner Igel 42'), await hashPassword('grüner Igel 42'))
})

test('what is no hash fits no password', async () => {
  for (const hash of ['', 'x', '$argon2id$v=19$m=9999999,t=2,p=1$aaaaaaaaaaaaaaaa$bbbb', '$2b$10$abc'])
    assert.equal(await verifyPassword('x', hash), false)
})

test('too many at once are refused, and those that wait are answered', async () => {
  const results = await Promise.allSettled(Array.from({ length: 110 }, () => hashPassword('grüner Igel 42')))
  const refused = results.filter(({ status }) => status === 'rejected')
  assert.equal(refused.length, 8)
})
