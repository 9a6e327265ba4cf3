import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { RETRY_AFTER_MAX_MS } from '#shared/domain/retry-policy.ts'
import { MISDEEDS } from '../support/misdeeds.ts'
import { startRawReceiver } from '../support/raw-receiver.ts'
import { startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const TIMEOUT_MS = 3_000
/** From the time-out until the attempt can be looked up, on a busy machine. */
const SLACK_MS = 6_000
const BODY_MAX_BYTES = 16_384
/** What is no text is shown in base64. */
const BODY_MAX_CHARS = Math.ceil(BODY_MAX_BYTES / 3) * 4

let stack: Stack
before(async () => {
  stack = await startStack({ DELIVERY_TIMEOUT_MS: String(TIMEOUT_MS), RESPONSE_BODY_MAX_BYTES: String(BODY_MAX_BYTES) })
  await stack.api.createEventType()
})
after(() => stack?.close())

async function attemptTo(url: string, maxRetries: number) {
  // Not by its address: a port may come again.
  const labels = { to: randomUUID() }
  await stack.api.subscribe(url, { labels, max_retries: maxRetries })
  const startedMs = performance.now()
  const event_id = await stack.api.send({ labels })
  const attempts = await until('the first attempt has ended', async () => {
    const found = await stack.api.attempts({ event_id })
    return found.some(({ attempt_number, response_id }) => attempt_number === 1 && response_id !== null) && found
  })
  return { attempts, tookMs: performance.now() - startedMs }
}

for (const [name, { react, expected }] of Object.entries(MISDEEDS)) {
  test(`a receiver answers with ${name}: the attempt ends in time and by name, and others go on`, async () => {
    const [bad, good] = [await startRawReceiver(react), await startReceiver()]
    try {
      const labels = { good: name }
      await stack.api.subscribe(good.url, { labels })
      const attempted = attemptTo(bad.url, 0)
      await until('the request has come', async () => bad.count() > 0)
      for (let i = 0; i < 5; i++) await stack.api.send({ labels })
      await good.waitFor((requests) => requests.length === 5, TIMEOUT_MS)
      const { attempts, tookMs } = await attempted
      assert.ok(tookMs < TIMEOUT_MS + SLACK_MS, `${tookMs} ms`)
      assert.equal(attempts[0]?.outcome, expected.outcome)
      const response = await stack.api.response(attempts[0]!.response_id!)
      assert.equal(response.response_error_name, expected.error)
      assert.equal(response.http_code, expected.status ?? null)
      assert.ok((response.body ?? '').length <= BODY_MAX_CHARS)
      if (expected.message !== undefined) assert.match(response.body ?? '', expected.message)
      assert.equal(bad.count(), 1)
    } finally {
      await bad.close()
      await good.close()
    }
  })
}

const MANY_HOURS = [1_000_000_000, '99999999999999999999', 'Fri, 31 Dec 9999 23:59:59 GMT']
const NO_WAIT = [-5, 0, '1e9', 'soon', '', 'Thu, 01 Jan 1970 00:00:00 GMT', '\u00ff\u00fe', '5, 6']

for (const [values, leastMs, mostMs] of [
  [MANY_HOURS, RETRY_AFTER_MAX_MS, RETRY_AFTER_MAX_MS],
  [NO_WAIT, 0, 5_000],
] as const) {
  for (const value of values) {
    test(`a 429 with "Retry-After: ${value}" waits for ${mostMs / 1_000} s at the most`, async () => {
      const head = `HTTP/1.1 429 Too Many Requests\r\nretry-after: ${value}\r\ncontent-length: 0\r\n\r\n`
      const receiver = await startRawReceiver((socket) => void socket.write(Buffer.from(head, 'latin1')))
      try {
        const { attempts } = await attemptTo(receiver.url, 1)
        const [first, second] = [1, 2].map((n) => attempts.find(({ attempt_number }) => attempt_number === n))
        assert.equal(first?.status_code, 429)
        const waitMs = Date.parse(second!.delay_until!) - Date.parse(first!.failed_at!)
        assert.ok(waitMs >= leastMs - 1_000 && waitMs <= mostMs + 1_000, `${waitMs} ms`)
      } finally {
        await receiver.close()
      }
    })
  }
}
