import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type { SystemAnswer } from '#shared/contract/system-schemas.ts'
import { registerUser } from '../support/accounts.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let receiver: Receiver
before(async () => {
  stack = await startStack({ READ_YOUR_WRITES_TIMEOUT_MS: '2000' })
  receiver = await startReceiver()
  await stack.api.createEventType()
})
after(async () => {
  await stack?.close()
  await receiver?.close()
})

test('the system page tells of every part, and viewers and secrets of one application are not told', async () => {
  const { api, credentials } = stack
  await until('all lanes have an owner', async () => {
    const { body } = await api.call<SystemAnswer>('GET', '/system')
    return body.lanes.every(({ owner }) => owner !== null)
  })
  const { status, body } = await api.call<SystemAnswer>('GET', '/system')
  assert.equal(status, 200)
  assert.equal(body.status, 'ok', JSON.stringify(body.parts.filter((part) => part.status !== 'ok')))
  assert.deepEqual(body.streams.map(({ name }) => name).sort(), [
    'AUDIT',
    'CONTROL',
    'EVENTS',
    'INBOX',
    'LEDGER',
    'WAITING',
  ])
  assert.ok(body.consumers.some(({ name, stream }) => name === 'lane-0' && stream === 'LEDGER'))
  assert.deepEqual(body.projections.map(({ name }) => name).sort(), ['audit', 'control', 'events', 'ledger'])
  assert.ok(body.projections.every(({ lag, rebuild }) => lag !== null && rebuild === null))
  assert.equal(body.reconciler?.brought_back, 0)
  assert.ok((body.disk?.free_bytes ?? 0) > 0)
  assert.doesNotMatch(JSON.stringify(body), /:\/\/[^/]*@/)
  const asSecret = await api.call<ProblemDocument>(
    'GET',
    '/system',
    undefined,
    `Bearer ${credentials.application_secret}`,
  )
  assert.deepEqual([asSecret.status, asSecret.body.id], [403, 'Forbidden'])
  const member = await registerUser(api)
  const invite = { email: member.email, role: 'viewer' }
  await api.call('POST', `/organizations/${credentials.organization_id}/invite`, invite)
  const left = { user_id: member.userId }
  await api.call('DELETE', `/organizations/${member.organizationId}/invite`, left, member.authorization)
  const own = await api.call('DELETE', `/organizations/${member.organizationId}`, undefined, member.authorization)
  assert.ok(own.status === 204 || own.status === 403, String(own.status))
  assert.equal((await api.call('GET', '/system', undefined, member.authorization)).status, 403)
})

test('the page at / may load nothing from elsewhere', async () => {
  const page = await fetch(`${stack.apiUrl()}/`)
  assert.equal(page.status, 200)
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'self'; script-src 'self';/)
})
