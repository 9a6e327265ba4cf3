import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { attemptIdOf, newEventId, rejectionIdOf } from '#shared/domain/ids.ts'
import { type MatchableEvent, matchEvent } from '#shared/domain/match.ts'
import { createRegistry } from '#shared/domain/registry.ts'
import type { ControlFact, Ordering } from '#shared/facts/control.ts'
import type { Decision, DeliveryAttempted, DeliveryCreated, LedgerFact } from '#shared/facts/ledger.ts'
import { applicationState, subscriptionState } from '#test/support/control-facts.ts'
import { createIdSet } from './id-set.ts'
import type { ConsumerLoad } from './server-state.ts'
import { INVARIANTS, type Invariant, type ReceivedRequest, type VerifyInput, verifyLedger } from './verify-ledger.ts'

const SUBSCRIPTIONS = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b']
const START_MS = 1_767_225_600_000
const CONTROL: ControlFact[] = [
  applicationState(),
  ...SUBSCRIPTIONS.map((id) => subscriptionState(id, { createdAtMs: 0, updatedAtMs: 0, maxRetries: 2 })),
]

function event(nowMs: number): MatchableEvent {
  return {
    event: {
      v: 1,
      eventId: newEventId(nowMs),
      applicationId: 'app',
      organizationId: 'o',
      eventType: 'a.b.c',
      payloadContentType: 'text/plain',
      labels: {},
      metadata: {},
      occurredAt: '',
      receivedAtMs: nowMs,
      ip: '',
      controlSeq: CONTROL.length,
      appendId: '',
    },
    payload: Buffer.from('x'),
  }
}

interface History {
  events: MatchableEvent[]
  ledger: LedgerFact[]
  received: ReceivedRequest[]
}

const DECISIONS: Record<string, (n: number) => Decision> = {
  succeeds: () => ({ type: 'succeeded' }),
  'is refused': () => ({ type: 'dead-letter', reason: 'permanent' }),
  'is given up': () => ({ type: 'dead-letter', reason: 'retries-spent' }),
}

/** Three events for two subscriptions: one delivery succeeds at the third attempt, one is refused, one is given up. */
function history(): History {
  const registry = createRegistry()
  for (const [i, fact] of CONTROL.entries()) registry.evolve(fact, i + 1)
  const events = [0, 1, 2].map((i) => event(START_MS + i))
  const deliveries = events.map((each, i) => matchEvent(each, i + 1, registry))
  const ledger: LedgerFact[] = [
    ...deliveries.flat(),
    {
      v: 1,
      type: 'matched',
      fromEventSeq: 1,
      toEventSeq: 3,
      controlSeq: CONTROL.length,
      unmatched: [],
      matchedAtMs: START_MS,
    },
  ]
  const received: ReceivedRequest[] = []
  const ways: [string, number][] = [
    ['succeeds', 1],
    ['succeeds', 3],
    ['is refused', 1],
    ['is given up', 3],
    ['succeeds', 1],
    ['succeeds', 2],
  ]
  for (const [i, delivery] of deliveries.flat().entries()) {
    const [way, count] = ways[i]!
    for (let n = 1; n <= count; n++) {
      const fact = attempt(delivery, n, n === count ? DECISIONS[way]!(n) : retryOf(delivery, n))
      ledger.push(fact)
      const { eventId, subscriptionId } = delivery
      received.push({ eventId, subscriptionId, status: fact.response!.statusCode, sha256: 'x' })
    }
  }
  return { events, ledger, received }
}

const timeOf = (n: number) => START_MS + n * 10_000

function retryOf({ deliveryId }: DeliveryCreated, n: number): Decision {
  return { type: 'retry', atMs: timeOf(n + 1), attemptId: attemptIdOf(deliveryId, n + 1) }
}

function attempt(delivery: DeliveryCreated, attemptNumber: number, decision: Decision): DeliveryAttempted {
  const statusCode =
    decision.type === 'succeeded' ? 200 : decision.type === 'dead-letter' && decision.reason === 'permanent' ? 404 : 503
  return {
    ...delivery,
    type: 'attempt',
    attemptId: attemptIdOf(delivery.deliveryId, attemptNumber),
    attemptNumber,
    createdAtMs: START_MS,
    dueAtMs: attemptNumber === 1 ? null : timeOf(attemptNumber),
    startedAtMs: timeOf(attemptNumber),
    finishedAtMs: timeOf(attemptNumber) + 5,
    durationMs: 5,
    outcome: decision.type === 'succeeded' ? 'success' : 'failed',
    errorName: null,
    errorMessage: null,
    response: { statusCode, headers: {}, bodyBase64: null, isBodyCut: false },
    decision,
  }
}

async function* placed<T>(values: readonly T[], skip = 0): AsyncGenerator<{ seq: number; value: T }> {
  for (const [i, value] of values.entries()) yield { seq: i + 1 + (i >= 2 ? skip : 0), value }
}

function verify({ events, ledger, received }: History, more: Partial<VerifyInput> = {}) {
  return verifyLedger({
    control: placed(CONTROL),
    events: placed(events),
    ledger: placed(ledger),
    accepted: events.map(({ event: { eventId } }) => eventId),
    received,
    digest: () => 'x',
    isQuiet: true,
    retriesMax: 24,
    cancelGraceMs: 1_000,
    ...more,
  })
}

const attempts = ({ ledger }: History) => ledger.filter((fact) => fact.type === 'attempt')
const indexOf = (made: History, wanted: (fact: DeliveryAttempted) => boolean) =>
  made.ledger.findIndex((fact) => fact.type === 'attempt' && wanted(fact))

test('a history as it should be breaks no promise', async () => {
  const report = await verify(history())
  assert.deepEqual(report.violations, [])
  assert.deepEqual([report.events, report.deliveries, report.attempts], [3, 6, 11])
  assert.deepEqual([report.succeeded, report.deadLettered, report.open], [4, 2, 0])
})

const stateOf = (consumers: ConsumerLoad[], scheduledDeliveryIds: string[] = []) => ({
  serverState: async () => ({ consumers, scheduledDeliveryIds, readAtMs: START_MS }),
})

/** A replay of the first event, whose deliveries succeed; as it should be, but for what `spoil` does to them. */
function replay({ events }: History, spoil: (deliveries: DeliveryCreated[]) => DeliveryCreated[]): LedgerFact[] {
  const registry = createRegistry()
  for (const [i, fact] of CONTROL.entries()) registry.evolve(fact, i + 1)
  const replayId = newEventId(START_MS + 60_000)
  const deliveries = matchEvent(events[0]!, 1, registry, { replayId })
  const { eventId } = events[0]!.event
  const replayed: LedgerFact = {
    v: 1,
    type: 'replayed',
    replayId,
    eventId,
    eventSeq: 1,
    applicationId: 'app',
    controlSeq: CONTROL.length,
    deliveryCount: deliveries.length,
    replayedAtMs: START_MS + 60_000,
    replayedBy: { kind: 'system', id: '' },
  }
  const made = spoil(deliveries)
  return [...made, replayed, ...made.map((each) => attempt(each, 1, { type: 'succeeded' }))]
}

function discarded(deliveryId: string): LedgerFact {
  const discardedBy = { kind: 'user', id: 'u' } as const
  const about = { jobId: 'j', applicationId: 'app', deliveryIds: [deliveryId], reason: 'r' }
  return { v: 1, type: 'discarded', ...about, discardedAtMs: START_MS, discardedBy }
}

const INBOX_MESSAGE = 'inbox-1-1767225600000000000'

/** The message that an event was made of, as if it had been refused. */
const REJECTED: LedgerFact = {
  v: 1,
  type: 'rejected',
  rejectionId: rejectionIdOf(INBOX_MESSAGE),
  inboxSeq: 1,
  applicationId: 'app',
  eventId: null,
  eventType: null,
  problemId: 'RateLimited',
  status: 429,
  detail: '',
  publishedAtMs: START_MS,
  rejectedAtMs: START_MS,
}

const ORDERING: Ordering = { by: { type: 'subscription' }, onDeadLetter: 'pass' }

function ordered(fact: ControlFact): ControlFact {
  return fact.type === 'subscription' ? { ...fact, ordering: ORDERING } : fact
}

/** Each spoils a history in one way, and names the promise that is broken by it. */
const DEFECTS: [name: string, invariant: Invariant, spoil: (made: History) => Partial<VerifyInput> | undefined][] = [
  [
    'a replay lacks one of its deliveries',
    'I11',
    (made) => void made.ledger.push(...replay(made, (facts) => facts.slice(1))),
  ],
  [
    'a replay makes a delivery that is not its own',
    'I11',
    (made) =>
      void made.ledger.push(...replay(made, ([first, ...rest]) => [{ ...first!, deliveryId: newEventId(5) }, ...rest])),
  ],
  [
    'a signature does not fit what arrived',
    'I14',
    (made) => {
      made.received[0]!.signature = { isValid: false, signedAtMs: START_MS, arrivedAtMs: START_MS }
    },
  ],
  [
    'a signature is of another time',
    'I14',
    (made) => {
      made.received[0]!.signature = { isValid: true, signedAtMs: START_MS, arrivedAtMs: START_MS + 301_000 }
    },
  ],
  [
    'more is handed out than may be outstanding',
    'I19',
    () => ({ ...stateOf([{ name: 'lane-0', ackPending: 11, ackPendingMax: 10, pending: 0 }]), isQuiet: false }),
  ],
  [
    'a message is never acknowledged',
    'I20',
    () => stateOf([{ name: 'lane-0', ackPending: 1, ackPendingMax: 10, pending: 0 }]),
  ],
  [
    'a delivery that has succeeded is scheduled',
    'I20',
    (made) => stateOf([], [attempts(made).find(({ decision }) => decision.type === 'succeeded')!.deliveryId]),
  ],
  [
    'a delivery that is dead is scheduled',
    'I20',
    (made) => stateOf([], [attempts(made).find(({ decision }) => decision.type === 'dead-letter')!.deliveryId]),
  ],
  [
    'a retry waits for its time, but is not scheduled',
    'I20',
    (made) => {
      made.ledger.splice(indexOf(made, ({ attemptNumber }) => attemptNumber === 2))
      return { ...stateOf([]), isQuiet: false }
    },
  ],
  [
    'an attempt sends other bytes than the one before',
    'I14',
    (made) => {
      const at = made.received.findIndex(({ status }) => status === 503)
      made.received[at] = { ...made.received[at]!, sha256: 'y' }
      return { events: asyncOf([]) }
    },
  ],
  [
    'a delivery ends in another application',
    'I17',
    (made) => {
      const at = indexOf(made, ({ decision }) => decision.type === 'succeeded')
      made.ledger[at] = { ...(made.ledger[at] as DeliveryAttempted), applicationId: 'another' }
    },
  ],
  [
    'a receiver is asked again after a success, more often than may be',
    'I5',
    (made) => {
      made.received.push(made.received.find(({ status }) => status === 200)!)
      return { repeatedMax: 0 }
    },
  ],
  [
    'an ordered delivery overtakes the one in front',
    'I15',
    (made) => {
      const [first, second] = made.ledger.filter(
        (fact) => fact.type === 'delivery' && fact.subscriptionId === SUBSCRIPTIONS[0],
      ) as DeliveryCreated[]
      for (const fact of [first!, second!]) fact.orderKey = 'k'
      const attemptsOf = ({ deliveryId }: DeliveryCreated) =>
        made.ledger.filter((fact) => fact.type === 'attempt' && fact.deliveryId === deliveryId)
      const overtaking = attemptsOf(second!)
      made.ledger = made.ledger.filter((fact) => !overtaking.includes(fact))
      made.ledger.splice(made.ledger.indexOf(attemptsOf(first!)[0]!), 0, ...overtaking)
      return { control: placed(CONTROL.map(ordered)) }
    },
  ],
  [
    'a message of INBOX becomes two events',
    'I22',
    (made) => {
      for (const { event } of made.events.slice(0, 2)) event.appendId = INBOX_MESSAGE
    },
  ],
  [
    'a message of INBOX is rejected and becomes an event all the same',
    'I22',
    (made) => {
      made.events[0]!.event.appendId = INBOX_MESSAGE
      made.ledger.push(REJECTED)
    },
  ],
  [
    'a message of INBOX becomes an event, though it was rejected before',
    'I22',
    (made) => {
      made.events[0]!.event.appendId = INBOX_MESSAGE
      made.ledger.unshift(REJECTED)
    },
  ],
  ['an accepted event is not in EVENTS', 'I1', () => ({ accepted: [newEventId(START_MS)] })],
  [
    'an event stands in EVENTS twice',
    'I1',
    (made) => {
      made.events[2] = made.events[1]!
    },
  ],
  ['a delivery is not made', 'I2', (made) => void made.ledger.splice(1, 1)],
  ['a delivery is made twice', 'I2', (made) => void made.ledger.splice(1, 0, made.ledger[0]!)],
  [
    'a delivery goes to a subscription that does not match',
    'I2',
    (made) => {
      const first = made.ledger[0] as DeliveryCreated
      made.ledger.splice(0, 0, { ...first, deliveryId: newEventId(0), subscriptionId: newEventId(1) })
    },
  ],
  [
    'an attempt is made of a delivery that is not there',
    'I2',
    (made) => {
      made.ledger.push({ ...attempts(made)[0]!, deliveryId: newEventId(0), attemptId: newEventId(1) })
    },
  ],
  ['an event is never matched', 'I2', (made) => void made.events.push(event(START_MS + 9))],
  ['a delivery is left open', 'I3', (made) => void made.ledger.pop()],
  [
    'an attempt follows the end',
    'I3',
    (made) => {
      const last = attempts(made).at(-1)!
      made.ledger.push({ ...last, attemptNumber: 3, attemptId: attemptIdOf(last.deliveryId, 3) })
    },
  ],
  ['a success that nobody has answered', 'I4', (made) => void made.received.splice(0, 1)],
  [
    'a success of another status',
    'I4',
    (made) => {
      const at = indexOf(made, (fact) => fact.decision.type === 'succeeded')
      const fact = made.ledger[at] as DeliveryAttempted
      made.ledger[at] = { ...fact, response: { ...fact.response!, statusCode: 500 } }
    },
  ],
  [
    'a success that is not recorded',
    'I5',
    (made) => {
      const { eventId, subscriptionId } = attempts(made).find(({ decision }) => decision.type === 'dead-letter')!
      made.received.push({ eventId, subscriptionId, status: 204, sha256: null })
    },
  ],
  [
    'an attempt is left out',
    'I6',
    (made) =>
      void made.ledger.splice(
        indexOf(made, (fact) => fact.attemptNumber === 2),
        1,
      ),
  ],
  [
    'more attempts than are allowed',
    'I6',
    (made) => {
      const at = indexOf(
        made,
        (fact) => fact.decision.type === 'dead-letter' && fact.decision.reason === 'retries-spent',
      )
      const fact = made.ledger[at] as DeliveryAttempted
      made.ledger[at] = {
        ...fact,
        decision: { type: 'retry', atMs: timeOf(4), attemptId: attemptIdOf(fact.deliveryId, 4) },
      }
      made.ledger.push({
        ...fact,
        attemptNumber: 4,
        attemptId: attemptIdOf(fact.deliveryId, 4),
        startedAtMs: timeOf(4),
      })
    },
  ],
  [
    'an attempt comes early',
    'I7',
    (made) => {
      const at = indexOf(made, (fact) => fact.attemptNumber === 2)
      made.ledger[at] = { ...(made.ledger[at] as DeliveryAttempted), startedAtMs: timeOf(2) - 1_500 }
    },
  ],
  [
    'an attempt after a cancellation',
    'I8',
    (made) => {
      const at = indexOf(made, (fact) => fact.attemptNumber === 3)
      const { subscriptionId, applicationId } = made.ledger[at] as DeliveryAttempted
      made.ledger.splice(at, 0, {
        v: 1,
        type: 'cancelled',
        subscriptionId,
        applicationId,
        controlSeq: 99,
        cancelledAtMs: timeOf(1),
      })
    },
  ],
  [
    'an attempt for another application',
    'I9',
    (made) => {
      made.ledger[indexOf(made, () => true)] = { ...attempts(made)[0]!, applicationId: 'another' }
    },
  ],
  [
    'given up too early',
    'I10',
    (made) => {
      const at = indexOf(made, (fact) => fact.decision.type === 'succeeded')
      const fact = made.ledger[at] as DeliveryAttempted
      made.ledger[at] = { ...fact, outcome: 'failed', decision: { type: 'dead-letter', reason: 'retries-spent' } }
    },
  ],
  [
    'dead at once of what is retried',
    'I10',
    (made) => {
      const at = indexOf(made, (fact) => fact.decision.type === 'succeeded')
      const fact = made.ledger[at] as DeliveryAttempted
      const response = { ...fact.response!, statusCode: 503 }
      made.ledger[at] = { ...fact, outcome: 'failed', response, decision: { type: 'dead-letter', reason: 'permanent' } }
    },
  ],
  [
    'a dead letter is discarded twice',
    'I21',
    (made) => {
      const { deliveryId } = attempts(made).find(({ decision }) => decision.type === 'dead-letter')!
      made.ledger.push(discarded(deliveryId), discarded(deliveryId))
    },
  ],
  ['a hole in LEDGER', 'I13', (made) => ({ ledger: placed(made.ledger, 1) })],
  ['a hole in EVENTS', 'I13', (made) => ({ events: placed(made.events, 1) })],
  [
    'other bytes arrive',
    'I16',
    (made) => {
      made.received[0] = { ...made.received[0]!, sha256: 'y' }
    },
  ],
]

test('each promise has a history that breaks it, but for those that are about rows and secrets', () => {
  const broken = new Set(DEFECTS.map(([, invariant]) => invariant))
  const others = Object.keys(INVARIANTS).filter((invariant) => !broken.has(invariant as Invariant))
  assert.deepEqual(others, ['I12', 'I18'])
})

for (const [name, invariant, spoil] of DEFECTS) {
  test(`${invariant} is broken: ${name}`, async () => {
    const made = history()
    const more = spoil(made) ?? {}
    const report = await verify(made, more)
    assert.ok((report.broken[invariant] ?? 0) > 0, JSON.stringify(report.broken))
    assert.ok(report.violations.some((each) => each.invariant === invariant && each.detail.length > 5))
  })
}

test('an attempt that is recorded twice is no defect, but is counted', async () => {
  const made = history()
  made.ledger.push(attempts(made)[0]!)
  const report = await verify(made)
  assert.deepEqual([report.violations, report.repeatedAttempts], [[], 1])
})

test('each application has its own count', async () => {
  const { tenants } = await verify(history())
  assert.deepEqual(
    [...tenants],
    [['app', { events: 3, deliveries: 6, succeeded: 4, deadLettered: 2, cancelled: 0, open: 0 }]],
  )
})

test('of what has aged out nothing is said, and of the rest all the same', async () => {
  const made = history()
  // The first event, one of its deliveries, and that delivery's attempt are gone.
  const old = made.ledger.findIndex((fact) => fact.type === 'attempt')
  const ledger = placed(made.ledger)
  const rest = async function* () {
    for await (const each of ledger) if (each.seq > 1) yield each
  }
  const events = async function* () {
    for await (const each of placed(made.events)) if (each.seq > 1) yield each
  }
  const firstSeqs = async () => ({ events: 2, ledger: 2 })
  const seen = made.events.slice(1).map(({ event: { eventId } }) => eventId)
  const about = { events: events(), ledger: rest(), firstSeqs, accepted: seen, received: [] }
  const { I4, ...others } = (await verify(made, about)).broken
  assert.ok(old > 0 && I4 !== undefined)
  assert.deepEqual(others, {})
  const withoutLast = made.ledger.slice(1, -1).map((value, i) => ({ seq: i + 2, value }))
  const cut = { ...about, events: events(), ledger: asyncOf(withoutLast) }
  assert.equal((await verify(made, cut)).broken.I3, 1)
})

async function* asyncOf<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values
}

test('losses are told apart by where they lie', async () => {
  const made = history()
  const there = made.events.map(({ event: { eventId } }) => eventId)
  const [before, between, after] = [newEventId(1), newEventId(2), newEventId(3)]
  const accepted = [before!, there[0]!, between!, there[1]!, there[2]!, after!]
  assert.deepEqual((await verify(made, { accepted })).lost, { prefix: 1, middle: 1, postfix: 1 })
})

test('the small set of ids knows what a large one knows', () => {
  fc.assert(
    fc.property(fc.array(fc.uuid(), { maxLength: 2_000 }), fc.array(fc.uuid(), { maxLength: 50 }), (ids, others) => {
      const small = createIdSet()
      const large = new Set<string>()
      for (const id of [...ids, ...ids]) {
        assert.equal(small.add(id), !large.has(id))
        large.add(id)
      }
      for (const id of others) assert.equal(small.has(id), large.has(id))
      assert.equal(small.size, large.size)
    }),
    { numRuns: 30 },
  )
})
