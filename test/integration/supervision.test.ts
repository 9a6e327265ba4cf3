import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { createReconciler } from '#services/reconciler/worker.ts'
import { newEventId } from '#shared/domain/ids.ts'
import { createRegistry } from '#shared/domain/registry.ts'
import { systemClock } from '#shared/runtime/clock.ts'
import { createGroupCommitAppender } from '#shared/runtime/group-commit-appender.ts'
import { createHealth } from '#shared/runtime/health.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { createStreamReader } from '#shared/runtime/stream-reader.ts'
import { testLogger } from '../support/nats.ts'
import { startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

let stack: Stack
before(async () => {
  stack = await startStack({ HEALTH_CHECK_KEY: '' })
})
after(() => stack?.close())

type Parts = Record<string, { is_well: boolean; detail: string | null }>
const health = async () => {
  const { status, body } = await stack.api.call<{ parts: Parts }>('GET', '/health')
  return { status, parts: body.parts }
}

test('a reader whose batches fail starts again from its position, waits longer each time, and is unwell until one gets through', async () => {
  const nats = await connectNats(stack.servers.natsUrl, 'test', testLogger)
  const waits: number[] = []
  const logger = pino({ level: 'warn' }, { write: (line) => void waits.push(JSON.parse(line).waitMs) })
  let isBroken = true
  const seen: number[] = []
  const reader = createStreamReader({
    nats,
    logger,
    stream: 'CONTROL',
    fromSeq: () => 1,
    batchMax: 10,
    async onBatch([first]) {
      if (isBroken) throw new Error('not yet')
      seen.push(first!.seq)
    },
  })
  reader.start()
  assert.equal(reader.state().isWell, true)
  await until('it has failed often', async () => waits.length >= 4)
  assert.deepEqual(waits.slice(0, 4), [250, 500, 1_000, 1_000])
  assert.match(reader.state().detail ?? '', /^CONTROL can't be read on, after \d+ tries: not yet$/)
  isBroken = false
  await until('it reads', async () => seen.length > 0)
  assert.equal(seen[0], 1)
  assert.deepEqual(reader.state(), { isWell: true, detail: null })
  await reader.stop()
  await nats.connection.close()
})

test('a reconciler whose look fails looks again, says that it is not well, and brings back what was lost', async () => {
  const nats = await connectNats(stack.servers.natsUrl, 'test', testLogger)
  const of = (stream: 'LEDGER' | 'WAITING') => createGroupCommitAppender({ nats, stream, logger: testLogger })
  const [ledger, waiting, states] = [of('LEDGER'), of('WAITING'), createHealth()]
  let isDown = true
  const lost = { eventId: newEventId(Date.now()), eventSeq: 1, applicationId: 'nobody', deliverAtMs: 0 }
  const reconciler = createReconciler({
    nats,
    registry: createRegistry(),
    ledger,
    waiting,
    overdue: {
      async ledgerCheckpoint() {
        if (isDown) throw new Error('Postgres is down')
        return Number.MAX_SAFE_INTEGER
      },
      attempts: async () => [],
      events: async () => [lost],
    },
    config: { laneCount: 1, intervalMs: 20, graceMs: 0 },
    clock: systemClock,
    logger: testLogger,
    health: states,
  })
  await reconciler.start()
  await until('it is not well', async () => states.parts()['reconciler']?.isWell === false)
  isDown = false
  await until('it has brought back the event', async () => reconciler.broughtBack() > 0)
  assert.equal(states.parts()['reconciler']?.isWell, true)
  await reconciler.stop()
  for (const appender of [ledger, waiting]) appender.close()
  await nats.connection.close()
})

test('when the server forgets every consumer, all that reads goes on by itself', async () => {
  const receiver = await startReceiver()
  await stack.api.createEventType()
  await stack.api.subscribe(receiver.url)
  const nats = await connectNats(stack.servers.natsUrl, 'test', testLogger)
  for (const stream of ['EVENTS', 'LEDGER', 'WAITING', 'CONTROL', 'AUDIT'])
    for await (const { name } of nats.jsm.consumers.list(stream)) await nats.jsm.consumers.delete(stream, name)
  const id = await stack.api.send()
  await receiver.waitFor((requests) => requests.some(({ headers }) => headers['x-event-id'] === id), 30_000)
  await until('the read model has it', async () => (await stack.api.attempts({ event_id: id })).length > 0)
  await until('all is well', async () => (await health()).status === 200)
  await nats.connection.close()
  await receiver.close()
})

test('a connection that is closed for good ends the process with a code other than 0', async () => {
  const home = await mkdtemp(join(tmpdir(), 'jethook-lost-'))
  const service = `import { runService } from '#shared/runtime/service-main.ts'
    await runService('lost', ({ nats }) => ({
      name: 'lost',
      start: async () => void setImmediate(() => nats.connection.close()),
      stop: async () => {},
    }))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', service], {
    cwd: PROJECT,
    env: { ...process.env, NATS_URL: stack.servers.natsUrl, JETHOOK_HOME: home, LOG_LEVEL: 'fatal' },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  // Not 'exit': what it said may still be on its way then.
  const [code] = await once(child, 'close')
  assert.equal(code, 1)
  assert.match(said, /closed for good/)
  await rm(home, { recursive: true })
})

// Last, since nothing gets past it.
test('an event that nobody can read stops what reads it, and /health says so', async () => {
  const nats = await connectNats(stack.servers.natsUrl, 'test', testLogger)
  await nats.js.publish('event.app.a.b.c', 'no envelope')
  const parts = await until('the alarm', async () => {
    const answer = await health()
    const isSeen = ['matcher', 'projection events'].every((part) => answer.parts[part]?.is_well === false)
    return isSeen && answer.status === 503 && answer.parts
  })
  assert.match(parts['matcher']!.detail!, /EVENTS can't be read on.*without an envelope/)
  assert.equal(parts['nats']!.is_well, true)
  await nats.connection.close()
})
