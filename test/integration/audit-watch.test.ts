import { after, before, test } from 'node:test'
import { createAuditWatch } from '#projections/audit-watch.ts'
import { controlSubject } from '#shared/facts/control.ts'
import { createHealth } from '#shared/runtime/health.ts'
import { organizationState } from '../support/control-facts.ts'
import { startTestNats, type TestNats, testLogger } from '../support/nats.ts'
import { until } from '../support/until.ts'

let testNats: TestNats
before(async () => {
  testNats = await startTestNats()
})
after(() => testNats.close())

test('an end of the copying is noticed, and so is its going on', async () => {
  const { nats } = testNats
  const health = createHealth()
  const watch = createAuditWatch({ nats, health, logger: testLogger, intervalMs: 30, graceMs: 100 })
  const change = async (name: string) => {
    const fact = organizationState({ name })
    await nats.js.publish(controlSubject(fact), JSON.stringify(fact))
  }
  const isWell = () => health.parts()['audit copies']?.isWell
  await watch.start()
  await change('first')
  const { config } = await nats.jsm.streams.info('AUDIT')
  await until('it is copied', async () => (await nats.jsm.streams.info('AUDIT')).state.messages === 1)
  await until('all is well', async () => isWell() === true)
  await nats.jsm.streams.update('AUDIT', { ...config, sources: [] })
  await change('second')
  await until('the alarm', async () => isWell() === false)
  await nats.jsm.streams.update('AUDIT', config)
  await until('all is well again', async () => isWell() === true)
  await watch.stop()
})
