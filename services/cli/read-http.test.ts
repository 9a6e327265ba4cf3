import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readHeaders, readRequest } from './read-http.ts'

test('a pasted request is read as headers and a body, byte for byte', () => {
  const { headers, body } = readRequest(
    Buffer.from('POST /hook HTTP/1.1\r\nX-Event-Id: 1\r\nX-A: b: c\r\n\r\n{"a":\r\n\r\n"ü"}\n'),
  )
  assert.deepEqual(
    [...headers],
    [
      ['x-event-id', '1'],
      ['x-a', 'b: c'],
    ],
  )
  assert.equal(body.toString('utf8'), '{"a":\r\n\r\n"ü"}\n')
})

test("curl's marks are passed over, headers of one name joined", () => {
  assert.deepEqual([...readHeaders('> HTTP/2 200\n> a: 1\n< A: 2\n')], [['a', '1, 2']])
  assert.throws(() => readHeaders('no header'), /'no header' is no header/)
})
