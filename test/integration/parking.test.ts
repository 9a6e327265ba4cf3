import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createParking } from '#services/deliverer/parking.ts'
import type { DueAttempt } from '#services/deliverer/work-item.ts'
import { createGroupCommitAppender } from '#shared/runtime/group-commit-appender.ts'
import { startTestNats, type TestNats, testLogger } from '../support/nats.ts'

let servers: TestNats
before(async () => {
  servers = await startTestNats()
})
after(() => servers.close())

test('once everything was read back, what comes next need not be parked', async () => {
  const { nats } = servers
  const waiting = createGroupCommitAppender({ nats, stream: 'WAITING', logger: testLogger })
  const parking = createParking({ nats, waiting, ledgerSeq: () => 0, onAgain: () => {} })
  const attempts = [1, 2, 3].map(
    (n) => ({ deliveryId: `d${n}`, attemptId: `a${n}`, attemptNumber: 1, subscriptionId: 's' }) as DueAttempt,
  )
  const lot = parking.lotOf(0, 's', '-')
  await parking.park(lot, attempts)
  const read = await parking.read(lot, 100)
  assert.deepEqual(
    read.map(({ attempt }) => attempt.deliveryId),
    ['d1', 'd2', 'd3'],
  )
  assert.deepEqual(await parking.read(lot, 100), [])
  assert.equal(lot.hasMore, false)
  waiting.close()
})
