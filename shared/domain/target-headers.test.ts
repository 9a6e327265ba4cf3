import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { headerFormProblem, isRefusedHeader, isRepresentable, isSentHeader } from './target-headers.ts'

test('headers that frame a message, speak for others or open metadata services are refused in any case', () => {
  for (const name of [
    ...[
      'Host',
      'content-length',
      'Transfer-Encoding',
      'connection',
      'keep-alive',
      'TE',
      'Trailer',
      'Upgrade',
      'Expect',
    ],
    ...[
      'Proxy-Authorization',
      'proxy-connection',
      'Forwarded',
      'X-Forwarded-For',
      'x-forwarded-host',
      'Via',
      'HTTP2-Settings',
    ],
    ...[
      'webhook-id',
      'Webhook-Timestamp',
      'webhook-signature',
      'Metadata',
      'Metadata-Flavor',
      'X-aws-ec2-metadata-token',
    ],
  ]) {
    assert.ok(isRefusedHeader(name), name)
    assert.ok(!isSentHeader(name.toLowerCase()), name)
  }
})

test("a customer's own headers are sent; what jethook says itself is taken and replaced", () => {
  for (const name of ['authorization', 'x-api-key', 'cookie', 'x-metadata', 'user-agent', 'accept'])
    assert.ok(isSentHeader(name), name)
  for (const name of ['content-type', 'x-event-id', 'x-event-type', 'accept-encoding']) {
    assert.ok(!isRefusedHeader(name), name)
    assert.ok(!isSentHeader(name), name)
  }
})

test('no name or value that is taken can begin another header', () => {
  const text = fc.string({
    unit: fc.oneof(fc.constantFrom('\r', '\n', '\0', ':', ' ', 'é', '\t'), fc.string()),
    maxLength: 20,
  })
  fc.assert(
    fc.property(text, text, (name, value) => {
      if (headerFormProblem(name, value) !== null) return
      assert.doesNotMatch(name, /[^!-~]|:/)
      assert.doesNotMatch(value, /[\r\n\0]/)
    }),
  )
  for (const value of ['a\r\nb: c', 'é', '\0', 'x'.repeat(4_097)]) assert.ok(!isRepresentable(value))
  assert.ok(isRepresentable('plain text,\twith a tab'))
})
