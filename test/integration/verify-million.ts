import { type Placed, verifyLedger } from '#scripts/verify/verify-ledger.ts'
import { attemptIdOf, deliveryIdOf } from '#shared/domain/ids.ts'
import type { MatchableEvent } from '#shared/domain/match.ts'
import type { LedgerFact } from '#shared/facts/ledger.ts'
import { applicationState, eventTypeState, organizationState, subscriptionState } from '../support/control-facts.ts'

/** Verifies so many made-up LEDGER facts, and prints what it took. In a process of its own: its memory is what is asked for. */
const FACTS = Number(process.argv[2] ?? 1_000_000)
const PER_GROUP = 100
const EVENTS = Math.floor(FACTS / (2 + 1 / PER_GROUP))
const SUBSCRIPTION = '5c8b9f9e-1111-8111-a111-111111111111'

const idOf = (n: number) => `00000000-0000-8000-a000-${n.toString(16).padStart(12, '0')}`
const control = [organizationState(), applicationState(), eventTypeState('a.b.c'), subscriptionState(SUBSCRIPTION)]

async function* controlFacts() {
  for (const [i, value] of control.entries()) yield { seq: i + 1, value }
}

async function* events(): AsyncGenerator<Placed<MatchableEvent>> {
  const payload = Buffer.from('{}')
  for (let seq = 1; seq <= EVENTS; seq++) {
    const event = {
      v: 1 as const,
      eventId: idOf(seq),
      applicationId: 'app',
      organizationId: 'o',
      eventType: 'a.b.c',
      payloadContentType: 'application/json',
      labels: {},
      metadata: {},
      occurredAt: '2026-01-01T00:00:00Z',
      receivedAtMs: 0,
      ip: '127.0.0.1',
      controlSeq: 4,
      appendId: '',
    }
    yield { seq, value: { event, payload } }
  }
}

async function* ledger(): AsyncGenerator<Placed<LedgerFact>> {
  let seq = 0
  for (let from = 1; from <= EVENTS; from += PER_GROUP) {
    const to = Math.min(EVENTS, from + PER_GROUP - 1)
    const deliveries = Array.from({ length: to - from + 1 }, (_, i) => deliveryOf(from + i))
    for (const value of deliveries) yield { seq: ++seq, value }
    const range = { fromEventSeq: from, toEventSeq: to, controlSeq: 4, unmatched: [], matchedAtMs: 0 }
    yield { seq: ++seq, value: { v: 1, type: 'matched', ...range } }
    for (const delivery of deliveries) yield { seq: ++seq, value: attemptOf(delivery) }
  }
}

type Delivery = Extract<LedgerFact, { type: 'delivery' }>

function deliveryOf(eventSeq: number): Delivery {
  const eventId = idOf(eventSeq)
  const ids = { deliveryId: deliveryIdOf(eventId, SUBSCRIPTION, ''), eventId, subscriptionId: SUBSCRIPTION }
  return {
    v: 1,
    type: 'delivery',
    ...ids,
    eventSeq,
    eventType: 'a.b.c',
    applicationId: 'app',
    controlSeq: 4,
    createdAtMs: 0,
  }
}

function attemptOf(delivery: Delivery): LedgerFact {
  const { v, type, ...ids } = delivery
  return {
    v,
    type: 'attempt',
    ...ids,
    attemptId: attemptIdOf(ids.deliveryId, 1),
    attemptNumber: 1,
    dueAtMs: null,
    startedAtMs: 0,
    finishedAtMs: 1,
    durationMs: 1,
    outcome: 'success',
    errorName: null,
    errorMessage: null,
    response: { statusCode: 200, headers: {}, bodyBase64: '', isBodyCut: false },
    decision: { type: 'succeeded' },
  }
}

const startedMs = performance.now()
const report = await verifyLedger({
  control: controlFacts(),
  events: events(),
  ledger: ledger(),
  accepted: Array.from({ length: EVENTS }, (_, i) => idOf(i + 1)),
  isQuiet: true,
  retriesMax: 24,
  cancelGraceMs: 0,
})
process.stdout.write(
  JSON.stringify({
    facts: FACTS,
    succeeded: report.succeeded,
    violations: report.violations.length,
    maxRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    seconds: Math.round((performance.now() - startedMs) / 100) / 10,
  }),
)
