import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startReceiver } from '../support/receiver.ts'
import { startStack } from '../support/stack.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const EXAMPLE_LINES_MAX = 20

test('the examples of docs/nats.md are short, and the one for Node does what it says', async () => {
  const page = await readFile(`${PROJECT}/docs/nats.md`, 'utf8')
  const examples = [...page.matchAll(/```(js|sh|go|python)\n([\s\S]*?)```/g)].map(([, language, code]) => ({
    language,
    code,
  }))
  assert.deepEqual(
    examples.map(({ language }) => language),
    ['js', 'sh', 'go', 'python'],
  )
  for (const { language, code } of examples)
    assert.ok(code!.trim().split('\n').length <= EXAMPLE_LINES_MAX, `${language} is too long`)
  const stack = await startStack()
  const receiver = await startReceiver()
  try {
    await stack.api.createEventType('billing.invoice.paid')
    await stack.api.subscribe(receiver.url, { event_types: ['billing.invoice.paid'], labels: { tenant: '42' } })
    await stack.api.subscribe(receiver.url, { event_types: ['billing.invoice.paid'] })
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', examples[0]!.code!], {
      cwd: PROJECT,
      env: {
        NATS_URL: stack.servers.natsAddress,
        APPLICATION_ID: stack.credentials.application_id,
        APPLICATION_SECRET: stack.credentials.application_secret,
      },
      timeout: 10_000,
    })
    assert.match(stdout, /^on disk in INBOX\n201 \{"application_id":"[0-9a-f-]+","event_id"/)
    await receiver.waitFor((requests) => requests.length === 2)
    assert.ok(receiver.requests.every(({ body }) => body.toString() === '{"total":12}'))
  } finally {
    await receiver.close()
    await stack.close()
  }
})
