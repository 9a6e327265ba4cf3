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

test('the examples of docs/nats.md are short, and those for Node do what they say', async () => {
  const page = await readFile(`${PROJECT}/docs/nats.md`, 'utf8')
  const examples = [...page.matchAll(/```(js|sh|go|python)\n([\s\S]*?)```/g)].map(([, language, code]) => ({
    language,
    code,
  }))
  assert.deepEqual(
    examples.map(({ language }) => language),
    ['js', 'sh', 'go', 'python', 'js'],
  )
  for (const { language, code } of examples)
    assert.ok(code!.trim().split('\n').length <= EXAMPLE_LINES_MAX, `${language} is too long`)
  const stack = await startStack()
  const receiver = await startReceiver()
  try {
    await stack.api.createEventType('billing.invoice.paid')
    await stack.api.subscribe(receiver.url, { event_types: ['billing.invoice.paid'], labels: { tenant: '42' } })
    await stack.api.subscribe(receiver.url, { event_types: ['billing.invoice.paid'] })
    const { application_id, application_secret } = stack.credentials
    const run = async (code: string) => {
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
        cwd: PROJECT,
        env: {
          NATS_URL: stack.servers.natsAddress,
          APPLICATION_ID: application_id,
          APPLICATION_SECRET: application_secret,
        },
        timeout: 10_000,
      })
      return stdout
    }
    const stdout = await run(examples[0]!.code!)
    assert.match(stdout, /^on disk in INBOX\n201 \{"application_id":"[0-9a-f-]+","event_id"/)
    await receiver.waitFor((requests) => requests.length === 2)
    assert.ok(receiver.requests.every(({ body }) => body.toString() === '{"total":12}'))
    const replay = { application_id, target: 'nats', confirm: true }
    const { job_id } = (await stack.api.call<{ job_id: string }>('POST', '/replays', replay)).body
    const connecting = examples[0]!.code!.split('\n\n').slice(0, 2).join('\n')
    const given = `const jobId = '${job_id}'; const keep = console.log`
    const kept = await run(`${connecting}\n${given}\n${examples[4]!.code}\nawait nats.drain()`)
    assert.match(kept, /^([0-9a-f-]{36} \{"total":12\}\n){2}$/)
  } finally {
    await receiver.close()
    await stack.close()
  }
})
