import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { controlSubject, decodeControlFact, type ReceiverState, type SubscriptionState } from '#shared/facts/control.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import { PASSWORD } from '../support/accounts.ts'
import { testLogger } from '../support/nats.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { startMailServer, type TestMailServer } from '../support/smtp.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let nats: Nats
let mails: TestMailServer
let operational: Receiver
let failing: Receiver
let operationalId: string
let operationalStatus = 200
let organizationId: string

type Told = { type: string; subscription_id: string; reason?: string; status_code?: number; application_id: string }
const told = (type: string): Told[] =>
  operational.requests.map(({ body }) => JSON.parse(body.toString()) as Told).filter((each) => each.type === type)

before(async () => {
  mails = await startMailServer()
  stack = await startStack({ SMTP_URL: mails.url, EMAIL_SENDER_ADDRESS: 'jethook@example.com' })
  nats = await connectNats(stack.servers.natsUrl, 'test', testLogger)
  organizationId = stack.credentials.organization_id
  operational = await startReceiver(() => ({ status: operationalStatus }))
  failing = await startReceiver(() => ({ status: 400 }))
  const path = `/organizations/${organizationId}/operational_application`
  const [one, other] = await Promise.all([1, 2].map(() => stack.api.call<{ application_id: string }>('POST', path)))
  assert.equal(one!.status, 200)
  assert.equal(one!.body.application_id, other!.body.application_id)
  operationalId = one!.body.application_id
  await stack.api.createEventType()
  await stack.api.subscribe(operational.url, {
    application_id: operationalId,
    event_types: ['jethook.**'],
    labels: { organization_id: organizationId },
  })
})
after(async () => {
  await nats?.connection.close()
  await stack?.close()
  await Promise.all([operational, failing, mails].map((each) => each?.close()))
})

async function stateOf(subscriptionId: string): Promise<{ state: SubscriptionState; seq: number }> {
  const stored = await nats.jsm.streams.getMessage('CONTROL', {
    last_by_subj: `control.subscription.${subscriptionId}`,
  })
  return { state: decodeControlFact(stored!.string()) as SubscriptionState, seq: stored!.seq }
}

test('only jethook posts into it, and its types are fixed', async () => {
  const event = { ...stack.api.eventPost(), application_id: operationalId, event_type: 'jethook.delivery.dead' }
  assert.equal((await stack.api.call('POST', '/event', event)).status, 403)
  const type = { application_id: operationalId, service: 'a', resource_type: 'b', verb: 'c' }
  assert.equal((await stack.api.call('POST', '/event_types', type)).status, 403)
  const path = `/event_types/jethook.delivery.dead?application_id=${operationalId}`
  assert.equal((await stack.api.call('DELETE', path)).status, 403)
})

test('a dead letter is told once, also when jethook is restarted', async () => {
  const labels = { told: 'dead' }
  const { subscription_id } = await stack.api.subscribe(`${failing.url}/secret-path`, { labels })
  await stack.api.send({ labels })
  const ofThis = () => told('jethook.delivery.dead').filter((each) => each.subscription_id === subscription_id)
  await until('the dead letter is told', async () => ofThis().length === 1)
  assert.equal(ofThis()[0]?.status_code, 400)
  assert.ok(!operational.requests.some(({ body }) => body.includes('secret-path')))
  await stack.restart()
  await stack.api.send({ labels })
  await until('the next one is told', async () => ofThis().length === 2)
  assert.equal(
    new Set(operational.requests.map(({ headers }) => headers['x-event-id'])).size,
    operational.requests.length,
  )
})

test('a disabled subscription and an open breaker are told, and editors get a mail', async () => {
  const email = 'editor@example.com'
  const person = { first_name: 'Ada', last_name: 'Lovelace', email, password: PASSWORD }
  const { body: editor } = await stack.api.call<{ user_id: string }>('POST', '/register', person)
  const member = { v: 1, type: 'membership', organizationId, userId: editor.user_id, role: 'editor' } as const
  const changed = { createdAtMs: 0, changedAtMs: Date.now(), changedBy: { kind: 'system', id: 'test' } } as const
  const membership = { ...member, ...changed, deletedAtMs: null }
  await nats.js.publish(controlSubject(membership), JSON.stringify(membership))
  const { subscription_id } = await stack.api.subscribe(failing.url, { labels: { told: 'disabled' } })
  const { state } = await stateOf(subscription_id)
  const receiver: ReceiverState = {
    v: 1,
    type: 'receiver',
    subscriptionId: subscription_id,
    applicationId: state.applicationId,
    organizationId,
    breaker: { state: 'open', sinceMs: 5, reason: 'failures' },
    holdUntilMs: null,
    failingSinceMs: null,
    changedAtMs: Date.now(),
  }
  await nats.js.publish(controlSubject(receiver), JSON.stringify(receiver))
  await until('the breaker is told', async () => told('jethook.breaker.opened').length === 1)
  const gone = { ...state, isEnabled: false, disabledBecause: { reason: 'gone', sinceMs: 5 } }
  await nats.js.publish(controlSubject(state), JSON.stringify(gone))
  await until('it is told', async () => told('jethook.subscription.disabled').length === 1)
  assert.equal(told('jethook.subscription.disabled')[0]?.reason, 'gone')
  const isAbout = ({ to, content }: { to: string; content: string }) => to === email && content.includes('is gone')
  await until('the mail came', async () => mails.mails.some(isAbout))
  assert.equal(mails.mails.filter(isAbout).length, 1)
})

test('a receiver that says 410 has its subscription disabled, which is told, and mailed', async () => {
  const gone = await startReceiver(() => ({ status: 410 }))
  try {
    const labels = { told: 'gone' }
    const { subscription_id } = await stack.api.subscribe(gone.url, { labels })
    const mailsBefore = mails.mails.length
    await stack.api.send({ labels })
    const ofThis = () =>
      told('jethook.subscription.disabled').filter((each) => each.subscription_id === subscription_id)
    await until('it is told', async () => ofThis().length === 1)
    assert.equal(ofThis()[0]?.reason, 'gone')
    assert.equal((await stateOf(subscription_id)).state.isEnabled, false)
    const toEditor = () => mails.mails.slice(mailsBefore).filter(({ to }) => to === 'editor@example.com')
    await until('the mail came', async () => toEditor().length === 1)
    assert.match(toEditor()[0]!.content, /is gone/)
    assert.equal(gone.requests.length, 1)
  } finally {
    await gone.close()
  }
})

test('dead letters of an operational application make no further event', async () => {
  operationalStatus = 400
  const labels = { told: 'loop' }
  const { subscription_id } = await stack.api.subscribe(failing.url, { labels })
  await stack.api.send({ labels })
  const ofThis = () => told('jethook.delivery.dead').filter((each) => each.subscription_id === subscription_id)
  const path = `/request_attempts?application_id=${operationalId}&outcome=failed`
  const failed = async () => (await stack.api.call<unknown[]>('GET', path)).body.length
  // One of an earlier test may still have been on its way to a receiver that now refuses.
  await until('the operational delivery is dead', async () => ofThis().length === 1 && (await failed()) >= 1)
  operationalStatus = 200
  await stack.api.send({ labels })
  await until('the next one is told', async () => ofThis().length === 2)
  assert.ok(
    !operational.requests.some(({ body }) => (JSON.parse(body.toString()) as Told).application_id === operationalId),
  )
})
