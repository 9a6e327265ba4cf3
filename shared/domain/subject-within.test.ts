import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWithin, overlaps } from './subject-within.ts'

test('a subject is within a pattern when nothing of it is outside', () => {
  for (const [subject, pattern] of [
    ['a.b', 'a.b'],
    ['a.b', 'a.*'],
    ['a.b.c', 'a.>'],
    ['a.*', 'a.*'],
    ['a.*', 'a.>'],
    ['a.>', 'a.>'],
    ['>', '>'],
  ] as const)
    assert.ok(isWithin(subject, pattern), `${subject} ${pattern}`)
  for (const [subject, pattern] of [
    ['a', 'a.>'],
    ['a.b', 'a'],
    ['a.b', 'a.c'],
    ['a.*', 'a.b'],
    ['a.>', 'a.*'],
    ['>', 'a.>'],
    ['*.b', 'a.b'],
  ] as const)
    assert.ok(!isWithin(subject, pattern), `${subject} ${pattern}`)
})

test('two patterns overlap when they have a subject in common', () => {
  for (const [one, other] of [
    ['a.>', 'a.b.c'],
    ['*.b', 'a.*'],
    ['>', 'a'],
    ['a.*.c', 'a.b.>'],
  ] as const)
    assert.ok(overlaps(one, other) && overlaps(other, one), `${one} ${other}`)
  for (const [one, other] of [
    ['a.>', 'a'],
    ['a.b', 'a.c'],
    ['a.*', 'a.b.c'],
  ] as const)
    assert.ok(!overlaps(one, other) && !overlaps(other, one), `${one} ${other}`)
})
