import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { watchCalls } from '../support/strace.ts'
import { until } from '../support/until.ts'
import { type FaultBench, openBench } from './fault-bench.ts'
import { FILE_CALLS, loseUnsynced, type UnsyncedFile, unsyncedFiles } from './lost-writes.ts'
import { type Fault, runFault } from './run-fault.ts'

/** Longer than the time between two checkpoints of a lane. */
const LOAD_MS = 7_000
/** What is sent again was sent since the last checkpoint but one, at the most. */
const WINDOW_MS = 10_000

const BLOCK = '/s/streams/EVENTS/msgs/1.blk'
const writeAt = (bytes: number, offset: number) => `1 pwrite64(8<${BLOCK}>, ""..., ${bytes}, ${offset}) = ${bytes}`
const SYNC = `1 fsync(8<${BLOCK}>) = 0`

test('of a log is read what no fsync has brought to the disk', () => {
  const left = (...lines: string[]): UnsyncedFile[] => unsyncedFiles(lines.join('\n'))
  assert.deepEqual(left(writeAt(10, 0), SYNC), [])
  assert.deepEqual(left(writeAt(10, 0), SYNC, writeAt(5, 10)), [{ path: BLOCK, syncedBytes: 10 }])
  assert.deepEqual(left(writeAt(5, 100)), [{ path: BLOCK, syncedBytes: 100 }])
  const begun = `2 fsync(8<${BLOCK}> <unfinished ...>`
  const ended = '2 <... fsync resumed>)    = 0'
  assert.deepEqual(left(writeAt(10, 0), begun, ended), [])
  assert.deepEqual(left(writeAt(10, 0), begun), [{ path: BLOCK, syncedBytes: 0 }])
  assert.deepEqual(left(writeAt(10, 0), begun, writeAt(5, 10), ended), [{ path: BLOCK, syncedBytes: 10 }])
  const open = '1 openat(AT_FDCWD</s>, "/s/a.tmp", O_WRONLY|O_CREAT|O_TRUNC, 0640) = 9</s/a.tmp>'
  const moved = '1 renameat(AT_FDCWD</s>, "/s/a.tmp", AT_FDCWD</s>, "/s/a") = 0'
  const written = '1 write(9</s/a.tmp>, ""..., 7) = 7'
  assert.deepEqual(left(open, written, moved), [{ path: '/s/a', syncedBytes: 0 }])
  assert.deepEqual(left(open, written, '1 fsync(9</s/a.tmp>) = 0', moved), [])
  assert.deepEqual(left('1 write(7<socket:[5]>, ""..., 7) = 7'), [])
})

test('when the power fails, what was acknowledged is there, and little is sent again', async (t) => {
  let reason: string | null = null
  const fault: Fault<FaultBench> = {
    id: 'power',
    name: 'the power fails',
    async inject(bench) {
      reason = await losePower(bench, (text) => t.diagnostic(text))
    },
  }
  const row = await runFault(fault, openBench)
  if (reason !== null) {
    t.skip(reason)
    return
  }
  t.diagnostic(`${row.accepted} accepted, ${row.report.repeatedSuccesses} successes repeated`)
  assert.ok(row.accepted > 200)
  assert.deepEqual(row.report.violations, [])
  assert.deepEqual(row.differences, [])
})

/** Everything stops at once, and what was not fsynced by nats-server is gone. @returns why that can't be, or null. */
async function losePower(bench: FaultBench, say: (text: string) => void): Promise<string | null> {
  const file = join(bench.home, 'strace.log')
  const strace = await watchCalls({ pid: bench.servers.nats!.pid, file, calls: FILE_CALLS, shownBytes: 0 })
  if (typeof strace === 'string') return strace
  const left = once(strace, 'exit')
  await delay(LOAD_MS)
  bench.repeatedMax = bench.receiver.requests.filter(({ atMs }) => atMs > Date.now() - WINDOW_MS).length
  bench.jethook.kill('SIGKILL')
  await bench.restartNats(async (streamsFolder) => {
    await left
    const log = await readFile(file, 'utf8')
    const lost = await loseUnsynced(unsyncedFiles(log).filter(({ path }) => path.startsWith(bench.home)))
    await forgetConsumers(streamsFolder)
    const syncs = log.match(/f(?:data)?sync\(\d+<[^>]*EVENTS\/msgs\/\d+\.blk>/g)?.length ?? 0
    say(
      `${syncs} plain fsyncs of EVENTS; lost: ${lost.map(({ path, lostBytes }) => `${path.slice(streamsFolder.length)} ${lostBytes}`).join(', ')}`,
    )
    assert.ok(syncs > 20, 'the log shows what nats-server does')
  })
  await bench.restartJethook()
  await until('events are taken again', async () => bench.poster.postOne())
  return null
}

async function forgetConsumers(streamsFolder: string): Promise<void> {
  const entries = await readdir(streamsFolder, { recursive: true, withFileTypes: true })
  for (const { parentPath, name } of entries) if (name === 'o.dat') await rm(join(parentPath, name))
}
