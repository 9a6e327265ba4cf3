import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { newEventId } from '#shared/domain/ids.ts'
import { connectPublisher, type NatsPublisher, natsHeaders } from '../support/nats-publisher.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

interface Told {
  kind: string
  event_id?: string
  delivery_id?: string
  subscription_id?: string
  cause?: string
  status_code?: number
  problem?: { id: string }
}

let stack: Stack
let receiver: Receiver
let publisher: NatsPublisher
let app = ''
const told: Told[] = []

before(async () => {
  stack = await startStack({ RETRY_SCHEDULE: '1h' })
  receiver = await startReceiver(({ body }) => ({ status: Number(body.toString()) }))
  publisher = await connectPublisher(stack.servers.natsUrl)
  app = stack.credentials.application_id
  publisher.connection.subscribe(`out.${app}.>`, {
    callback: (_, message) => void told.push({ kind: message.subject.split('.')[2]!, ...message.json<object>() }),
  })
  await publisher.connection.flush()
  await stack.api.createEventType()
})
after(async () => {
  await publisher?.close()
  await receiver?.close()
  await stack?.close()
})

const tellingOf = (kind: string, eventId: string) =>
  until(`${kind} is told`, async () => told.find((each) => each.kind === kind && each.event_id === eventId))

test('an application hears what becomes of its events: accepted, delivered, dead, cancelled, rejected', async () => {
  const { subscription_id } = await stack.api.subscribe(receiver.url)
  const delivered = await stack.api.send({ payload: '200' })
  await tellingOf('accepted', delivered)
  assert.equal((await tellingOf('delivered', delivered)).status_code, 200)
  const dead = await stack.api.send({ payload: '404' })
  const { cause, delivery_id } = await tellingOf('dead', dead)
  assert.equal(cause, 'permanent')
  assert.match(delivery_id ?? '', /^[0-9a-f-]{36}$/)
  const rejected = newEventId(Date.now())
  const headers = natsHeaders({ 'Jethook-Event-Id': rejected })
  await publisher.js.publish(`in.${app}.no.such.type`, '{}', { headers })
  assert.equal((await tellingOf('rejected', rejected)).problem?.id, 'EventTypeDoesNotExist')
  const waiting = await stack.api.send({ payload: '503' })
  await until('the first attempt', async () => {
    const [attempt] = (await stack.api.attempts({ event_id: waiting })).filter(({ outcome }) => outcome !== null)
    return attempt
  })
  await stack.api.call('DELETE', `/subscriptions/${subscription_id}?application_id=${app}`)
  const cancelled = await until('cancelled is told', async () => told.find(({ kind }) => kind === 'cancelled'))
  assert.equal(cancelled.subscription_id, subscription_id)
  assert.equal(told.filter(({ event_id }) => event_id === delivered).length, 2, 'each thing once')
})
