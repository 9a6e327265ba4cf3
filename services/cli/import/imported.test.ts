import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventTypeName } from './imported.ts'

test('names of any number of parts become names of three, and those of three stay', () => {
  assert.deepEqual(
    ['a.b.c', 'user.created', 'ping', 'a.b.c.d.e', 'group/user.created', 'order.paid!'].map((name) =>
      eventTypeName(name, 'app'),
    ),
    ['a.b.c', 'app.user.created', 'app.ping.happened', 'a.b_c_d.e', 'group.user.created', 'app.order.paid_'],
  )
})
