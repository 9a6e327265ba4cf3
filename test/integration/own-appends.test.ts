import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Appender } from '#shared/runtime/appender.ts'
import { createGroupCommitAppender } from '#shared/runtime/group-commit-appender.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import { createStreamReader } from '#shared/runtime/stream-reader.ts'
import { startTestNats, testLogger } from '../support/nats.ts'
import { until } from '../support/until.ts'

const testNats = await startTestNats()
after(() => testNats.close())

const SUBJECT = 'ledger.attempt'

/** Counts what the server hands out to a reader. */
function withCountedMessages(nats: Nats): { nats: Nats; handedOut(): number } {
  let count = 0
  const consumers = new Proxy(nats.js.consumers, {
    get(target, name) {
      if (name !== 'get') return Reflect.get(target, name)
      return async (...wanted: Parameters<typeof target.get>) => {
        const consumer = await target.get(...wanted)
        const consume = consumer.consume.bind(consumer)
        consumer.consume = async (options) => {
          const messages = await consume(options)
          const iterator = messages[Symbol.asyncIterator].bind(messages)
          messages[Symbol.asyncIterator] = () => {
            const inner = iterator()
            return {
              async next() {
                const result = await inner.next()
                if (!result.done) count++
                return result
              },
              return: () => inner.return!(),
            }
          }
          return messages
        }
        return consumer
      }
    },
  })
  const js = new Proxy(nats.js, {
    get: (target, name) => (name === 'consumers' ? consumers : Reflect.get(target, name)),
  })
  return { nats: { ...nats, js }, handedOut: () => count }
}

async function appendMany(appender: Appender, from: number, count: number): Promise<void> {
  const texts = Array.from({ length: count }, (_, i) => String(from + i))
  await Promise.all(texts.map((body) => appender.append({ subject: SUBJECT, body })))
}

test('a process hardly asks the server for what it has appended itself, misses nothing of others, and keeps the order', async () => {
  const { nats, handedOut } = withCountedMessages(testNats.nats)
  const appender = createGroupCommitAppender({ nats, stream: 'LEDGER', logger: testLogger })
  const otherNats = await connectNats(testNats.server.url, 'other', testLogger)
  const other = createGroupCommitAppender({ nats: otherNats, stream: 'LEDGER', logger: testLogger })
  const seen: { seq: number; text: string; subject: string }[] = []
  const reader = createStreamReader({
    nats,
    logger: testLogger,
    stream: 'LEDGER',
    filterSubjects: [SUBJECT],
    fromSeq: () => (seen.at(-1)?.seq ?? 0) + 1,
    batchMax: 50,
    isOwnTakenFromMemory: true,
    async onBatch(messages) {
      for (const message of messages) seen.push({ seq: message.seq, text: message.string(), subject: message.subject })
    },
  })
  reader.start()
  const haveCome = (count: number) => until(`${count} have come`, async () => seen.length >= count)
  try {
    await appendMany(appender, 0, 200)
    await haveCome(200)
    for (let round = 1; round <= 10; round++) await appendMany(appender, round * 200, 200)
    await haveCome(2_200)
    const handedOutOfOwn = handedOut()
    assert.ok(handedOutOfOwn < 1_100, `${handedOutOfOwn} of 2,200 were handed out by the server`)

    // Others write in between, and behind; what is not asked for stands between, too.
    for (let round = 11; round <= 15; round++)
      await Promise.all([
        appendMany(appender, round * 200, 100),
        appendMany(other, round * 200 + 100, 100),
        appender.append({ subject: 'ledger.cancelled', body: '{}' }),
      ])
    await haveCome(3_200)
    assert.equal(new Set(seen.map(({ text }) => text)).size, 3_200)
    assert.deepEqual(
      seen.map(({ seq }) => seq),
      seen.map(({ seq }) => seq).toSorted((a, b) => a - b),
    )
    assert.ok(seen.every(({ subject }) => subject === SUBJECT))
    await appendMany(other, 3_200, 5)
    await haveCome(3_205)
  } finally {
    await reader.stop()
    appender.close()
    other.close()
    await otherNats.connection.close()
  }
})
