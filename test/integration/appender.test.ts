import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  AppendConflictError,
  AppenderBusyError,
  AppendRefusedError,
  AppendUnknownError,
  isStoreFull,
} from '#shared/runtime/appender.ts'
import { type AppenderLimits, createGroupCommitAppender } from '#shared/runtime/group-commit-appender.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import { readStreamState } from '#shared/runtime/streams.ts'
import { startTestNats, type TestNats, testLogger } from '../support/nats.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

let server: TestNats
let proxy: TcpProxy
let throughProxy: Nats
let subjectCounter = 0

before(async () => {
  server = await startTestNats()
  proxy = await startTcpProxy(server.server.port)
  const url = new URL(server.server.url)
  url.port = String(proxy.port)
  throughProxy = await connectNats(url.href, 'test through proxy', testLogger)
})
after(async () => {
  await throughProxy.connection.close()
  await proxy.close()
  await server.close()
})

const newSubject = () => `event.test.${++subjectCounter}`
const appenderOn = (nats: Nats, limits: Partial<AppenderLimits> = {}) =>
  createGroupCommitAppender({ nats, stream: 'EVENTS', logger: testLogger, limits })

async function bodiesOf(subject: string): Promise<string[]> {
  const consumer = await server.nats.js.consumers.get('EVENTS', { filter_subjects: [subject] })
  const { num_pending: count } = await consumer.info()
  if (count === 0) return []
  const bodies: string[] = []
  for await (const message of await consumer.fetch({ max_messages: count, expires: 5_000 }))
    bodies.push(message.string())
  return bodies
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

/** Counts what a connection publishes: plain requests and commits of batches. */
function countRequests(nats: Nats): { nats: Nats; requests: () => number } {
  let count = 0
  const connection = new Proxy(nats.connection, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown
      if (name === 'request') count++
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { nats: { ...nats, connection }, requests: () => count }
}

test('many appends at once become few atomic batches, and each caller gets its own place', async () => {
  const { nats, requests } = countRequests(server.nats)
  const appender = appenderOn(nats)
  const subject = newSubject()
  const results = await Promise.all(
    Array.from({ length: 2_000 }, (_, i) => appender.append({ subject, body: `${i}`, msgId: `${subject}:${i}` })),
  )
  assert.ok(requests() <= 5, `${requests()} requests for 2,000 messages`)
  const seqs = results.map(({ seq }) => seq)
  assert.deepEqual(
    seqs,
    seqs.toSorted((a, b) => a - b),
  )
  for (const i of [0, 999, 1_000, 1_999]) {
    const stored = await server.nats.jsm.streams.getMessage('EVENTS', { seq: seqs[i]! })
    assert.equal(stored?.string(), `${i}`)
  }
  assert.equal(appender.lastSeq, seqs.at(-1))
  appender.close()
})

test('beside a round that is under way a few messages wait, and many begin another one', async () => {
  const counted = countRequests(throughProxy)
  const limits = { singlesMax: 0, secondRoundMin: 10, gatherMs: 0 }
  const appender = createGroupCommitAppender({ nats: counted.nats, stream: 'EVENTS', logger: testLogger, limits })
  const subject = newSubject()
  const appended: Promise<unknown>[] = []
  const appendFive = async () => {
    for (let i = 0; i < 5; i++) appended.push(appender.append({ subject, body: 'x' }))
    await nextTurn()
    await nextTurn()
  }
  // An answer takes a second: none comes within these few turns of the event loop.
  proxy.delayMs = 500
  await appendFive()
  assert.equal(counted.requests(), 1)
  await appendFive()
  assert.equal(counted.requests(), 1)
  await appendFive()
  assert.equal(counted.requests(), 2)
  await Promise.all(appended)
  assert.equal(counted.requests(), 2)
  proxy.delayMs = 0
  assert.equal((await bodiesOf(subject)).length, 15)
  appender.close()
})

test('after a batch the next one waits until as much has come again, or for a pause', async () => {
  const counted = countRequests(server.nats)
  const limits = { singlesMax: 1, gatherMs: 60_000 }
  const appender = createGroupCommitAppender({ nats: counted.nats, stream: 'EVENTS', logger: testLogger, limits })
  const subject = newSubject()
  const appendSome = (count: number) =>
    Promise.all(Array.from({ length: count }, () => appender.append({ subject, body: 'x' })))
  await appendSome(4)
  assert.equal(counted.requests(), 1)
  const three = appendSome(3)
  await nextTurn()
  await nextTurn()
  assert.equal(counted.requests(), 1)
  await Promise.all([three, appendSome(1)])
  assert.equal(counted.requests(), 2)
  appender.close()
})

test('a few urgent messages wait neither for the round that is under way nor for the pause after a batch', async () => {
  const counted = countRequests(throughProxy)
  const limits = { singlesMax: 1, secondRoundMin: 100, gatherMs: 60_000 }
  const appender = createGroupCommitAppender({ nats: counted.nats, stream: 'EVENTS', logger: testLogger, limits })
  const subject = newSubject()
  const appendSome = (count: number) =>
    Promise.all(Array.from({ length: count }, () => appender.append({ subject, body: 'x' })))
  const appendUrgent = () => appender.appendGroup([{ subject, body: 'y' }], { isUrgent: true })
  await appendSome(4)
  const two = appendSome(2)
  await appendUrgent()
  await two
  assert.equal(counted.requests(), 2)
  proxy.delayMs = 500
  const many = appendSome(5)
  await nextTurn()
  await nextTurn()
  assert.equal(counted.requests(), 3)
  const urgent = appendUrgent()
  await nextTurn()
  await nextTurn()
  assert.equal(counted.requests(), 4)
  await Promise.all([many, urgent])
  proxy.delayMs = 0
  assert.equal((await bodiesOf(subject)).length, 13)
  appender.close()
})

test('a duplicate among many fails only its own caller', async () => {
  const subject = newSubject()
  const first = appenderOn(server.nats)
  const { seq } = await first.append({ subject, body: 'first', msgId: `${subject}:7` })
  first.close()
  const second = appenderOn(server.nats)
  const results = await Promise.all(
    Array.from({ length: 40 }, (_, i) => second.append({ subject, body: `${i}`, msgId: `${subject}:${i}` })),
  )
  assert.deepEqual(
    results.filter(({ isDuplicate }) => isDuplicate),
    [{ seq, isDuplicate: true }],
  )
  assert.equal((await bodiesOf(subject)).length, 40)
  const again = await second.append({ subject, body: 'again', msgId: `${subject}:3` })
  assert.equal(again.isDuplicate, true)
  second.close()
})

test('of several appends with one id at the same time exactly one is new', async () => {
  const appender = appenderOn(server.nats)
  const subject = newSubject()
  const results = await Promise.all(
    Array.from({ length: 30 }, (_, i) => appender.append({ subject, body: `${i}`, msgId: subject })),
  )
  assert.equal(results.filter(({ isDuplicate }) => !isDuplicate).length, 1)
  assert.deepEqual(await bodiesOf(subject), ['0'])
  appender.close()
})

test('a refused expectation fails only its own caller, also a whole group', async () => {
  const appender = appenderOn(server.nats)
  const subject = newSubject()
  const others = Array.from({ length: 20 }, (_, i) => appender.append({ subject: `${subject}.other`, body: `${i}` }))
  const winner = appender.append({ subject, body: 'winner', expectLastSubjectSeq: 0 })
  const loser = appender.append({ subject, body: 'loser', expectLastSubjectSeq: 0 })
  const group = appender.appendGroup([
    { subject: `${subject}.group`, body: 'a' },
    { subject, body: 'b', expectLastSubjectSeq: 1 },
  ])
  await assert.rejects(loser, AppendConflictError)
  await assert.rejects(group, AppendConflictError)
  await Promise.all([...others, winner])
  assert.deepEqual(await bodiesOf(subject), ['winner'])
  assert.deepEqual(await bodiesOf(`${subject}.group`), [])
  assert.equal((await bodiesOf(`${subject}.other`)).length, 20)
  appender.close()
})

test('a group stands together, in its order', async () => {
  const appender = appenderOn(server.nats)
  const subject = newSubject()
  const alone = Array.from({ length: 50 }, (_, i) => appender.append({ subject: `${subject}.alone`, body: `${i}` }))
  const { seq } = await appender.appendGroup(['a', 'b', 'c'].map((body) => ({ subject, body })))
  await Promise.all(alone)
  assert.deepEqual(await bodiesOf(subject), ['a', 'b', 'c'])
  const stored = await Promise.all(
    [seq - 2, seq - 1, seq].map((at) => server.nats.jsm.streams.getMessage('EVENTS', { seq: at })),
  )
  assert.deepEqual(
    stored.map((message) => message?.string()),
    ['a', 'b', 'c'],
  )
  appender.close()
})

for (const count of [1, 5, 60]) {
  test(`an answer that is lost with the connection is found out: ${count} messages are there once, and nobody is told of a duplicate`, async () => {
    const appender = appenderOn(throughProxy)
    const subject = newSubject()
    const { lastSeq } = await readStreamState(server.nats, 'EVENTS')
    proxy.loseAnswers = true
    const appended = Promise.all(
      Array.from({ length: count }, (_, i) => appender.append({ subject, body: `${i}`, msgId: `${subject}:${i}` })),
    )
    await until(
      'the server has them',
      async () => (await readStreamState(server.nats, 'EVENTS')).lastSeq >= lastSeq + count,
    )
    proxy.loseAnswers = false
    proxy.cutAll()
    const results = await appended
    assert.ok(results.every(({ isDuplicate }) => !isDuplicate))
    assert.deepEqual((await bodiesOf(subject)).toSorted(), Array.from({ length: count }, (_, i) => `${i}`).toSorted())
    appender.close()
  })
}

test('a group whose answer is lost is there once, and its caller is told so', async () => {
  const appender = appenderOn(throughProxy)
  const subject = newSubject()
  const { lastSeq } = await readStreamState(server.nats, 'EVENTS')
  proxy.loseAnswers = true
  const appended = appender.appendGroup([
    { subject: `${subject}.part`, body: 'a' },
    { subject, body: 'b', expectLastSubjectSeq: 0 },
  ])
  await until('the server has it', async () => (await readStreamState(server.nats, 'EVENTS')).lastSeq >= lastSeq + 2)
  proxy.loseAnswers = false
  proxy.cutAll()
  assert.deepEqual(await appended, { seq: lastSeq + 2, isDuplicate: false })
  assert.deepEqual(await bodiesOf(`${subject}.part`), ['a'])
  appender.close()
})

test('when too much is waiting, callers wait for room, and are refused after the limit', async () => {
  const appender = appenderOn(throughProxy, { waitingMessagesMax: 10, roomTimeoutMs: 3_000 })
  const subject = newSubject()
  proxy.loseAnswers = true
  const first = Array.from({ length: 10 }, (_, i) =>
    appender.append({ subject, body: `${i}`, msgId: `${subject}:${i}` }),
  )
  const refused = appender.append({ subject, body: 'refused', msgId: `${subject}:refused` })
  await assert.rejects(refused, AppenderBusyError)
  const waiting = appender.append({ subject, body: 'waited', msgId: `${subject}:waited` })
  proxy.loseAnswers = false
  proxy.cutAll()
  await Promise.all([...first, waiting])
  assert.equal((await bodiesOf(subject)).length, 11)
  appender.close()
})

test('without any answer an append is given up as unclear', async () => {
  const appender = appenderOn(throughProxy, { giveUpAfterMs: 400 })
  proxy.loseAnswers = true
  await assert.rejects(
    appender.append({ subject: newSubject(), body: 'x', msgId: 'never answered' }),
    AppendUnknownError,
  )
  proxy.loseAnswers = false
  proxy.cutAll()
  appender.close()
})

test('a full store refuses at once whoever would give up, and keeps the others until there is room', {
  timeout: 60_000,
}, async () => {
  const own = await startTestNats({ fileStoreMax: '1MB' })
  const withEnd = appenderOn(own.nats, { giveUpAfterMs: 3_600_000 })
  const withoutEnd = appenderOn(own.nats)
  const subject = newSubject()
  const body = 'x'.repeat(20_000)
  const isFull = (error: unknown) => error instanceof AppendRefusedError && isStoreFull(error.code)
  const append = (i: string | number) => withEnd.append({ subject, body, msgId: `${subject}:${i}` })
  const appended: number[] = []
  await assert.rejects(async () => {
    for (let i = 0; i < 1_000; i++) appended.push((await append(i)).seq)
  }, isFull)
  const many = await Promise.allSettled(Array.from({ length: 60 }, (_, i) => append(`many ${i}`)))
  for (const each of many) assert.ok(each.status === 'rejected' && isFull(each.reason))
  await assert.rejects(withEnd.appendGroup(Array.from({ length: 20 }, () => ({ subject, body }))), isFull)
  assert.ok(withEnd.isRefusedAsFull)
  const waiting = Array.from({ length: 60 }, (_, i) =>
    withoutEnd.append({ subject, body, msgId: `${subject}:waits ${i}` }),
  )
  const { lastSeq } = await readStreamState(own.nats, 'EVENTS')
  assert.equal(lastSeq, appended.at(-1), 'what was refused is not there, what was acknowledged is')
  await own.restartServer({ fileStoreMax: '1TB' })
  await Promise.all(waiting)
  assert.deepEqual(await append('many 0'), { seq: lastSeq + 61, isDuplicate: false })
  assert.ok(!withEnd.isRefusedAsFull)
  withEnd.close()
  withoutEnd.close()
  await own.close()
})

test('appends outlive a kill -9 of the server', async () => {
  const own = await startTestNats()
  const appender = appenderOn(own.nats)
  const subject = newSubject()
  let next = 0
  const posting = Promise.all(
    Array.from({ length: 20 }, async () => {
      while (next < 2_000) {
        const i = next++
        await appender.append({ subject, body: `${i}`, msgId: `${subject}:${i}` })
      }
    }),
  )
  await until('some are in', async () => appender.lastSeq > 300)
  await own.restartServer()
  await posting
  const { lastSeq } = await readStreamState(own.nats, 'EVENTS')
  assert.equal(lastSeq, 2_000)
  appender.close()
  await own.close()
})
