import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliveryIdOf, redrivenDeliveryIdOf } from '#shared/domain/ids.ts'
import type { DeliveryCreated } from '#shared/facts/ledger.ts'
import { createRedriveCheck } from './redrive-check.ts'

const BY = { kind: 'user', id: 'u' } as const

function check(succeeded: string[] = []) {
  const broken: string[] = []
  const redrives = createRedriveCheck({
    hasEnded: (id) => id !== 'open',
    hasSucceeded: (id) => succeeded.includes(id),
    breaks: (invariant, subject, detail) => broken.push(`${invariant} ${subject} ${detail}`),
  })
  return {
    broken,
    redrives,
    redrive: (deliveryIds: string[], deliveries: DeliveryCreated[] = deliveryIds.map((id) => again(id))) =>
      redrives.onRedriven(
        {
          v: 1,
          type: 'redriven',
          jobId: 'j',
          applicationId: 'app',
          deliveryIds,
          controlSeq: 1,
          redrivenAtMs: 1,
          redrivenBy: BY,
        },
        deliveries,
      ),
  }
}

function again(redriveOf: string, more: Partial<DeliveryCreated> = {}): DeliveryCreated {
  const delivery = { deliveryId: redrivenDeliveryIdOf(redriveOf), redriveOf, applicationId: 'app', ...more }
  return delivery as DeliveryCreated
}

test('dead letters that are redriven once, and their successors after them, are as they should be', () => {
  const { broken, redrive } = check()
  redrive(['a', 'b'])
  redrive([redrivenDeliveryIdOf('a')])
  assert.deepEqual(broken, [])
})

test('what is redriven twice, too early or after its success is noticed', () => {
  const { broken, redrive, redrives } = check(['done'])
  redrive(['a'])
  redrive(['a'])
  redrive(['open'])
  redrive(['done'])
  redrives.onDiscarded({
    v: 1,
    type: 'discarded',
    jobId: 'j',
    applicationId: 'app',
    deliveryIds: ['a'],
    reason: 'r',
    discardedAtMs: 1,
    discardedBy: BY,
  })
  assert.deepEqual(
    broken.map((text) => text.split(' ').slice(0, 3).join(' ')),
    ['I21 delivery a', 'I21 delivery open', 'I21 delivery done', 'I21 delivery a'],
  )
})

test('deliveries that are not those of the redrive are noticed', () => {
  const { broken, redrive } = check()
  redrive(['a'], [])
  redrive(['b'], [again('c')])
  redrive(['d'], [again('d', { deliveryId: 'other' })])
  redrive(['e'], [again('e', { applicationId: 'another' })])
  assert.equal(broken.length, 4)
  assert.ok(broken.every((text) => text.startsWith('I11')))
})

test("a replay's deliveries bear its id, add up and are made once", () => {
  const { broken, redrives } = check()
  const of = (eventId: string) =>
    ({
      deliveryId: deliveryIdOf(eventId, 's', 'r'),
      eventId,
      subscriptionId: 's',
      applicationId: 'app',
    }) as DeliveryCreated
  const advance = (deliveries: DeliveryCreated[], deliveryCount: number, deliveriesSoFar: number) =>
    redrives.onReplayAdvanced(
      {
        v: 1,
        type: 'replay_advanced',
        replayId: 'r',
        applicationId: 'app',
        throughEventSeq: 1,
        controlSeq: 1,
        deliveryCount,
        deliveriesSoFar,
        advancedAtMs: 1,
      },
      deliveries,
    )
  advance([of('e1'), of('e2')], 2, 2)
  advance([of('e3')], 1, 3)
  assert.deepEqual(broken, [])
  advance([of('e4')], 1, 3)
  advance([{ ...of('e5'), deliveryId: 'other' }], 1, 4)
  assert.equal(broken.length, 2)
  advance([of('e1')], 1, 5)
  assert.match(broken[2]!, /twice/)
})
