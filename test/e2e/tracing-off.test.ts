import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startReceiver } from '../support/receiver.ts'
import { startStack } from '../support/stack.ts'

test("without a collector the publisher's traceparent is sent on as it came, and none is made up", async () => {
  const receiver = await startReceiver()
  const stack = await startStack()
  try {
    await stack.api.createEventType()
    await stack.api.subscribe(receiver.url)
    await stack.api.send()
    await receiver.waitFor((requests) => requests.length === 1)
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await fetch(`${stack.apiUrl()}/api/v1/event`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${stack.credentials.service_token}`,
        'content-type': 'application/json',
        traceparent,
      },
      body: JSON.stringify(stack.api.eventPost()),
    })
    await receiver.waitFor((requests) => requests.length === 2)
    assert.deepEqual(
      receiver.requests.map(({ headers }) => headers['traceparent']),
      [undefined, traceparent],
    )
  } finally {
    await stack.close()
    await receiver.close()
  }
})
