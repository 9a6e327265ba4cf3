import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attemptIdOf } from '#shared/domain/ids.ts'
import { attemptBefore, createUnsettled } from './unsettled.ts'
import type { DueAttempt } from './work-item.ts'

test('whoever asks waits until the attempt is settled, and is told how', async () => {
  const unsettled = createUnsettled()
  unsettled.add('a')
  unsettled.add('a')
  assert.equal(unsettled.has('a'), true)
  const waits = [unsettled.settlementOf('a'), unsettled.settlementOf('a')]
  unsettled.settle('a', 'ended')
  assert.deepEqual(await Promise.all(waits), ['ended', 'ended'])
  assert.equal(unsettled.has('a'), false)
  assert.equal(await unsettled.settlementOf('a'), null)
  assert.equal(await unsettled.settlementOf(null), null)
})

test('a retry follows the attempt before it, a first attempt none', () => {
  const attempt = (attemptNumber: number) => attemptBefore({ deliveryId: 'd', attemptNumber } as DueAttempt)
  assert.equal(attempt(1), null)
  assert.equal(attempt(3), attemptIdOf('d', 2))
})
