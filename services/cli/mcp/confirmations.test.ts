import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConfirmations } from './confirmations.ts'

test('a token stands for its job once, and for ten minutes', () => {
  const confirmations = createConfirmations()
  const token = confirmations.offer('job', 0)
  assert.equal(confirmations.take('another', 0), null)
  assert.equal(confirmations.take(token, 600_000), 'job')
  assert.equal(confirmations.take(token, 600_000), null)
  const late = confirmations.offer('job', 0)
  assert.equal(confirmations.take(late, 600_001), null)
})

test('of more than a hundred offers the oldest are forgotten', () => {
  const confirmations = createConfirmations()
  const tokens = Array.from({ length: 101 }, (_, i) => confirmations.offer(`job ${i}`, 0))
  assert.equal(confirmations.take(tokens[0]!, 0), null)
  assert.equal(confirmations.take(tokens[1]!, 0), 'job 1')
})
