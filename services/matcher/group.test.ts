import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DeliveryCreated } from '#shared/facts/ledger.ts'
import { groupMatches, type MatchedEvent, withoutMatchedPart } from './group.ts'

const CONTEXT = { controlSeq: 3, nowMs: 5, groupMax: 10 }

function event(eventSeq: number, count: number): MatchedEvent {
  const deliveries = Array.from(
    { length: count },
    (_, i) => ({ eventSeq, subscriptionId: `s${String(i).padStart(4, '0')}` }) as DeliveryCreated,
  )
  return { eventSeq, deliveries }
}

const events = fc
  .array(fc.integer({ min: 0, max: 35 }), { minLength: 1, maxLength: 30 })
  .map((counts) => counts.map((count, i) => event(i + 1, count)))

test('every delivery is in exactly one group, in the order of events, and no group is too large', () => {
  fc.assert(
    fc.property(events, (list) => {
      const groups = groupMatches(list, CONTEXT)
      const grouped = groups.flatMap((group) => group.deliveries)
      assert.deepEqual(
        grouped,
        list.flatMap(({ deliveries }) => deliveries),
      )
      for (const group of groups) assert.ok(group.deliveries.length + 1 <= CONTEXT.groupMax)
    }),
  )
})

test('going on after any group leaves exactly the deliveries that are not made yet', () => {
  fc.assert(
    fc.property(events, fc.nat(), (list, pick) => {
      const groups = groupMatches(list, CONTEXT)
      const done = groups.slice(0, (pick % groups.length) + 1)
      const { matched } = done.at(-1)!
      const rest = list
        .filter(({ eventSeq }) => eventSeq > matched.toEventSeq)
        .map((one) => withoutMatchedPart(one, matched.partOf))
      const all = [...done.flatMap((group) => group.deliveries), ...rest.flatMap(({ deliveries }) => deliveries)]
      assert.deepEqual(
        all,
        list.flatMap(({ deliveries }) => deliveries),
      )
    }),
  )
})

test('an event that nobody wants is named as unmatched', () => {
  const [group] = groupMatches([event(4, 0), event(5, 2), event(6, 0)], CONTEXT)
  assert.deepEqual(group?.matched.unmatched, [4, 6])
  assert.equal(group?.matched.fromEventSeq, 4)
  assert.equal(group?.matched.toEventSeq, 6)
})
