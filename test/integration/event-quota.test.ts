import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ProblemError } from '#shared/contract/problems.ts'
import { createRegistry } from '#shared/domain/registry.ts'
import { NO_APPLICATION_QUOTAS } from '#shared/facts/control.ts'
import { eventSubject } from '#shared/facts/subjects.ts'
import { systemClock } from '#shared/runtime/clock.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { gatewayConfig } from '../../services/gateway/config.ts'
import { createEventQuota, type EventQuota } from '../../services/gateway/quotas/event-quota.ts'
import { applicationState, organizationState } from '../support/control-facts.ts'
import { startTestNats, type TestNats, testLogger } from '../support/nats.ts'
import { until } from '../support/until.ts'

const LIMIT = 3
const application = applicationState({ quotas: { ...NO_APPLICATION_QUOTAS, eventsPerDay: LIMIT } })
const SUBJECT = eventSubject(application.applicationId, { service: 'a', resourceType: 'b', verb: 'c' })

let server: TestNats
let quota: EventQuota
before(async () => {
  server = await startTestNats()
  const registry = createRegistry()
  registry.evolve(organizationState(), 1)
  registry.evolve(application, 2)
  quota = createEventQuota({
    nats: server.nats,
    registry,
    clock: systemClock,
    logger: testLogger,
    config: gatewayConfig(loadSettings({ ENABLE_QUOTA_ENFORCEMENT: 'true' })).quotas,
    onWarning() {},
  })
  await quota.start()
})
after(async () => {
  await quota?.stop()
  await server?.close()
})

const isRefused = () =>
  quota.reserve(application).then(
    (reservation) => {
      reservation.release()
      return false
    },
    (error: unknown) => {
      assert.ok(error instanceof ProblemError && error.document.id === 'TooManyEventsToday', String(error))
      return true
    },
  )

test('an event that is read back before its append is answered counts once', async () => {
  const [first, second] = [await quota.reserve(application), await quota.reserve(application)]
  first.appendAs('first')
  second.appendAs('second')
  assert.equal(await isRefused(), false, 'two of three are taken')
  const { seq } = await server.nats.js.publish(SUBJECT, 'first', { msgID: 'first' })
  // Whoever reserves near a limit has waited until the stream is read back.
  assert.equal(await isRefused(), false, 'one is read back, one is being appended')
  first.keep(seq)
  assert.equal(await isRefused(), false, 'the answer has come')
  second.release()
  const third = await quota.reserve(application)
  const fourth = await quota.reserve(application)
  assert.equal(await isRefused(), true, 'three of three are taken')
  third.release()
  fourth.release()
  await until('what is given back is free again', async () => !(await isRefused()))
})
