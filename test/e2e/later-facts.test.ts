import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connectPublisher, type NatsPublisher } from '../support/nats-publisher.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

/** What a later release that runs beside this one may write, and what comes of it here (docs/upgrades.md). */
let stack: Stack
let receiver: Receiver
let publisher: NatsPublisher
before(async () => {
  receiver = await startReceiver()
  stack = await startStack({ HEALTH_CHECK_KEY: '', READ_YOUR_WRITES_TIMEOUT_MS: '300' })
  publisher = await connectPublisher(stack.servers.natsUrl)
  await stack.api.createEventType()
})
after(async () => {
  await publisher.close()
  await stack.close()
  await receiver.close()
})

async function arrives(what: string): Promise<void> {
  const before = receiver.requests.length
  await stack.api.send()
  await receiver.waitFor((requests) => requests.length > before).catch(() => assert.fail(what))
}

test('a field that this release does not know is let be, wherever it stands', async () => {
  const { subscription_id } = await stack.api.subscribe(receiver.url)
  await arrives('an event')
  const jsm = await publisher.js.jetstreamManager()
  const later = async (stream: string, subject: string) => {
    const stored = await until(`a message of ${subject}`, () =>
      jsm.streams.getMessage(stream, { last_by_subj: subject }),
    )
    const fact = { ...(stored.json() as object), fromTheFuture: { any: ['thing'] } }
    await publisher.js.publish(subject, JSON.stringify(fact))
  }
  await later('CONTROL', `control.subscription.${subscription_id}`)
  await later('LEDGER', 'ledger.attempt')
  await arrives('an event after facts with further fields')
  const parts = await partsOf()
  assert.ok(Object.values(parts).every(({ is_well }) => is_well))
})

test('a kind of fact that this release does not know stops the rows, which say so; deliveries go on', async () => {
  await publisher.js.publish('ledger.future', JSON.stringify({ v: 1, type: 'future' }))
  const part = await until('the projection says so', async () => {
    const { 'projection ledger': ledger } = await partsOf()
    return ledger?.is_well === false && ledger
  })
  assert.match(part.detail ?? '', /LEDGER \d+ can't be read: LEDGER holds a fact of the unknown kind future/)
  await arrives('an event while rows stand still')
  const list = `/events?application_id=${stack.credentials.application_id}`
  assert.equal((await stack.api.call('GET', list)).headers.get('jethook-read-model'), 'behind')
})

async function partsOf(): Promise<Record<string, { is_well: boolean; detail: string | null }>> {
  const { body } = await stack.api.call<{ parts: Record<string, { is_well: boolean; detail: string | null }> }>(
    'GET',
    '/health',
  )
  return body.parts
}
