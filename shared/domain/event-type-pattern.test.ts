import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPattern, isValidPattern, matchesPattern } from './event-type-pattern.ts'

test('a pattern has a * for a part, or ** at its end', () => {
  for (const name of ['a.*.c', '*', '**', 'billing.**', '*.*.*', 'a.*.**']) assert.ok(isValidPattern(name), name)
  for (const name of ['a.b.c', 'a.b*.c', 'a.***', '', 'a.**b']) assert.ok(!isPattern(name), name)
  for (const name of ['a.**.*', '**.**', '*.**.**']) assert.ok(!isValidPattern(name), name)
})

test('a * stands for one part, ** for one or more', () => {
  const cases: [string, string, boolean][] = [
    ['a.b.c', 'a.*.c', true],
    ['a.b.c', '*.*.*', true],
    ['a.b.c', '*.*', false],
    ['a.b.c', 'a.**', true],
    ['a.b.c', 'a.b.c.**', false],
    ['a', 'a.**', false],
    ['a.b.c.d', 'a.*.c', false],
    ['a..c', 'a.*.c', true],
    ['A.b.c', 'a.*.c', false],
    ['a.*.c', 'a.*.c', true],
  ]
  for (const [type, pattern, wanted] of cases) assert.equal(matchesPattern(type, pattern), wanted, `${type} ${pattern}`)
})

/** The same, said in another way: as a regular expression. */
function reference(type: string, pattern: string): boolean {
  const source = pattern.split('.').map((part) => (part === '*' ? '[^.]*' : part === '**' ? '.*' : part))
  return new RegExp(`^${source.join('\\.')}$`).test(type)
}

const part = fc.constantFrom('a', 'b', 'c')
const type = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'))
const pattern = fc
  .tuple(fc.array(fc.oneof(part, fc.constant('*')), { minLength: 0, maxLength: 4 }), fc.constantFrom('*', '**', 'a'))
  .map(([parts, last]) => [...parts, last].join('.'))

test('matching is what a regular expression would say', () => {
  fc.assert(
    fc.property(type, pattern, (name, wanted) => {
      assert.equal(matchesPattern(name, wanted), reference(name, wanted))
    }),
    { numRuns: 2_000 },
  )
})
