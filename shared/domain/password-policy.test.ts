import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { passwordProblem } from './password-policy.ts'

const ADA = { email: 'ada.byron@example.com', firstName: 'Augusta', lastName: 'Lovelace' }
const problem = (password: string, minimum = 12) => passwordProblem(password, ADA, minimum)

test('each rule in its order', () => {
  const cases: [string, string | null][] = [
    ['short', 'PasswordTooShort'],
    ['😀😀😀😀😀', 'PasswordTooShort'],
    [`${'aB3-x'.repeat(20)}y`, 'PasswordTooLong'],
    ['ada.byron@example.com', 'PasswordSimilarToEmail'],
    ['AdaByron-4711-!', 'PasswordSimilarToEmail'],
    ['my-EXAMPLE-site-9', 'PasswordSimilarToEmail'],
    ['lovelace4ever!!', 'PasswordSimilarToName'],
    ['xx-Augústa-9931', 'PasswordSimilarToName'],
    ['password123456', 'PasswordTooCommon'],
    ['P@ssw0rd!!!!!', 'PasswordTooCommon'],
    ['qwertyuiop123', 'PasswordTooCommon'],
    ['1234567890123', 'PasswordTooCommon'],
    ['letmeinletmein', 'PasswordTooCommon'],
    ['abcdefghijklmn', 'PasswordTooCommon'],
    ['correct horse battery staple', 'PasswordTooCommon'],
    ['xkxkxkxkxkxkx', 'PasswordNotDiverseEnough'],
    ['zzzzzzzzkqwvx', 'PasswordNotDiverseEnough'],
    ['Tq7-mund zwölf Wale', null],
    ['violet-otter-sails-9', null],
  ]
  for (const [password, wanted] of cases) assert.equal(problem(password), wanted, password)
})

test('short names are not looked for', () => {
  const about = { email: 'al@x.io', firstName: 'Al', lastName: 'Li' }
  assert.equal(passwordProblem('vigilant-algebra-55', about, 12), null)
})

test('what a machine makes up is taken', () => {
  const characters = [...'bcdfghjkmnpqrstvwxyzBCDFGHJKMNPQRSTVWXYZ23456789-_']
  const random = fc
    .array(fc.constantFrom(...characters), { minLength: 24, maxLength: 32 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(random, (password) => {
      fc.pre(new Set(password.toLowerCase()).size >= 10)
      assert.equal(problem(password), null)
    }),
  )
})

test('any text is judged', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (password) => void problem(password)))
})
