import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { attemptIdOf, deliveryIdOf, redrivenDeliveryIdOf } from '#shared/domain/ids.ts'
import type { Decision, DeliveryAttempted, DeliveryCreated, LedgerFact } from '#shared/facts/ledger.ts'

const APPLICATION = uuid('application')
const SUBSCRIPTIONS = [uuid('one'), uuid('two')]
const BY = { kind: 'user' as const, id: 'u' }
const JOB = uuid('job')

function uuid(name: string): string {
  const hex = createHash('sha1').update(name).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function delivery(n: number, which: number, controlSeq: number): DeliveryCreated {
  const [eventId, subscriptionId] = [uuid(`event ${n}`), SUBSCRIPTIONS[which]!]
  const deliveryId = deliveryIdOf(eventId, subscriptionId, '')
  const ids = { deliveryId, eventId, eventSeq: n, eventType: 'a.b.c', applicationId: APPLICATION, subscriptionId }
  return { v: 1, type: 'delivery', ...ids, controlSeq, createdAtMs: 1_000 + n }
}

function attempt(of: DeliveryCreated, attemptNumber: number, decision: Decision, isSuccess = false): DeliveryAttempted {
  return {
    ...of,
    type: 'attempt',
    attemptId: attemptIdOf(of.deliveryId, attemptNumber),
    attemptNumber,
    createdAtMs: attemptNumber === 1 ? of.createdAtMs : 2_000 * (attemptNumber - 1) + 10,
    dueAtMs: attemptNumber === 1 ? null : 2_000 * attemptNumber,
    startedAtMs: 2_000 * attemptNumber,
    finishedAtMs: 2_000 * attemptNumber + 10,
    durationMs: 10,
    outcome: isSuccess ? 'success' : 'failed',
    errorName: isSuccess ? null : 'E_HTTP',
    errorMessage: isSuccess ? null : 'm',
    response: { statusCode: isSuccess ? 200 : 500, headers: { a: 'b' }, bodyBase64: 'YQ==', isBodyCut: false },
    decision,
  }
}

/** The life of one delivery: retries, each perhaps told of as it starts, and some end or none yet. */
const life = fc
  .record({
    n: fc.integer({ min: 1, max: 8 }),
    which: fc.integer({ min: 0, max: 1 }),
    controlSeq: fc.integer({ min: 1, max: 4 }),
    retries: fc.integer({ min: 0, max: 3 }),
    isToldOfStart: fc.boolean(),
    end: fc.constantFrom('succeeded', 'dead-letter', 'open', 'redriven', 'discarded', 'called-off', 'twice'),
  })
  .map(({ n, which, controlSeq, retries, isToldOfStart, end }) => {
    const created = delivery(n, which, controlSeq)
    const { deliveryId } = created
    const facts: LedgerFact[] = [created]
    const add = (made: DeliveryAttempted) => {
      const { attemptId, startedAtMs } = made
      if (isToldOfStart) facts.push({ v: 1, type: 'started', attemptId, deliveryId, startedAtMs })
      facts.push(made)
    }
    for (let i = 1; i <= retries; i++)
      add(
        attempt(created, i, {
          type: 'retry',
          atMs: 2_000 * (i + 1),
          attemptId: attemptIdOf(deliveryId, i + 1),
        }),
      )
    const last = attempt(created, retries + 1, { type: 'dead-letter', reason: 'permanent' })
    const base = { v: 1 as const, jobId: JOB, applicationId: APPLICATION, deliveryIds: [deliveryId] }
    switch (end) {
      case 'open':
        break
      case 'succeeded':
        add(attempt(created, retries + 1, { type: 'succeeded' }, true))
        break
      case 'called-off':
        facts.push({
          v: 1,
          type: 'chosen_cancelled',
          deliveryIds: [deliveryId],
          applicationId: APPLICATION,
          cancelledAtMs: 7_000,
          cancelledBy: BY,
        })
        break
      case 'redriven':
        add(last)
        facts.push({ ...created, deliveryId: redrivenDeliveryIdOf(deliveryId), redriveOf: deliveryId, jobId: JOB })
        facts.push({ ...base, type: 'redriven', controlSeq, redrivenAtMs: 9_000, redrivenBy: BY })
        break
      case 'discarded':
        add(last)
        facts.push({ ...base, type: 'discarded', reason: 'r', discardedAtMs: 9_000, discardedBy: BY })
        break
      case 'dead-letter':
        add(last)
        break
      case 'twice':
        add(last)
        facts.push(created, last)
        break
    }
    return facts
  })

const cancellation = fc
  .record({ which: fc.option(fc.integer({ min: 0, max: 1 })), controlSeq: fc.integer({ min: 1, max: 5 }) })
  .map(({ which, controlSeq }): LedgerFact[] => [
    {
      v: 1,
      type: 'cancelled',
      subscriptionId: which === null ? null : SUBSCRIPTIONS[which]!,
      applicationId: APPLICATION,
      controlSeq,
      cancelledAtMs: 5_000 + controlSeq,
    },
  ])

const postponement = fc
  .record({ n: fc.integer({ min: 20, max: 24 }), ends: fc.subarray(['released', 'withdrawn'] as const) })
  .map(({ n, ends }) => {
    const eventId = uuid(`event ${n}`)
    const matched = { fromEventSeq: n, toEventSeq: n, controlSeq: 1, unmatched: [], matchedAtMs: 0 }
    const postponed = [{ eventSeq: n, eventId, applicationId: APPLICATION, deliverAtMs: 50_000 }]
    const facts: LedgerFact[] = [{ v: 1, type: 'matched', ...matched, postponed }]
    for (const type of ends)
      facts.push(
        type === 'released'
          ? { v: 1, type, throughWaitingSeq: n, eventIds: [eventId], controlSeq: 1, releasedAtMs: 50_000 }
          : { v: 1, type, eventId, applicationId: APPLICATION, withdrawnAtMs: 40_000, withdrawnBy: BY },
      )
    return facts
  })

/** What LEDGER may hold: the lives of some deliveries and events and cancellations of either kind, mixed, each in its own order. */
export const ledgerFacts: fc.Arbitrary<LedgerFact[]> = fc
  .tuple(
    fc.uniqueArray(fc.oneof({ arbitrary: life, weight: 6 }, cancellation, postponement), {
      maxLength: 12,
      // Matching is conditional: of a delivery there is one fact, or that very fact again.
      selector: ([fact]) => (fact?.type === 'delivery' ? fact.deliveryId : JSON.stringify(fact)),
    }),
    fc.array(fc.nat(), { minLength: 1, maxLength: 60 }),
  )
  .map(([lives, picks]) => {
    const queues = lives.map((facts) => [...facts])
    const facts: LedgerFact[] = []
    for (let i = 0; queues.some((queue) => queue.length > 0); i++) {
      const left = queues.filter((queue) => queue.length > 0)
      facts.push(left[picks[i % picks.length]! % left.length]!.shift()!)
    }
    return facts
  })
