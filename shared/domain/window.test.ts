import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWindow } from './window.ts'

const of = (subscriptionId: string, n: number) => ({ deliveryId: `${subscriptionId}-${n}`, subscriptionId })

test('what is on its way takes up room until it was attempted', () => {
  const window = createWindow(3)
  for (let n = 0; n < 3; n++) window.add(of('s', n), 0)
  assert.equal(window.room(0), 0)
  window.remove('s-1', 10)
  assert.equal(window.room(10), 1)
  window.remove('s-1', 10)
  window.remove('unknown', 10)
  assert.equal(window.room(10), 1)
})

test('a receiver that takes nothing holds nobody up for long, until it takes something', () => {
  const window = createWindow(4)
  for (let n = 0; n < 3; n++) window.add(of('stuck', n), 0)
  window.add(of('well', 0), 0)
  window.remove('well-0', 1_900)
  assert.equal(window.room(1_900), 1)
  assert.equal(window.room(2_000), 4)
  window.remove('stuck-0', 3_000)
  assert.equal(window.room(3_000), 2)
})
