import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../support/until.ts'
import { type FaultBench, openBench } from './fault-bench.ts'
import { drained } from './run-fault.ts'

/** Runs `spoil` on the store of a killed nats-server, after some events; jethook is as it was, or started anew. */
async function withSpoiltStore(
  t: { diagnostic(text: string): void },
  spoil: (streamsFolder: string, bench: FaultBench) => Promise<void>,
  check: (bench: FaultBench) => Promise<void>,
  beforeLoad?: (bench: FaultBench) => Promise<void>,
): Promise<void> {
  const bench = await openBench()
  try {
    await beforeLoad?.(bench)
    bench.poster.start()
    await delay(1_000)
    const accepted = await bench.poster.stop()
    await drained(bench, accepted.length)
    t.diagnostic(`${accepted.length} events before the fault`)
    await bench.restartNats((folder) => spoil(folder, bench))
    await check(bench)
  } finally {
    await bench.close()
  }
}

async function healthOf(bench: FaultBench): Promise<Record<string, { is_well: boolean; detail: string | null }>> {
  const { api_url } = JSON.parse(await readFile(join(bench.home, 'credentials.json'), 'utf8')) as { api_url: string }
  const response = await fetch(`${api_url}/health`)
  return ((await response.json()) as { parts: Record<string, { is_well: boolean; detail: string | null }> }).parts
}

/** The newest file of a stream's messages. */
async function lastBlock(streamsFolder: string, stream: string): Promise<string> {
  const folder = join(streamsFolder, stream, 'msgs')
  const blocks = (await readdir(folder)).filter((name) => name.endsWith('.blk'))
  const [last] = blocks.sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10))
  await rm(join(folder, 'index.db'), { force: true })
  return join(folder, last!)
}

test('an older copy of the store put back stops jethook with another code than 0, and it says why', async (t) => {
  let copy = ''
  await withSpoiltStore(
    t,
    async (folder) => {
      await rm(folder, { recursive: true })
      await cp(copy, folder, { recursive: true })
    },
    async (bench) => {
      const [code] = bench.jethook.exitCode === null ? await once(bench.jethook, 'exit') : [bench.jethook.exitCode]
      assert.equal(code, 1)
      await assert.rejects(bench.restartJethook(), /ended with code 1/)
    },
    async (bench) => {
      bench.poster.start()
      await delay(300)
      copy = join(bench.home, 'older')
      await bench.restartNats((folder) => cp(folder, copy, { recursive: true }))
      bench.poster = await fresh(bench)
    },
  )
})

/** The poster of before has to be ended before another one begins. */
async function fresh(bench: FaultBench): Promise<FaultBench['poster']> {
  await bench.poster.stop()
  return bench.newPoster()
}

for (const stream of ['EVENTS', 'LEDGER']) {
  test(`a bit that is flipped in ${stream} is an alarm, or does no harm`, async (t) => {
    await withSpoiltStore(
      t,
      async (folder) => {
        const block = await lastBlock(folder, stream)
        const bytes = await readFile(block)
        const middle = Math.floor(bytes.length / 2)
        bytes[middle] = bytes[middle]! ^ 0x10
        await writeFile(block, bytes)
      },
      expectAlarm,
    )
  })

  test(`a cut end of ${stream} is an alarm`, async (t) => {
    await withSpoiltStore(
      t,
      async (folder) => {
        const block = await lastBlock(folder, stream)
        await truncate(block, Math.floor((await stat(block)).size * 0.7))
      },
      expectAlarm,
    )
  })
}

/** Either the process has ended with a code, or a part of it is not well and says so. */
async function expectAlarm(bench: FaultBench): Promise<void> {
  await until(
    'an alarm',
    async () => {
      if (bench.jethook.exitCode !== null) return bench.jethook.exitCode === 1
      const parts = await healthOf(bench).catch(() => null)
      return parts !== null && Object.values(parts).some(({ is_well }) => !is_well)
    },
    15_000,
  )
}
