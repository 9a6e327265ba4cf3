import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createGroupCommitAppender } from '#shared/runtime/group-commit-appender.ts'
import type { StreamName } from '#shared/runtime/streams.ts'
import { startTestNats, testLogger } from '../support/nats.ts'
import { watchCalls } from '../support/strace.ts'
import { until } from '../support/until.ts'

const WATCHED = ['fsync', 'fdatasync', 'pwrite64', 'write', 'writev']

/** Acknowledgements that leave while a message of their stream is written, but not fsynced. */
function earlyAcks(log: string): { early: string[]; acks: number; synced: number } {
  const unsynced = new Map<string, Set<string>>()
  /** By thread: what it fsyncs, when another thread's line came in between. */
  const underWay = new Map<string, string>()
  const early: string[] = []
  let [acks, synced] = [0, 0]
  const streamOf = (path: string) => /\/streams\/([A-Z]+)\/msgs\/\d+\.blk$/.exec(path)?.[1]
  const ofStream = (name: string) => unsynced.get(name) ?? new Set<string>()
  const endSync = (path: string) => {
    const stream = streamOf(path)
    if (stream === undefined) return
    ofStream(stream).delete(path)
    synced++
  }
  for (const line of log.split('\n')) {
    const [, thread = '', call, path = ''] = /^(\d+) +(\w+)\(\d+<([^>]*)>/.exec(line) ?? []
    const [, resumed] = /^(\d+) +<\.\.\. f(?:data)?sync resumed>.* = 0$/.exec(line) ?? []
    if (resumed) endSync(underWay.get(resumed) ?? '')
    const stream = streamOf(path)
    if (stream && (call === 'pwrite64' || call === 'write')) unsynced.set(stream, ofStream(stream).add(path))
    if (call?.endsWith('sync')) {
      if (line.endsWith('<unfinished ...>')) underWay.set(thread, path)
      else if (line.endsWith(' = 0')) endSync(path)
    }
    for (const [, name] of line.matchAll(/\{\\"stream\\":\\"([A-Z]+)\\",\\"seq\\":\d+/g)) {
      if (!path.startsWith('socket:')) continue
      acks++
      if (ofStream(name!).size > 0) early.push(line)
    }
  }
  return { early, acks, synced }
}

test('the check sees an acknowledgement that comes before the fsync', () => {
  const write = '1 pwrite64(8</x/streams/EVENTS/msgs/1.blk>, "a", 1, 0) = 1'
  const sync = '1 fsync(8</x/streams/EVENTS/msgs/1.blk>) = 0'
  const ack = String.raw`1 writev(7<socket:[5]>, [{iov_base="MSG x 1 27\r\n{\"stream\":\"EVENTS\",\"seq\":1}\r\n", iov_len=78}], 1) = 78`
  assert.equal(earlyAcks([write, sync, ack].join('\n')).early.length, 0)
  assert.equal(earlyAcks([write, ack, sync].join('\n')).early.length, 1)
  const [begun, ended] = ['2 fsync(8</x/streams/EVENTS/msgs/1.blk> <unfinished ...>', '2 <... fsync resumed>)    = 0']
  assert.equal(earlyAcks([write, begun, ended, ack].join('\n')).early.length, 0)
  assert.equal(earlyAcks([write, begun, ack, ended].join('\n')).early.length, 1)
})

test('what is answered was fsynced before, appended singly, as a group and in batches', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'jethook-fsync-'))
  const testNats = await startTestNats()
  try {
    const file = join(folder, 'strace.log')
    const strace = await watchCalls({ pid: testNats.server.pid, file, calls: WATCHED, shownBytes: 400 })
    if (typeof strace === 'string') {
      t.skip(strace)
      return
    }
    const of = (stream: StreamName) => createGroupCommitAppender({ nats: testNats.nats, stream, logger: testLogger })
    const [events, ledger, control] = [of('EVENTS'), of('LEDGER'), of('CONTROL')]
    for (let i = 0; i < 20; i++) await events.append({ subject: `event.x.${i}`, body: 'x', msgId: `single ${i}` })
    await Promise.all(
      Array.from({ length: 400 }, (_, i) => events.append({ subject: `event.y.${i}`, body: 'x', msgId: `many ${i}` })),
    )
    for (let i = 0; i < 5; i++)
      await ledger.appendGroup(
        Array.from({ length: 300 }, () => ({ subject: 'ledger.attempt', body: 'x'.repeat(200) })),
      )
    await control.appendGroup([
      { subject: 'control.a.1', body: 'x', expectLastSubjectSeq: 0 },
      { subject: 'control.a.2', body: 'x', expectLastSubjectSeq: 0 },
    ])
    await until('the log has the last answer', async () => /CONTROL\\",\\"seq/.test(await readFile(file, 'utf8')))
    strace.kill('SIGINT')
    await once(strace, 'exit')
    const { early, acks, synced } = earlyAcks(await readFile(file, 'utf8'))
    t.diagnostic(`${acks} acknowledgements, ${synced} fsyncs`)
    assert.deepEqual(early, [])
    assert.ok(acks > 25 && synced > 25, `${acks} acknowledgements, ${synced} fsyncs`)
  } finally {
    await testNats.close()
    await rm(folder, { recursive: true, force: true })
  }
})
