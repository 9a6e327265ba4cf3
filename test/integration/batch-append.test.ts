import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AppendDuplicateError } from '#shared/runtime/appender.ts'
import { createGroupCommitAppender } from '#shared/runtime/group-commit-appender.ts'
import { startTestNats, type TestNats, testLogger } from '../support/nats.ts'

let testNats: TestNats
before(async () => {
  testNats = await startTestNats()
})
after(() => testNats.close())

const appender = () => createGroupCommitAppender({ nats: testNats.nats, stream: 'EVENTS', logger: testLogger })
const messages = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ subject: `event.${name}.${i}`, body: `${i}`, msgId: `${name}:${i}` }))
const stored = async () => (await testNats.nats.jsm.streams.info('EVENTS')).state.messages

test('a group with ids is stored whole, and its ids are known afterwards', async () => {
  const own = appender()
  const { seq } = await own.appendGroup(messages('whole', 700))
  assert.deepEqual(await own.append(messages('whole', 700)[5]!), { seq: seq - 694, isDuplicate: true })
  assert.equal((await appender().append(messages('whole', 700)[5]!)).isDuplicate, true)
})

test('a group of which one id is known is refused whole, also beside others', async () => {
  const own = appender()
  await own.append(messages('known', 1)[0]!)
  const before = await stored()
  const results = await Promise.allSettled([
    appender().appendGroup(messages('known', 50)),
    ...messages('beside', 30).map((message) => own.append(message)),
  ])
  assert.ok(results[0]!.status === 'rejected' && results[0]!.reason instanceof AppendDuplicateError)
  assert.ok(results.slice(1).every(({ status }) => status === 'fulfilled'))
  assert.equal(await stored(), before + 30)
})

test('what may be our own from an unclear first try is told from what is not', async () => {
  const [first] = messages('unclear', 1)
  const { seq } = await appender().append(first!)
  assert.deepEqual(await appender().append({ ...first!, mayBeStored: true }), { seq, isDuplicate: false })
  assert.equal((await appender().append({ ...first!, body: 'another', mayBeStored: true })).isDuplicate, true)
})
