import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ControlFact, controlSubject, type SecretReveal } from '#shared/facts/control.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { applyStreams } from '#shared/runtime/streams.ts'
import { organizationState } from '../support/control-facts.ts'
import { startTestNats, type TestNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

let testNats: TestNats
before(async () => {
  testNats = await startTestNats()
})
after(() => testNats.close())

test('what only a later release audits is copied from its start on, and nothing is copied twice', async () => {
  const { nats } = testNats
  const append = (fact: ControlFact) => nats.js.publish(controlSubject(fact), JSON.stringify(fact))
  const copies = async () => (await nats.jsm.streams.info('AUDIT')).state.messages
  const { config } = await nats.jsm.streams.info('AUDIT')
  const isOfBefore = ({ filter_subject }: { filter_subject?: string }) => filter_subject !== 'control.secret_reveal.>'
  await nats.jsm.streams.update('AUDIT', { ...config, sources: (config.sources ?? []).filter(isOfBefore) })
  const before = await copies()
  await append(organizationState({ name: 'before' }))
  await until('it is copied', async () => (await copies()) === before + 1)
  await applyStreams(nats.jsm, loadSettings({}))
  const place = { subscriptionId: 's', applicationId: 'a', organizationId: 'o' }
  const reveal: SecretReveal = {
    v: 1,
    type: 'secret_reveal',
    ...place,
    changedAtMs: 0,
    changedBy: { kind: 'system', id: 'test' },
  }
  await append(reveal)
  await append(organizationState({ name: 'after' }))
  await until('both are copied', async () => (await copies()) >= before + 3)
  assert.equal(await copies(), before + 3)
})
