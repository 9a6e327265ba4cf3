import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normalTraceparent, parseTraceparent } from './trace-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

test('a traceparent is read as the W3C recommendation has it', () => {
  assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-01`), { traceId: TRACE, spanId: SPAN, flags: 1 })
  assert.equal(parseTraceparent(`00-${TRACE}-${SPAN}-00`)?.flags, 0)
})

test('of a later version what is known of it is taken, and sent on as of today', () => {
  assert.equal(normalTraceparent(`cc-${TRACE}-${SPAN}-01-what-the-future-will-be`), `00-${TRACE}-${SPAN}-01`)
})

test('what is no traceparent counts as none', () => {
  const wrong = [
    undefined,
    '',
    'x',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01\r\nx: y`,
  ]
  for (const text of wrong) assert.equal(normalTraceparent(text), undefined, String(text))
})
