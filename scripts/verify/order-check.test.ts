import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeliveryAttempted, DeliveryCreated } from '#shared/facts/ledger.ts'
import { createOrderCheck } from './order-check.ts'

const delivery = (deliveryId: string, orderKey?: string) =>
  ({ deliveryId, subscriptionId: 's', ...(orderKey === undefined ? {} : { orderKey }) }) as DeliveryCreated
const attempt = (deliveryId: string, startedAtMs = 10_000) =>
  ({ deliveryId, attemptNumber: 1, startedAtMs }) as DeliveryAttempted

function checkOf(...deliveries: DeliveryCreated[]) {
  const check = createOrderCheck(1_000)
  for (const each of deliveries) check.onDelivery(each)
  return check
}

test('the next one may begin when the one before has ended', () => {
  const check = checkOf(delivery('a', 'k'), delivery('b', 'k'))
  assert.equal(check.onAttempt(attempt('a')), null)
  check.onEnd('a', 10_000, false)
  assert.equal(check.onAttempt(attempt('b', 10_001)), null)
})

test('an attempt before the one in front has ended is out of order', () => {
  const check = checkOf(delivery('a', 'k'), delivery('b', 'k'))
  assert.match(check.onAttempt(attempt('b')) ?? '', /before a has ended/)
})

test('an attempt that began before the end of the one in front is out of order, whenever it was recorded', () => {
  const check = checkOf(delivery('a', 'k'), delivery('b', 'k'))
  check.onEnd('a', 20_000, false)
  assert.match(check.onAttempt(attempt('b', 18_000)) ?? '', /began 2000 ms before/)
})

test('nothing comes behind a dead letter that blocks', () => {
  const check = checkOf(delivery('a', 'k'), delivery('b', 'k'))
  check.onEnd('a', 10_000, true)
  assert.match(check.onAttempt(attempt('b', 20_000)) ?? '', /behind the dead letter a/)
})

test('other keys, and what has none, are in nobody’s way', () => {
  const check = checkOf(delivery('a', 'k'), delivery('b', 'l'), delivery('c'))
  assert.equal(check.onAttempt(attempt('b')), null)
  assert.equal(check.onAttempt(attempt('c')), null)
})

test('what sends a blocking dead letter again takes its place, and the others follow it', () => {
  const check = checkOf(delivery('a', 'k'), delivery('b', 'k'))
  check.onEnd('a', 10_000, true)
  check.onDelivery({ ...delivery('again', 'k'), redriveOf: 'a' })
  check.onResolved('a')
  assert.match(check.onAttempt(attempt('b', 20_000)) ?? '', /before again has ended/)
  assert.equal(check.onAttempt(attempt('again', 20_000)), null)
  check.onEnd('again', 20_010, false)
  assert.equal(check.onAttempt(attempt('b', 20_020)), null)
})

test('a discarded dead letter blocks nothing any more', () => {
  const check = checkOf(delivery('a', 'k'), delivery('b', 'k'))
  check.onEnd('a', 10_000, true)
  check.onResolved('a')
  assert.equal(check.onAttempt(attempt('b', 20_000)), null)
})
