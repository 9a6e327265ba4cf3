import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fetch } from 'undici'
import { epochNowMs, readStamp, STAMP_PLACE, stampOf } from '#scripts/bench/stamp.ts'
import { createHook0Target } from '#scripts/bench/targets/hook0.ts'
import { startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
before(async () => {
  stack = await startStack()
})
after(() => stack.close())

test("the benchmark's way to drive Hook0 makes jethook deliver to every address, with the time that was stamped", async () => {
  const receiver = await startReceiver()
  const { application_id: application, service_token: token } = stack.credentials
  const target = createHook0Target({ url: stack.apiUrl(), token, application })
  await target.subscribe('bench.some.event', [`${receiver.url}/1`, `${receiver.url}/2`])
  const { origin, path, headers, body } = target.eventRequest('bench.some.event', 500)
  const dueMs = epochNowMs()
  const answer = await fetch(origin + path, {
    method: 'POST',
    headers,
    body: body.replace(STAMP_PLACE, stampOf(dueMs)),
  })
  assert.equal(answer.status, 201)
  await receiver.waitFor((requests) => requests.length === 2)
  assert.deepEqual(receiver.requests.map(({ path: at }) => at).toSorted(), ['/1', '/2'])
  for (const { body: delivered } of receiver.requests) {
    assert.equal(delivered.length, 500)
    assert.ok(Math.abs(readStamp(delivered)! - dueMs) < 0.01)
  }
  await receiver.close()
})
