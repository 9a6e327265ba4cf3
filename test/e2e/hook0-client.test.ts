import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Event, Hook0Client } from 'hook0-client'
import { startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
})
after(() => stack.close())

for (const kind of ['service_token', 'application_secret'] as const) {
  test(`hook0-client, unchanged, makes event types and sends events with a ${kind}`, async () => {
    const { application_id } = stack.credentials
    const client = new Hook0Client(`${stack.apiUrl()}/api/v1/`, application_id, stack.credentials[kind])
    const names = [`client.${kind}.sent`, `client.${kind}.read`]
    assert.deepEqual(await client.upsertEventTypes(names), names)
    assert.deepEqual(await client.upsertEventTypes(names), [])
    const receiver = await startReceiver()
    await stack.api.subscribe(receiver.url, { event_types: names })
    const eventId = await client.sendEvent(new Event(names[0]!, '{"a":1}', 'application/json', { all: 'yes' }))
    await receiver.waitFor((requests) => requests.length === 1)
    assert.equal(receiver.requests[0]?.headers['x-event-id'], eventId)
    await receiver.close()
  })
}
