import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startTestNats } from '../support/nats.ts'
import { CONTRACT } from './fakes.contract.ts'

const FAKE = fileURLToPath(new URL('fake-answers.ts', import.meta.url))

const { stdout } = await promisify(execFile)(process.execPath, [FAKE], { timeout: 60_000 })
const fake = JSON.parse(stdout) as Record<string, unknown>

for (const { name, run } of CONTRACT) {
  test(`fake and real server answer the same: ${name}`, { timeout: 60_000 }, async () => {
    const { nats, close } = await startTestNats()
    try {
      const real = await run(nats, { pause: delay, nowMs: Date.now })
      assert.deepEqual(fake[name], JSON.parse(JSON.stringify(real)))
    } finally {
      await close()
    }
  })
}
