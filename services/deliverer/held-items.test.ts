import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attemptIdOf } from '#shared/domain/ids.ts'
import { attemptBefore, createHeldItems } from './held-items.ts'
import type { DueAttempt, WorkItem } from './work-item.ts'

const itemOf = (attemptId: string) => ({ attempt: { attemptId } }) as WorkItem

test('those who wait for an attempt hear what became of it', async () => {
  const held = createHeldItems()
  const item = itemOf('a')
  held.add(item)
  const both = Promise.all([held.settlementOf('a'), held.settlementOf('a')])
  held.settle(item, 'retried')
  assert.deepEqual(await both, ['retried', 'retried'])
  assert.equal(held.size, 0)
  assert.equal(await held.settlementOf('a'), null)
})

test('nobody waits for an attempt that was given back: another process may make it', async () => {
  const held = createHeldItems()
  const item = itemOf('a')
  held.add(item)
  const settled = held.settlementOf('a')
  held.settle(item, 'given back')
  assert.equal(await settled, 'given back')
  assert.equal(held.of('a'), null)
})

test('an item that was replaced meanwhile settles nothing', () => {
  const held = createHeldItems()
  const [first, second] = [itemOf('a'), itemOf('a')]
  held.add(first)
  held.settle(first, 'given back')
  held.add(second)
  held.settle(first, 'ended')
  assert.equal(held.of('a'), second)
  assert.deepEqual([...held], [second])
})

test('a retry follows the attempt before it, a first attempt none', () => {
  const attempt = (attemptNumber: number) => attemptBefore({ deliveryId: 'd', attemptNumber } as DueAttempt)
  assert.equal(attempt(1), null)
  assert.equal(attempt(3), attemptIdOf('d', 2))
})
