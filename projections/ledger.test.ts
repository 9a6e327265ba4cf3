import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { attemptIdOf, deliveryIdOf, redrivenDeliveryIdOf } from '#shared/domain/ids.ts'
import type { Decision, DeliveryAttempted, DeliveryCreated, LedgerFact } from '#shared/facts/ledger.ts'
import {
  type AttemptColumns,
  type DeliveryColumns,
  foldLedger,
  type LedgerRows,
  type LedgerState,
  openRetriesOf,
} from './ledger.ts'

const SUBSCRIPTION = 'sub'

function deliveryFact(n: number, controlSeq = 1): DeliveryCreated {
  const eventId = `event-${n}`
  return {
    v: 1,
    type: 'delivery',
    deliveryId: deliveryIdOf(eventId, SUBSCRIPTION, ''),
    eventId,
    eventSeq: n,
    eventType: 'a.b.c',
    applicationId: 'app',
    subscriptionId: SUBSCRIPTION,
    controlSeq,
    createdAtMs: 1_000 + n,
  }
}

function attemptFact(delivery: DeliveryCreated, attemptNumber: number, decision: Decision): DeliveryAttempted {
  const isSuccess = decision.type === 'succeeded'
  return {
    ...delivery,
    type: 'attempt',
    attemptId: attemptIdOf(delivery.deliveryId, attemptNumber),
    attemptNumber,
    createdAtMs: attemptNumber === 1 ? delivery.createdAtMs : 2_000 * (attemptNumber - 1) + 10,
    dueAtMs: attemptNumber === 1 ? null : 2_000 * attemptNumber,
    startedAtMs: 2_000 * attemptNumber,
    finishedAtMs: 2_000 * attemptNumber + 10,
    durationMs: 10,
    outcome: isSuccess ? 'success' : 'failed',
    errorName: isSuccess ? null : 'E_HTTP',
    errorMessage: isSuccess ? null : 'm',
    response: { statusCode: isSuccess ? 200 : 500, headers: {}, bodyBase64: '', isBodyCut: false },
    decision,
  }
}

const retryOf = (delivery: DeliveryCreated, attemptNumber: number): Decision => ({
  type: 'retry',
  atMs: 2_000 * (attemptNumber + 1),
  attemptId: attemptIdOf(delivery.deliveryId, attemptNumber + 1),
})

function resolved(type: 'redriven' | 'discarded', { deliveryId }: DeliveryCreated): LedgerFact {
  const base = { v: 1 as const, jobId: 'job', applicationId: 'app', deliveryIds: [deliveryId] }
  const by = { kind: 'user' as const, id: 'u' }
  return type === 'redriven'
    ? { ...base, type, controlSeq: 1, redrivenAtMs: 9_000, redrivenBy: by }
    : { ...base, type, reason: 'r', discardedAtMs: 9_000, discardedBy: by }
}

/** The whole history of one delivery: some retries, then an end, or none yet. */
const history = fc
  .record({
    n: fc.integer({ min: 1, max: 6 }),
    retries: fc.integer({ min: 0, max: 3 }),
    end: fc.constantFrom('succeeded', 'dead-letter', 'open', 'redriven', 'discarded'),
  })
  .map(({ n, retries, end }) => {
    const delivery = deliveryFact(n)
    const facts: LedgerFact[] = [delivery]
    for (let i = 1; i <= retries; i++) facts.push(attemptFact(delivery, i, retryOf(delivery, i)))
    if (end === 'succeeded') facts.push(attemptFact(delivery, retries + 1, { type: 'succeeded' }))
    if (end === 'dead-letter' || end === 'redriven' || end === 'discarded')
      facts.push(attemptFact(delivery, retries + 1, { type: 'dead-letter', reason: 'permanent' }))
    if (end === 'redriven') {
      const again = {
        ...delivery,
        deliveryId: redrivenDeliveryIdOf(delivery.deliveryId),
        redriveOf: delivery.deliveryId,
      }
      facts.push(again, resolved('redriven', delivery), attemptFact(again, 1, { type: 'succeeded' }))
    }
    if (end === 'discarded') facts.push(resolved('discarded', delivery))
    return facts
  })

/** What the tables hold, by the rules of the writer's SQL. */
interface Tables {
  deliveries: Map<string, DeliveryColumns>
  attempts: Map<string, AttemptColumns>
  deadLetters: Map<string, { reason: string; ledgerSeq: number; resolution: string | null }>
}

function applyRows(tables: Tables, { segments }: LedgerRows): void {
  for (const segment of segments) {
    for (const [id, row] of segment.newDeliveries) {
      const before = tables.deliveries.get(id)
      if (!before) tables.deliveries.set(id, row)
      else if (before.status === 'pending')
        tables.deliveries.set(id, { ...before, status: row.status, finishedAtMs: row.finishedAtMs })
    }
    for (const [id, end] of segment.finishedDeliveries) {
      const row = tables.deliveries.get(id)
      if (row?.status === 'pending') tables.deliveries.set(id, { ...row, ...end })
    }
    for (const [id, row] of segment.attempts) {
      const before = tables.attempts.get(id)
      if (!before || (row.hasResponse && !before.hasResponse))
        tables.attempts.set(id, before ? { ...row, createdAtMs: before.createdAtMs } : row)
    }
    for (const { attemptId, deliveryId } of openRetriesOf(segment)) {
      const [attempt, delivery] = [tables.attempts.get(attemptId)!, tables.deliveries.get(deliveryId)]
      if (attempt.outcome === null && delivery?.status === 'cancelled')
        tables.attempts.set(attemptId, { ...attempt, outcome: 'cancelled', failedAtMs: delivery.finishedAtMs })
    }
    for (const [id, { reason, ledgerSeq }] of segment.deadLetters) {
      const wanted = reason === 'cancelled' ? 'cancelled' : 'dead-lettered'
      if (tables.deliveries.get(id)?.status === wanted && !tables.deadLetters.has(id))
        tables.deadLetters.set(id, { reason, ledgerSeq, resolution: null })
    }
    for (const [id, { resolution }] of segment.resolutions) {
      const letter = tables.deadLetters.get(id)
      if (letter && letter.resolution === null) tables.deadLetters.set(id, { ...letter, resolution })
    }
    const cancelled = segment.thenCancelled?.fact
    if (!cancelled) continue
    for (const [id, row] of tables.deliveries) {
      const isInScope =
        cancelled.type === 'cancelled' ? row.controlSeq < cancelled.controlSeq : cancelled.deliveryIds.includes(id)
      if (row.status !== 'pending' || !isInScope) continue
      tables.deliveries.set(id, { ...row, status: 'cancelled', finishedAtMs: cancelled.cancelledAtMs })
      const ledgerSeq = segment.thenCancelled!.seq
      if (!tables.deadLetters.has(id)) tables.deadLetters.set(id, { reason: 'cancelled', ledgerSeq, resolution: null })
      for (const [attemptId, attempt] of tables.attempts) {
        if (attempt.deliveryId !== id || attempt.outcome !== null) continue
        tables.attempts.set(attemptId, { ...attempt, outcome: 'cancelled', failedAtMs: cancelled.cancelledAtMs })
      }
    }
  }
}

/** Folds the facts in batches that end where `cuts` says. */
function tablesOf(facts: readonly LedgerFact[], cuts: readonly number[]): Tables {
  const tables: Tables = { deliveries: new Map(), attempts: new Map(), deadLetters: new Map() }
  let state: LedgerState = new Map()
  const ends = [...new Set(cuts.map((cut) => cut % (facts.length + 1)))].sort((a, b) => a - b)
  let from = 0
  for (const to of [...ends, facts.length]) {
    if (to <= from) continue
    const folded = foldLedger(
      state,
      facts.slice(from, to).map((fact, i) => ({ seq: from + i + 1, fact })),
    )
    applyRows(tables, folded.rows)
    state = folded.state
    from = to
  }
  return tables
}

/** Histories of different deliveries, mixed, each in its own order. */
const mixed = fc
  .tuple(
    fc.uniqueArray(history, { maxLength: 6, selector: ([delivery]) => (delivery as DeliveryCreated).eventId }),
    fc.array(fc.nat(), { maxLength: 60 }),
  )
  .map(([histories, picks]) => {
    const queues = histories.map((facts) => [...facts])
    const facts: LedgerFact[] = []
    for (let i = 0; queues.some((queue) => queue.length > 0); i++) {
      const left = queues.filter((queue) => queue.length > 0)
      facts.push(left[(picks[i % Math.max(1, picks.length)] ?? 0) % left.length]!.shift()!)
    }
    return facts
  })

const chosenCancelled = (deliveryIds: string[]): LedgerFact => ({
  v: 1,
  type: 'chosen_cancelled',
  deliveryIds,
  applicationId: 'app',
  cancelledAtMs: 7,
  cancelledBy: { kind: 'user', id: 'u' },
})

test('a delivery that is called off by itself stays so, whatever is still recorded of it', () => {
  const [called, other, ended] = [deliveryFact(1), deliveryFact(2), deliveryFact(3)]
  const facts = [
    called,
    other,
    ended,
    attemptFact(ended, 1, { type: 'succeeded' }),
    chosenCancelled([called.deliveryId, ended.deliveryId]),
    attemptFact(called, 1, retryOf(called, 1)),
    attemptFact(other, 1, retryOf(other, 1)),
    attemptFact(called, 2, { type: 'dead-letter', reason: 'permanent' }),
  ]
  for (let i = 0; i <= facts.length; i++) {
    const { deliveries, attempts, deadLetters } = tablesOf(facts.slice(0, i), [])
    if (i < 6) continue
    assert.equal(deliveries.get(called.deliveryId)?.status, 'cancelled')
    assert.equal(deliveries.get(other.deliveryId)?.status, 'pending')
    assert.equal(deliveries.get(ended.deliveryId)?.status, 'succeeded')
    const next = attempts.get(attemptIdOf(called.deliveryId, 2))
    assert.equal(next?.outcome, i < 8 ? 'cancelled' : 'failed')
    assert.equal(attempts.get(attemptIdOf(called.deliveryId, 1))?.outcome, 'failed')
    assert.deepEqual(
      [...deadLetters].map(([id, { reason }]) => [id, reason]),
      [[called.deliveryId, 'cancelled']],
    )
  }
})

test('the rows are the same however the facts are cut into batches', () => {
  fc.assert(
    fc.property(
      mixed,
      fc.array(fc.nat({ max: 100 }), { maxLength: 10 }),
      fc.option(fc.nat({ max: 40 })),
      fc.option(fc.nat({ max: 40 })),
      (facts, cuts, cancelAt, chooseAt) => {
        const all = [...facts]
        if (chooseAt !== null) {
          const chosen = [1, 2, 3].map((n) => deliveryFact(n).deliveryId)
          all.splice(chooseAt % (all.length + 1), 0, chosenCancelled(chosen))
        }
        if (cancelAt !== null) {
          all.splice(cancelAt % (all.length + 1), 0, {
            v: 1,
            type: 'cancelled',
            subscriptionId: SUBSCRIPTION,
            applicationId: 'app',
            controlSeq: 2,
            cancelledAtMs: 5,
          })
        }
        assert.deepEqual(tablesOf(all, cuts), tablesOf(all, []))
      },
    ),
    { numRuns: 1_000 },
  )
})

test('facts that are repeated change nothing', () => {
  fc.assert(
    fc.property(mixed, fc.array(fc.nat({ max: 100 }), { maxLength: 5 }), (facts, cuts) => {
      assert.deepEqual(tablesOf([...facts, ...facts], [...cuts, facts.length]), tablesOf(facts, []))
    }),
    { numRuns: 500 },
  )
})

test('a delivery that is matched with an older CONTROL sequence than a cancellation is closed at once, a newer one is not', () => {
  const cancelled: LedgerFact = {
    v: 1,
    type: 'cancelled',
    subscriptionId: SUBSCRIPTION,
    applicationId: 'app',
    controlSeq: 10,
    cancelledAtMs: 77,
  }
  const [older, newer] = [deliveryFact(1, 9), deliveryFact(2, 10)]
  const tables = tablesOf([cancelled, older, newer], [1])
  assert.equal(tables.deliveries.get(older.deliveryId)?.status, 'cancelled')
  assert.equal(tables.attempts.get(attemptIdOf(older.deliveryId, 1))?.failedAtMs, 77)
  assert.equal(tables.deliveries.get(newer.deliveryId)?.status, 'pending')
})

test('an attempt that was on the wire when its delivery was cancelled keeps its true answer, and nothing follows', () => {
  const delivery = deliveryFact(1)
  const cancelled: LedgerFact = {
    v: 1,
    type: 'cancelled',
    subscriptionId: SUBSCRIPTION,
    applicationId: 'app',
    controlSeq: 2,
    cancelledAtMs: 77,
  }
  const tables = tablesOf([delivery, cancelled, attemptFact(delivery, 1, retryOf(delivery, 1))], [2])
  const attempt = tables.attempts.get(attemptIdOf(delivery.deliveryId, 1))
  assert.equal(attempt?.outcome, 'failed')
  assert.equal(attempt?.nextAttemptAtMs, null)
  assert.equal(tables.attempts.size, 1)
  assert.equal(tables.deliveries.get(delivery.deliveryId)?.status, 'cancelled')
})

test('a late repetition of an attempt does not reopen or bury a delivery that has ended', () => {
  const delivery = deliveryFact(1)
  const facts = [
    delivery,
    attemptFact(delivery, 1, retryOf(delivery, 1)),
    attemptFact(delivery, 2, { type: 'succeeded' }),
    attemptFact(delivery, 3, { type: 'dead-letter', reason: 'retries-spent' }),
  ]
  for (const cuts of [[], [1], [2], [3], [1, 2, 3]]) {
    const tables = tablesOf(facts, cuts)
    assert.equal(tables.deliveries.get(delivery.deliveryId)?.status, 'succeeded')
    assert.equal(tables.deadLetters.size, 0)
  }
})

test('a delivery that is repeated behind its end does not let a repeated attempt end it again', () => {
  const delivery = deliveryFact(1)
  const dead = attemptFact(delivery, 1, { type: 'dead-letter', reason: 'permanent' })
  for (const cuts of [[], [1], [2], [3], [1, 2, 3]])
    assert.equal(tablesOf([delivery, dead, delivery, dead], cuts).deadLetters.get(delivery.deliveryId)?.ledgerSeq, 2)
})

test('a dead letter is redriven or discarded once: the first decision counts', () => {
  const delivery = deliveryFact(1)
  const facts = [
    delivery,
    attemptFact(delivery, 1, { type: 'dead-letter', reason: 'permanent' }),
    resolved('discarded', delivery),
    resolved('redriven', delivery),
  ]
  for (const cuts of [[], [1], [2], [3], [1, 2, 3]])
    assert.equal(tablesOf(facts, cuts).deadLetters.get(delivery.deliveryId)?.resolution, 'discarded')
})

test('what is called off is a dead letter too, whichever of the two facts comes first', () => {
  const delivery = deliveryFact(1)
  const cancelled: LedgerFact = {
    v: 1,
    type: 'cancelled',
    subscriptionId: SUBSCRIPTION,
    applicationId: 'app',
    controlSeq: 2,
    cancelledAtMs: 77,
  }
  for (const facts of [
    [delivery, cancelled],
    [cancelled, delivery],
  ])
    assert.deepEqual(tablesOf(facts, []).deadLetters.get(delivery.deliveryId), {
      reason: 'cancelled',
      ledgerSeq: 2,
      resolution: null,
    })
})

test('matching is known up to the furthest fact of a batch', () => {
  const facts: LedgerFact[] = [3, 9, 5].map((toEventSeq) => ({
    v: 1,
    type: 'matched',
    fromEventSeq: 1,
    toEventSeq,
    controlSeq: 1,
    unmatched: [],
    matchedAtMs: 0,
  }))
  assert.equal(
    foldLedger(
      new Map(),
      facts.map((fact, i) => ({ seq: i + 1, fact })),
    ).rows.matchedEventSeq,
    9,
  )
})
