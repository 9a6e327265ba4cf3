import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeliveryAttempted, DeliveryCreated } from '#shared/facts/ledger.ts'
import { createOrderCheck, type OrderCheck } from './order-check.ts'

const delivery = (deliveryId: string, orderKey?: string) =>
  ({ deliveryId, subscriptionId: 's', ...(orderKey === undefined ? {} : { orderKey }) }) as DeliveryCreated
const attempt = (deliveryId: string, startedAtMs = 10_000) =>
  ({ deliveryId, attemptNumber: 1, startedAtMs }) as DeliveryAttempted

/** What is wrong after `happen`. */
function wrongsOf(
  deliveries: readonly DeliveryCreated[],
  happen: (check: OrderCheck) => void,
  calledOff: string[] = [],
): string[] {
  const wrongs: string[] = []
  const check = createOrderCheck(1_000, (deliveryId, detail) => wrongs.push(`${deliveryId}: ${detail}`))
  for (const each of deliveries) check.onDelivery(each)
  happen(check)
  check.finish(({ deliveryId }) => calledOff.includes(deliveryId))
  return wrongs
}

const ofOneKey = [delivery('a', 'k'), delivery('b', 'k')]

test('the next one may begin when the one before has ended', () => {
  const wrongs = wrongsOf(ofOneKey, (check) => {
    check.onAttempt(attempt('a'))
    check.onEnd('a', 10_000, false)
    check.onAttempt(attempt('b', 10_001))
  })
  assert.deepEqual(wrongs, [])
})

test('an attempt before the one in front has ended is out of order', () => {
  const isOpen = wrongsOf(ofOneKey, (check) => check.onAttempt(attempt('b')))
  const endsLater = wrongsOf(ofOneKey, (check) => {
    check.onAttempt(attempt('b'))
    check.onEnd('b', 10_000, false)
    check.onAttempt(attempt('a'))
  })
  for (const wrongs of [isOpen, endsLater]) assert.deepEqual(wrongs, ['b: attempt 1 comes before a has ended'])
})

test('what was called off needs no wait, also when that is said late', () => {
  const wrongs = wrongsOf([...ofOneKey, delivery('c', 'k')], (check) => {
    check.onAttempt(attempt('c'))
    check.onEnd('a', null, false)
    check.onEnd('b', null, false)
  })
  assert.deepEqual(wrongs, [])
})

test('of several in front all must have been called off', () => {
  const wrongs = wrongsOf([...ofOneKey, delivery('c', 'k')], (check) => {
    check.onAttempt(attempt('c'))
    check.onEnd('a', null, false)
  })
  assert.deepEqual(wrongs, ['c: attempt 1 comes before b has ended'])
})

test('an attempt that began before the end of the one in front is out of order, whenever it was recorded', () => {
  const wrongs = wrongsOf(ofOneKey, (check) => {
    check.onEnd('a', 20_000, false)
    check.onAttempt(attempt('b', 18_000))
  })
  assert.match(wrongs[0] ?? '', /began 2000 ms before/)
})

test('nothing comes behind a dead letter that blocks, until it is skipped', () => {
  const wrongs = wrongsOf([...ofOneKey, delivery('c', 'k')], (check) => {
    check.onEnd('a', 10_000, true)
    check.onAttempt(attempt('b', 20_000))
    check.onEnd('b', 20_000, false)
    check.onSkip('a')
    check.onAttempt(attempt('c', 30_000))
  })
  assert.deepEqual(wrongs, ['b: attempt 1 comes behind the dead letter a'])
})

test('a dead letter that was called off with its subscription blocks nothing', () => {
  const attemptBehind = (check: OrderCheck) => {
    check.onEnd('a', 10_000, true)
    check.onAttempt(attempt('b', 20_000))
  }
  assert.equal(wrongsOf(ofOneKey, attemptBehind).length, 1)
  assert.deepEqual(wrongsOf(ofOneKey, attemptBehind, ['a']), [])
})

test('other keys, and what has none, are in nobody’s way', () => {
  const wrongs = wrongsOf([delivery('a', 'k'), delivery('b', 'l'), delivery('c')], (check) => {
    check.onAttempt(attempt('b'))
    check.onAttempt(attempt('c'))
  })
  assert.deepEqual(wrongs, [])
})

test('what sends a dead letter again stands in the order of now', () => {
  const wrongs = wrongsOf(ofOneKey, (check) => {
    check.onEnd('a', 10_000, true)
    check.onDelivery({ ...delivery('again', 'k'), redriveOf: 'a' })
    check.onSkip('a')
    check.onAttempt(attempt('b', 20_000))
    check.onEnd('b', 20_000, false)
    check.onAttempt(attempt('again', 30_000))
  })
  assert.deepEqual(wrongs, [])
})
