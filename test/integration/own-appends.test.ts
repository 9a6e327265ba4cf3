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
    let count = 200
    // A pause of 100 ms in between, of a slow disk, sends the reader back to the server for five seconds.
    await until(
      'of a burst the server hands out hardly anything',
      async () => {
        const [handedOutBefore, from] = [handedOut(), count]
        for (let round = 0; round < 10; round++, count += 200) await appendMany(appender, count, 200)
        await haveCome(count)
        return handedOut() - handedOutBefore < (count - from) / 2
      },
      60_000,
    )

    // Others write in between, and behind; what is not asked for stands between, too.
    for (let round = 0; round < 5; round++, count += 200)
      await Promise.all([
        appendMany(appender, count, 100),
        appendMany(other, count + 100, 100),
        appender.append({ subject: 'ledger.cancelled', body: '{}' }),
      ])
    await haveCome(count)
    assert.equal(new Set(seen.map(({ text }) => text)).size, count)
    assert.deepEqual(
      seen.map(({ seq }) => seq),
      seen.map(({ seq }) => seq).toSorted((a, b) => a - b),
    )
    assert.ok(seen.every(({ subject }) => subject === SUBJECT))
    await appendMany(other, count, 5)
    await haveCome(count + 5)
  } finally {
    await reader.stop()
    appender.close()
    other.close()
    await otherNats.connection.close()
  }
})
