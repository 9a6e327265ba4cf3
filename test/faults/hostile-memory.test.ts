import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { SendResult } from '#shared/domain/outcome.ts'
import { MISDEEDS } from '../support/misdeeds.ts'
import { startRawReceiver } from '../support/raw-receiver.ts'
import { startReceiver } from '../support/receiver.ts'
import { LOOPBACK_ALLOWED } from '../support/stack.ts'
import type { SendOrder, SendReport } from './sender-process.ts'

const MEBIBYTE = 1024 * 1024
const GROWTH_MAX_BYTES = 64 * MEBIBYTE
const REQUESTS = { count: 100, concurrency: 100 }
const END_TYPES: Record<string, SendResult['type']> = { E_TIMEOUT: 'timed-out', E_CONNECTION: 'connection-failed' }

let child: ChildProcess
let baseBytes: number
before(async () => {
  child = fork(fileURLToPath(new URL('sender-process.ts', import.meta.url)), {
    execArgv: ['--expose-gc'],
    env: { ...process.env, ...LOOPBACK_ALLOWED, DELIVERY_TIMEOUT_MS: '5000' },
  })
  const receiver = await startReceiver(() => ({ status: 200, body: 'x'.repeat(10_000) }))
  // What a healthy sender needs at this rate, code that is compiled by then included.
  await order({ url: receiver.url, count: 3_000, concurrency: REQUESTS.concurrency })
  const { peakRssBytes } = await order({ url: receiver.url, count: 1_000, concurrency: REQUESTS.concurrency })
  baseBytes = peakRssBytes
  await receiver.close()
})
after(() => child?.kill())

async function order(what: SendOrder): Promise<SendReport> {
  child.send(what)
  const [report] = (await once(child, 'message')) as [SendReport]
  return report
}

for (const [name, { react, expected }] of Object.entries(MISDEEDS)) {
  test(`${REQUESTS.count} answers with ${name} all end as they should, in flat memory`, async () => {
    const receiver = await startRawReceiver(react)
    const { ends, peakRssBytes, restRssBytes } = await order({ url: receiver.url, ...REQUESTS })
    await receiver.close()
    const type = expected.status === undefined ? END_TYPES[expected.error ?? ''] : 'responded'
    assert.deepEqual(ends, { [type ?? '']: REQUESTS.count })
    const growth = [peakRssBytes, restRssBytes].map((bytes) => Math.round((bytes - baseBytes) / MEBIBYTE))
    assert.ok(peakRssBytes - baseBytes < GROWTH_MAX_BYTES, `grew by ${growth[0]} MiB, ${growth[1]} at rest`)
  })
}
