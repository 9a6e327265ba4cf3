import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRegistry } from '#shared/domain/registry.ts'
import type { SubscriptionState } from '#shared/facts/control.ts'
import { AppendConflictError, type Appender, type AppendMessage } from '#shared/runtime/appender.ts'
import { subscriptionState } from '#test/support/control-facts.ts'
import { testLogger } from '#test/support/nats.ts'
import { type AutoDisableConfig, createAutoDisable } from './auto-disable.ts'

const HOUR_MS = 3_600_000
const NOW_MS = 10 * HOUR_MS

/** What is appended for a subscription whose receiver has failed. */
function disabling(config: AutoDisableConfig, more: Partial<SubscriptionState> = {}) {
  const registry = createRegistry()
  registry.evolve(subscriptionState('s', more), 7)
  const appended: { stream: string; message: AppendMessage }[] = []
  const appenderOf = (stream: string, fails = false) =>
    ({
      append: async (message: AppendMessage) => {
        if (fails) throw new AppendConflictError('changed meanwhile')
        appended.push({ stream, message })
        return { seq: 8, isDuplicate: false }
      },
    }) as unknown as Appender
  const deps = { registry, clock: { nowMs: () => NOW_MS }, logger: testLogger, config }
  const create = (isChanged = false) =>
    createAutoDisable({ ...deps, control: appenderOf('CONTROL', isChanged), ledger: appenderOf('LEDGER') })
  return { create, appended }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a subscription is disabled after so long of nothing but failures, and what it has open is called off', async () => {
  const { create, appended } = disabling({ afterMs: HOUR_MS, onGone: true })
  const autoDisable = create()
  autoDisable.onFailure('s', { failingSinceMs: NOW_MS - HOUR_MS + 1, isGone: false })
  await turn()
  assert.equal(appended.length, 0)
  autoDisable.onFailure('s', { failingSinceMs: NOW_MS - HOUR_MS, isGone: false })
  autoDisable.onFailure('s', { failingSinceMs: NOW_MS - HOUR_MS, isGone: false })
  await turn()
  assert.deepEqual(
    appended.map(({ stream }) => stream),
    ['CONTROL', 'LEDGER'],
  )
  const [state, cancelled] = appended.map(({ message }) => JSON.parse(String(message.body)))
  assert.deepEqual([state.isEnabled, state.disabledBecause], [false, { reason: 'failing', sinceMs: NOW_MS - HOUR_MS }])
  assert.equal(appended[0]?.message.expectLastSubjectSeq, 7)
  assert.deepEqual([cancelled.type, cancelled.subscriptionId, cancelled.controlSeq], ['cancelled', 's', 8])
})

test('one that is gone is disabled at once, if that is wanted', async () => {
  const gone = { failingSinceMs: NOW_MS, isGone: true }
  for (const [onGone, count] of [
    [true, 2],
    [false, 0],
  ] as const) {
    const { create, appended } = disabling({ afterMs: HOUR_MS, onGone })
    create().onFailure('s', gone)
    await turn()
    assert.equal(appended.length, count)
  }
})

test('it is left alone when that is switched off, when it is off already, or when somebody has just changed it', async () => {
  const long = { failingSinceMs: 0, isGone: false }
  const never = disabling({ afterMs: 0, onGone: true })
  never.create().onFailure('s', long)
  const off = disabling({ afterMs: HOUR_MS, onGone: true }, { isEnabled: false })
  off.create().onFailure('s', long)
  const changed = disabling({ afterMs: HOUR_MS, onGone: true })
  changed.create(true).onFailure('s', long)
  await turn()
  for (const { appended } of [never, off, changed]) assert.equal(appended.length, 0)
})
