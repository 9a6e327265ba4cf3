import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareRights } from './nats-rights.ts'

const needed = { publish: ['ledger.>', '$JS.API.STREAM.INFO.*'], subscribe: ['_INBOX_x.>'] }
const exact = { publish: { allow: [...needed.publish] }, subscribe: { allow: [...needed.subscribe] } }

test('rights are compared with what is needed', () => {
  assert.deepEqual(compareRights(needed, exact), { missing: [], tooMuch: [] })
  assert.deepEqual(compareRights(needed, {}), { missing: [], tooMuch: ['publish >', 'subscribe >'] })
  assert.deepEqual(compareRights(needed, { ...exact, publish: { allow: ['ledger.attempt', '$JS.API.>'] } }), {
    missing: ['publish ledger.>'],
    tooMuch: ['publish $JS.API.>'],
  })
  assert.deepEqual(
    compareRights(needed, { ...exact, publish: { ...exact.publish, deny: ['ledger.delivery.>'] } }).missing,
    ['publish ledger.>'],
  )
  assert.deepEqual(compareRights(needed, { ...exact, subscribe: { deny: ['>'] } }), {
    missing: ['subscribe _INBOX_x.>'],
    tooMuch: [],
  })
})
