import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DiscardPolicy, JetStreamApiError, jetstream } from '@nats-io/jetstream'
import { loadSettings } from '#shared/runtime/config.ts'
import { applyStreams, INBOX_MESSAGE_MAX_BYTES } from '#shared/runtime/streams.ts'
import { startTestNats, type TestNats } from '../support/nats.ts'

let own: TestNats
before(async () => {
  own = await startTestNats()
})
after(() => own?.close())

const publish = (subject: string, body: Uint8Array | string = '{}') =>
  jetstream(own.nats.connection).publish(subject, body)
const refusedWith = (pattern: RegExp) => (error: unknown) =>
  error instanceof JetStreamApiError && pattern.test(error.message)
const settings = (more: Record<string, string> = {}) => loadSettings(more)

test('an INBOX that dropped its oldest messages is made to refuse the newest, and keeps what it holds', async () => {
  const { jsm } = own.nats
  await jsm.streams.delete('INBOX')
  await jsm.streams.add({
    name: 'INBOX',
    subjects: ['in.>'],
    discard: DiscardPolicy.Old,
    max_age: 7 * 24 * 3_600_000_000_000,
    duplicate_window: 100_000_000,
  })
  await publish('in.a.b.c.d')
  await applyStreams(jsm, settings())
  await applyStreams(jsm, settings())
  const { config, state } = await jsm.streams.info('INBOX')
  assert.deepEqual([config.discard, config.max_age, state.messages], [DiscardPolicy.New, 0, 1])
})

test('a full INBOX refuses: of one subject, in all, and what is too large', async () => {
  const { jsm } = own.nats
  await jsm.streams.purge('INBOX')
  await applyStreams(jsm, settings({ INBOX_MAX_MESSAGES: '100', INBOX_MAX_MESSAGES_PER_SUBJECT: '10' }))
  for (let i = 0; i < 10; i++) await publish('in.a.b.c.d')
  await assert.rejects(publish('in.a.b.c.d'), refusedWith(/maximum messages per subject exceeded/))
  for (let i = 0; i < 90; i++) await publish(`in.a.b.c.e${i}`)
  await assert.rejects(publish('in.b.b.c.d'), refusedWith(/maximum messages exceeded/))
  const { state } = await jsm.streams.info('INBOX')
  assert.deepEqual([state.messages, state.first_seq], [100, state.last_seq - 99])
  await jsm.streams.purge('INBOX')
  await assert.rejects(
    publish('in.a.b.c.d', Buffer.alloc(INBOX_MESSAGE_MAX_BYTES + 1)),
    refusedWith(/message size exceeds maximum/),
  )
})
