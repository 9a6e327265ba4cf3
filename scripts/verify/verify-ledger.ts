import { isCancelled } from '#shared/domain/cancellation.ts'
import { attemptIdOf, deliveryIdOf, rejectionIdOf } from '#shared/domain/ids.ts'
import { type MatchableEvent, matchEvent } from '#shared/domain/match.ts'
import { createRegistry } from '#shared/domain/registry.ts'
import { isRetried } from '#shared/domain/retry-policy.ts'
import type { ControlFact, SubscriptionState } from '#shared/facts/control.ts'
import type { EventAccepted } from '#shared/facts/event.ts'
import type {
  ChosenCancelled,
  DeliveriesCancelled,
  DeliveryAttempted,
  DeliveryCreated,
  EventRejected,
  EventReplayed,
  EventsMatched,
  EventsReleased,
  LedgerFact,
} from '#shared/facts/ledger.ts'
import { createIdSet } from './id-set.ts'
import { createOrderCheck } from './order-check.ts'
import { createRedriveCheck } from './redrive-check.ts'
import { createScheduleCheck } from './schedule-check.ts'
import type { ServerState } from './server-state.ts'
import { createTenantCounts, type TenantCounts } from './tenant-counts.ts'

/** The promises that are checked; each names what breaks it. */
export const INVARIANTS = {
  I1: 'an accepted event stands in EVENTS exactly once',
  I2: 'an event has exactly one delivery for each subscription that it matches, and no other',
  I3: 'a delivery ends once, and in a quiet system every delivery has ended',
  I4: 'what is recorded as delivered was answered 2xx by the receiver',
  I5: 'what a receiver answered 2xx is recorded as delivered',
  I6: 'attempts are numbered from 1 without holes, and are no more than allowed',
  I7: 'no attempt is made before its time',
  I8: 'no attempt is made after its delivery was cancelled',
  I9: "nothing goes to another application's subscription",
  I10: 'a dead letter has a reason that holds',
  I11: 'a replay or redrive makes deliveries of its own and leaves the earlier ones as they are',
  I12: 'the rows in Postgres are what the streams come to',
  I21: 'a dead letter is redriven or discarded once, and only after it has ended',
  I13: 'streams have no holes',
  I14: 'what arrives is signed, at the time of its attempt, and is the same at each attempt',
  I15: 'ordered deliveries are made one after the other',
  I16: 'the bytes that arrive are the bytes that were posted',
  I17: 'of each application, what was to be delivered is delivered, dead, cancelled or open',
  I18: 'no secret stands anywhere in clear',
  I19: 'no more is handed out than may be outstanding',
  I20: 'in a quiet system nothing is left waiting',
  I22: 'what was published over NATS became an event or a rejection, never both',
} as const
export type Invariant = keyof typeof INVARIANTS

export interface Violation {
  invariant: Invariant
  /** What it is about: an event, a delivery, a sequence. */
  subject: string
  detail: string
}

export interface Placed<T> {
  seq: number
  value: T
}

/** A request that a receiver has answered. */
export interface ReceivedRequest {
  eventId: string
  subscriptionId: string
  status: number
  /** Of the body, in hex; null when the receiver didn't take it. */
  sha256: string | null
  /** What the receiver found; absent: it didn't look. */
  signature?: { isValid: boolean; signedAtMs: number; arrivedAtMs: number }
}

export interface VerifyInput {
  /** CONTROL's history in order, as far as it is kept. */
  control: AsyncIterable<Placed<ControlFact>>
  events: AsyncIterable<Placed<MatchableEvent>>
  ledger: AsyncIterable<Placed<LedgerFact>>
  /** Ids that were answered 201, in the order of the answers. */
  accepted?: readonly string[]
  received?: readonly ReceivedRequest[]
  /** SHA-256 in hex. */
  digest?: (payload: Uint8Array) => string
  /** Nothing is under way any more: what is open is lost. */
  isQuiet: boolean
  /** The server's retries after the first attempt. */
  retriesMax: number
  /** An attempt may begin so long after a cancellation: it was on its way. */
  cancelGraceMs: number
  /** Processes' clocks may differ by so much; 0 without it. */
  clockSkewMs?: number
  /** What NATS holds besides, asked once LEDGER has been read. */
  serverState?: () => Promise<ServerState>
  /** Where the streams begin, asked first: of what has aged out nothing is known. Absent: at 1. */
  firstSeqs?: () => Promise<{ events: number; ledger: number }>
  /** A receiver may have been asked so often again after its first success; absent: it is not judged. */
  repeatedMax?: number
}

export interface VerifyReport {
  events: number
  deliveries: number
  attempts: number
  succeeded: number
  deadLettered: number
  cancelled: number
  open: number
  /** Attempts that are recorded more than once: after a crash. */
  repeatedAttempts: number
  /** What stands before these has aged out: counts are of the rest. */
  firstSeqs: { events: number; ledger: number }
  /** By application. */
  tenants: Map<string, TenantCounts>
  /** Successful answers beyond the first of a delivery. */
  repeatedSuccesses: number
  lost: { prefix: number; middle: number; postfix: number }
  /** How often each promise was broken. */
  broken: Partial<Record<Invariant, number>>
  /** The first of them. */
  violations: Violation[]
}

const VIOLATIONS_KEPT = 100
/** How an append is called that was made for a message of INBOX. */
const INBOX_ENTRY = 'inbox-'
/** Facts that say what the deliveries before them are of. */
const CLOSING: ReadonlySet<LedgerFact['type']> = new Set([
  'matched',
  'released',
  'replayed',
  'replay_advanced',
  'redriven',
])
const EARLY_TOLERANCE_MS = 1_000
/** A receiver takes a signature for its own age only. */
const SIGNATURE_AGE_MAX_MS = 5 * 60_000

interface OpenDelivery {
  fact: DeliveryCreated
  attempts: number
  /** When the next attempt is due; null: at once. */
  dueAtMs: number | null
}

/**
 * Reads the streams side by side, in order, and checks what they promise (see INVARIANTS). What has ended is remembered in a
 * few bytes, so that memory grows with what is open, not with what there was.
 */
export async function verifyLedger(input: VerifyInput): Promise<VerifyReport> {
  const first = (await input.firstSeqs?.()) ?? { events: 1, ledger: 1 }
  const isOldAgedOut = first.ledger > 1
  const violations: Violation[] = []
  const broken: VerifyReport['broken'] = {}
  const registry = createRegistry()
  const control = lookAhead(input.control)
  const events = lookAhead(input.events)
  const open = new Map<string, OpenDelivery>()
  const ended = createIdSet()
  const seenDeliveries = createIdSet()
  const seenAttempts = createIdSet()
  const seenEvents = createIdSet()
  const succeeded = createIdSet()
  /** Of messages of INBOX that became events, and of those that did not. */
  const admitted = createIdSet()
  const rejected = createIdSet()
  const arrived = createIdSet()
  const postponed = new Map<string, { eventSeq: number; matchable: MatchableEvent }>()
  const digests = new Map<string, string>()
  const answered = successesOf(input.received)
  const cancellations = new Map<string, DeliveriesCancelled>()
  /** When deliveries were called off one by one. */
  const chosenAtMs = new Map<string, number>()
  const counts = { events: 0, deliveries: 0, attempts: 0, succeeded: 0, deadLettered: 0, cancelled: 0, repeated: 0 }
  const order = createOrderCheck(EARLY_TOLERANCE_MS + (input.clockSkewMs ?? 0), (deliveryId, detail) =>
    breaks('I15', `delivery ${deliveryId}`, detail),
  )
  const tenants = createTenantCounts()
  const schedules = createScheduleCheck()
  /** LEDGER may begin in the middle of a group. */
  let isGroupCut = isOldAgedOut
  const redrives = createRedriveCheck({ hasEnded: ended.has, hasSucceeded: succeeded.has, breaks })
  let group: DeliveryCreated[] = []
  let partThrough: { eventSeq: number; subscriptionId: string } | null = null
  let lastLedgerSeq = 0
  let lastEventSeq = 0

  function breaks(invariant: Invariant, subject: string, detail: string): void {
    broken[invariant] = (broken[invariant] ?? 0) + 1
    if (violations.length < VIOLATIONS_KEPT) violations.push({ invariant, subject, detail })
  }

  // -- EVENTS and CONTROL, as far as LEDGER has come ------------------------------------------------------------------

  async function registryAt(controlSeq: number): Promise<void> {
    for (let next = await control.peek(); next !== null && next.seq <= controlSeq; next = await control.peek()) {
      registry.evolve(next.value, next.seq)
      control.take()
    }
  }

  async function nextEvent(): Promise<Placed<MatchableEvent> | null> {
    const next = await events.peek()
    if (next === null) return null
    events.take()
    const { event, payload } = next.value
    if (lastEventSeq !== 0 && next.seq !== lastEventSeq + 1)
      breaks('I13', `EVENTS ${next.seq}`, `follows ${lastEventSeq}`)
    lastEventSeq = next.seq
    counts.events++
    tenants.of(event.applicationId).events++
    if (!seenEvents.add(event.eventId)) breaks('I1', `event ${event.eventId}`, `stands in EVENTS again at ${next.seq}`)
    if (event.appendId.startsWith(INBOX_ENTRY)) checkAdmitted(event)
    if (input.digest) digests.set(event.eventId, input.digest(payload))
    return next
  }

  function checkAdmitted({ eventId, appendId }: EventAccepted): void {
    const rejectionId = rejectionIdOf(appendId)
    if (!admitted.add(rejectionId)) breaks('I22', `event ${eventId}`, `is the second one of the message ${appendId}`)
    if (rejected.has(rejectionId))
      breaks('I22', `event ${eventId}`, `is of the message ${appendId}, which was rejected`)
  }

  function checkRejected({ rejectionId, inboxSeq }: EventRejected): void {
    rejected.add(rejectionId)
    if (admitted.has(rejectionId)) breaks('I22', `message ${inboxSeq} of INBOX`, 'was rejected, and is an event')
  }

  // -- matching ------------------------------------------------------------------------------------------------------

  async function checkMatched(fact: EventsMatched, deliveries: readonly DeliveryCreated[]): Promise<void> {
    await registryAt(fact.controlSeq)
    const made = Map.groupBy(deliveries, ({ eventSeq }) => eventSeq)
    const late = new Map((fact.postponed ?? []).map((each) => [each.eventSeq, each]))
    const throughSeq = fact.partOf?.eventSeq ?? fact.toEventSeq
    for (let next = await events.peek(); next !== null && next.seq <= throughSeq; next = await events.peek()) {
      const { seq } = next
      if (seq === fact.partOf?.eventSeq && partThrough?.eventSeq !== seq) {
        checkDeliveries(
          next,
          made.get(seq) ?? [],
          { after: '', through: fact.partOf.throughSubscriptionId },
          fact.controlSeq,
        )
        break
      }
      const isRest = partThrough?.eventSeq === seq
      const after = isRest ? partThrough!.subscriptionId : ''
      if (fact.partOf?.eventSeq === seq) {
        checkDeliveries(
          next,
          made.get(seq) ?? [],
          { after, through: fact.partOf.throughSubscriptionId },
          fact.controlSeq,
        )
        break
      }
      await nextEvent()
      if (late.has(seq)) postponed.set(next.value.event.eventId, { eventSeq: seq, matchable: next.value })
      else checkDeliveries(next, made.get(seq) ?? [], { after, through: null }, fact.controlSeq)
      made.delete(seq)
    }
    partThrough = fact.partOf
      ? { eventSeq: fact.partOf.eventSeq, subscriptionId: fact.partOf.throughSubscriptionId }
      : null
    if (fact.partOf) made.delete(fact.partOf.eventSeq)
    for (const [eventSeq, [one]] of made)
      if (eventSeq >= first.events)
        breaks('I2', `delivery ${one!.deliveryId}`, `is of EVENTS ${eventSeq}, which its group is not about`)
  }

  interface Part {
    /** Subscriptions after this one… */
    after: string
    /** …and up to this one; null: all the rest. */
    through: string | null
  }

  function checkDeliveries(
    { seq, value }: Placed<MatchableEvent>,
    made: readonly DeliveryCreated[],
    { after, through }: Part,
    controlSeq: number,
  ): void {
    const { eventId, applicationId } = value.event
    // A subscription that was changed since can't be judged: releases may stand behind facts of a newer CONTROL sequence.
    const isAsThen = (id: string) =>
      registry.seq <= controlSeq || (registry.subscriptions.get(id)?.seq ?? Number.POSITIVE_INFINITY) <= controlSeq
    const wanted = new Set(
      matchEvent(value, seq, registry)
        .filter(({ subscriptionId: id }) => id > after && (through === null || id <= through) && isAsThen(id))
        .map(({ deliveryId }) => deliveryId),
    )
    for (const delivery of made) {
      if (!wanted.delete(delivery.deliveryId) && isAsThen(delivery.subscriptionId))
        breaks('I2', `delivery ${delivery.deliveryId}`, `of event ${eventId} is not called for, or made twice`)
      if (delivery.applicationId !== applicationId)
        breaks(
          'I9',
          `delivery ${delivery.deliveryId}`,
          `of application ${delivery.applicationId}, not ${applicationId}`,
        )
    }
    if (isGroupCut) return
    for (const deliveryId of wanted) breaks('I2', `event ${eventId}`, `has no delivery ${deliveryId}`)
  }

  async function checkReleased(fact: EventsReleased, deliveries: readonly DeliveryCreated[]): Promise<void> {
    await registryAt(fact.controlSeq)
    for (const eventId of fact.eventIds) {
      const waiting = postponed.get(eventId)
      if (!waiting) {
        if (!isOldAgedOut) breaks('I2', `event ${eventId}`, 'is released, but did not wait')
        continue
      }
      postponed.delete(eventId)
      const own = deliveries.filter((each) => each.eventSeq === waiting.eventSeq)
      checkDeliveries(
        { seq: waiting.eventSeq, value: waiting.matchable },
        own,
        { after: '', through: null },
        fact.controlSeq,
      )
    }
  }

  function checkReplayed(fact: EventReplayed, deliveries: readonly DeliveryCreated[]): void {
    if (deliveries.length !== fact.deliveryCount && !isGroupCut)
      breaks('I11', `replay ${fact.replayId}`, `has ${deliveries.length} deliveries of ${fact.deliveryCount}`)
    for (const { deliveryId, eventId, subscriptionId } of deliveries) {
      if (eventId !== fact.eventId) breaks('I11', `delivery ${deliveryId}`, `is not of the event ${fact.eventId}`)
      else if (deliveryId !== deliveryIdOf(eventId, subscriptionId, fact.replayId))
        breaks('I11', `delivery ${deliveryId}`, `is not one of the replay ${fact.replayId}`)
    }
  }

  // -- deliveries and attempts ---------------------------------------------------------------------------------------

  function addDelivery(fact: DeliveryCreated): void {
    group.push(fact)
    if (!seenDeliveries.add(fact.deliveryId)) return
    counts.deliveries++
    tenants.of(fact.applicationId).deliveries++
    const cancelled = cancellations.get(fact.subscriptionId) ?? cancellations.get(fact.applicationId)
    if (cancelled && fact.controlSeq < cancelled.controlSeq) {
      counts.cancelled++
      tenants.of(fact.applicationId).cancelled++
      end(fact, null, false)
      return
    }
    open.set(fact.deliveryId, { fact, attempts: 0, dueAtMs: null })
    order.onDelivery(fact)
  }

  function end({ deliveryId }: DeliveryCreated, atMs: number | null, isBlocking: boolean): void {
    open.delete(deliveryId)
    ended.add(deliveryId)
    schedules.onEnd(deliveryId)
    order.onEnd(deliveryId, atMs, isBlocking)
  }

  function addAttempt(fact: DeliveryAttempted): void {
    const subject = `delivery ${fact.deliveryId}`
    if (!seenAttempts.add(fact.attemptId)) {
      counts.repeated++
      return
    }
    counts.attempts++
    if (fact.attemptId !== attemptIdOf(fact.deliveryId, fact.attemptNumber))
      breaks('I6', subject, `attempt ${fact.attemptNumber} has an id that is not its own`)
    if (fact.outcome === 'success') {
      succeeded.add(fact.deliveryId)
      // What a receiver sees doesn't tell a redrive or replay from the original.
      if (answered) arrived.add(deliveryIdOf(fact.eventId, fact.subscriptionId, ''))
    }
    const delivery = open.get(fact.deliveryId)
    if (!delivery) {
      checkAttemptOfEnded(fact, subject)
      return
    }
    if (fact.subscriptionId !== delivery.fact.subscriptionId || fact.applicationId !== delivery.fact.applicationId)
      breaks('I9', subject, 'an attempt of it names another subscription or application')
    if (fact.attemptNumber !== delivery.attempts + 1)
      breaks('I6', subject, `attempt ${fact.attemptNumber} follows ${delivery.attempts}`)
    delivery.attempts = fact.attemptNumber
    const dueAtMs = delivery.dueAtMs
    if (dueAtMs !== null && fact.startedAtMs < dueAtMs - EARLY_TOLERANCE_MS)
      breaks('I7', subject, `attempt ${fact.attemptNumber} began ${dueAtMs - fact.startedAtMs} ms early`)
    // An order that was given up meanwhile binds nobody.
    if (orderingOf(fact)) order.onAttempt(fact)
    decide(fact, delivery, subject)
  }

  const orderingOf = ({ subscriptionId }: DeliveryAttempted) =>
    registry.subscriptions.get(subscriptionId)?.state.ordering ?? null

  function checkAttemptOfEnded(fact: DeliveryAttempted, subject: string): void {
    if (!ended.has(fact.deliveryId)) {
      if (isOldAgedOut) return
      breaks('I2', subject, 'is attempted, but was never made')
      return
    }
    const cancelled = cancellations.get(fact.subscriptionId) ?? cancellations.get(fact.applicationId)
    const cancelledAtMs = chosenAtMs.get(fact.deliveryId) ?? cancelled?.cancelledAtMs
    if (cancelledAtMs === undefined) breaks('I3', subject, `attempt ${fact.attemptNumber} comes after its end`)
    else if (fact.startedAtMs > cancelledAtMs + input.cancelGraceMs)
      breaks('I8', subject, `attempt ${fact.attemptNumber} began ${fact.startedAtMs - cancelledAtMs} ms after`)
  }

  function decide(fact: DeliveryAttempted, delivery: OpenDelivery, subject: string): void {
    const { decision } = fact
    switch (decision.type) {
      case 'retry':
        delivery.dueAtMs = decision.atMs
        schedules.onRetry(fact.deliveryId, decision.atMs)
        return
      case 'succeeded':
        if (fact.response === null || fact.response.statusCode < 200 || fact.response.statusCode > 299)
          breaks('I4', subject, `succeeded with ${fact.response?.statusCode ?? 'no answer'}`)
        // What a receiver sees doesn't tell a replay from the original.
        if (answered && isOriginal(fact) && !answered.has(fact.deliveryId))
          breaks('I4', subject, 'is recorded as delivered, but its receiver answered no 2xx')
        counts.succeeded++
        tenants.of(fact.applicationId).succeeded++
        break
      case 'dead-letter':
        checkDeadLetter(fact, subject)
        counts.deadLettered++
        tenants.of(fact.applicationId).deadLettered++
        break
      case 'cancelled':
        counts.cancelled++
        tenants.of(fact.applicationId).cancelled++
        break
    }
    const isBlocking = decision.type === 'dead-letter' && orderingOf(fact)?.onDeadLetter === 'block'
    end(delivery.fact, fact.finishedAtMs, isBlocking)
  }

  /** The policy is that of the subscription's state now: an edit in between makes the check lenient, not wrong. */
  function checkDeadLetter(fact: DeliveryAttempted, subject: string): void {
    if (fact.decision.type !== 'dead-letter') return
    const state: SubscriptionState | undefined = registry.subscriptions.get(fact.subscriptionId)?.state
    if (!state || state.createdAtMs !== state.updatedAtMs) return
    const { reason } = fact.decision
    if (reason === 'retries-spent' && fact.attemptNumber <= (state.maxRetries ?? input.retriesMax))
      breaks(
        'I10',
        subject,
        `is dead after ${fact.attemptNumber} attempts of ${(state.maxRetries ?? input.retriesMax) + 1}`,
      )
    const statuses = state.retryPolicy ?? { permanentStatuses: [], retryableStatuses: [] }
    const policy = { scheduleMs: [], retriesMax: 0, jitter: { ratio: 0, minSpreadMs: 0, maxSpreadMs: 0 }, ...statuses }
    const status = fact.response?.statusCode
    if (
      reason === 'permanent' &&
      (status === undefined || isRetried(status, { ...policy, scheduleMs: [], exponential: null }))
    )
      breaks('I10', subject, `is dead at once of ${status ?? 'no answer'}, which is retried`)
    if (fact.attemptNumber > (state.maxRetries ?? input.retriesMax) + 1)
      breaks('I6', subject, `has ${fact.attemptNumber} attempts of ${(state.maxRetries ?? input.retriesMax) + 1}`)
  }

  function cancel(fact: DeliveriesCancelled): void {
    cancellations.set(fact.subscriptionId ?? fact.applicationId, fact)
    for (const { fact: delivery } of open.values()) {
      const isInScope =
        fact.subscriptionId === null
          ? delivery.applicationId === fact.applicationId
          : delivery.subscriptionId === fact.subscriptionId
      if (!isInScope || delivery.controlSeq >= fact.controlSeq) continue
      callOff(delivery)
    }
  }

  function callOff(delivery: DeliveryCreated): void {
    end(delivery, null, false)
    schedules.onCancelled(delivery.deliveryId)
    counts.cancelled++
    tenants.of(delivery.applicationId).cancelled++
  }

  function cancelChosen({ deliveryIds, cancelledAtMs }: ChosenCancelled): void {
    for (const deliveryId of deliveryIds) {
      const delivery = open.get(deliveryId)
      // Of this and its end the first one counts; but nobody waits for it any more.
      if (delivery === undefined) {
        order.onSkip(deliveryId)
        continue
      }
      chosenAtMs.set(deliveryId, cancelledAtMs)
      callOff(delivery.fact)
    }
  }

  // -- the whole -----------------------------------------------------------------------------------------------------

  for await (const { seq, value: fact } of input.ledger) {
    if (lastLedgerSeq !== 0 && seq !== lastLedgerSeq + 1) breaks('I13', `LEDGER ${seq}`, `follows ${lastLedgerSeq}`)
    lastLedgerSeq = seq
    if (fact.type === 'delivery') {
      addDelivery(fact)
      continue
    }
    const deliveries = group
    group = []
    switch (fact.type) {
      case 'matched':
        await checkMatched(fact, deliveries)
        break
      case 'released':
        await checkReleased(fact, deliveries)
        break
      case 'withdrawn':
        postponed.delete(fact.eventId)
        break
      case 'attempt':
        addAttempt(fact)
        break
      case 'cancelled':
        cancel(fact)
        break
      case 'chosen_cancelled':
        cancelChosen(fact)
        break
      case 'skipped':
        order.onSkip(fact.deliveryId)
        break
      case 'replayed':
        checkReplayed(fact, deliveries)
        break
      case 'replay_advanced':
        redrives.onReplayAdvanced(fact, deliveries)
        break
      case 'redriven':
        redrives.onRedriven(fact, deliveries)
        for (const deliveryId of fact.deliveryIds) order.onSkip(deliveryId)
        break
      case 'discarded':
        redrives.onDiscarded(fact)
        for (const deliveryId of fact.deliveryIds) order.onSkip(deliveryId)
        break
      case 'rejected':
        checkRejected(fact)
        break
      case 'started':
        break
    }
    isGroupCut = false
    if (deliveries.length > 0 && !CLOSING.has(fact.type))
      breaks('I2', `LEDGER ${seq}`, `${deliveries.length} deliveries before it belong to no group`)
  }
  await registryAt(Number.POSITIVE_INFINITY)
  order.finish((delivery) => isCancelled(delivery, registry.subscriptions.get(delivery.subscriptionId)))
  const matchedThrough = lastEventSeq
  while ((await nextEvent()) !== null);
  if (input.isQuiet) {
    if (lastEventSeq > matchedThrough)
      breaks('I2', `EVENTS ${matchedThrough + 1} to ${lastEventSeq}`, 'were never matched')
    for (const [deliveryId, { fact, attempts, dueAtMs }] of open)
      breaks(
        'I3',
        `delivery ${deliveryId}`,
        `of event ${fact.eventId} is open after ${attempts} attempts, due ${dueAtMs === null ? 'at once' : `at ${new Date(dueAtMs).toISOString()}`}`,
      )
  }
  for (const { fact } of open.values()) tenants.of(fact.applicationId).open++
  for (const { applicationId, detail } of tenants.wrong()) breaks('I17', `application ${applicationId}`, detail)
  if (input.serverState) checkServer(await input.serverState())
  const repeatedSuccesses = checkReceived()
  return {
    events: counts.events,
    deliveries: counts.deliveries,
    attempts: counts.attempts,
    succeeded: counts.succeeded,
    deadLettered: counts.deadLettered,
    cancelled: counts.cancelled,
    open: open.size,
    repeatedAttempts: counts.repeated,
    repeatedSuccesses,
    firstSeqs: first,
    tenants: tenants.all,
    lost: checkAccepted(),
    broken,
    violations,
  }

  function checkAccepted(): VerifyReport['lost'] {
    const accepted = input.accepted ?? []
    const isThere = accepted.map((id) => seenEvents.has(id))
    const [first, last] = [isThere.indexOf(true), isThere.lastIndexOf(true)]
    const lost = { prefix: 0, middle: 0, postfix: 0 }
    for (const [i, isFound] of isThere.entries()) {
      if (isFound) continue
      const where = first === -1 || i < first ? 'prefix' : i > last ? 'postfix' : 'middle'
      lost[where]++
      breaks('I1', `event ${accepted[i]}`, `was accepted and is not in EVENTS (${where})`)
    }
    return lost
  }

  function checkServer({ consumers, scheduledDeliveryIds, readAtMs }: ServerState): void {
    for (const { name, ackPending, ackPendingMax, pending } of consumers) {
      if (ackPending > ackPendingMax)
        breaks('I19', `consumer ${name}`, `has handed out ${ackPending} messages, of ${ackPendingMax} at the most`)
      if (input.isQuiet && ackPending + pending > 0)
        breaks('I20', `consumer ${name}`, `has ${ackPending} messages outstanding and ${pending} to hand out`)
    }
    const about = { isQuiet: input.isQuiet, readAtMs, hasEnded: (id: string) => ended.has(id) }
    for (const { deliveryId, detail } of schedules.wrong(scheduledDeliveryIds, about))
      breaks('I20', `delivery ${deliveryId}`, detail)
  }

  function checkReceived(): number {
    /** Of events that are not in EVENTS any more: every attempt must have sent the same. */
    const firstBodies = new Map<string, string>()
    for (const { eventId, subscriptionId, sha256, signature } of input.received ?? []) {
      if (signature && !signature.isValid)
        breaks('I14', `event ${eventId}`, `arrived at ${subscriptionId} with a wrong signature`)
      else if (
        signature &&
        Math.abs(signature.signedAtMs - signature.arrivedAtMs) > SIGNATURE_AGE_MAX_MS + (input.clockSkewMs ?? 0)
      )
        breaks('I14', `event ${eventId}`, `arrived at ${subscriptionId} with a signature of another time`)
      const wanted = digests.get(eventId) ?? firstBodies.get(eventId)
      if (wanted === undefined && sha256 !== null) firstBodies.set(eventId, sha256)
      if (sha256 !== null && wanted !== undefined && sha256 !== wanted)
        breaks(
          firstBodies.has(eventId) ? 'I14' : 'I16',
          `event ${eventId}`,
          `arrived at ${subscriptionId} with other bytes`,
        )
    }
    let repeated = 0
    for (const [deliveryId, count] of answered ?? []) {
      repeated += count - 1
      if (input.isQuiet && !arrived.has(deliveryId))
        breaks('I5', `delivery ${deliveryId}`, 'was answered 2xx, but is not recorded as delivered')
    }
    if (input.repeatedMax !== undefined && repeated > input.repeatedMax)
      breaks(
        'I5',
        'receivers',
        `were asked again ${repeated} times after a success, of ${input.repeatedMax} at the most`,
      )
    return repeated
  }
}

/** How often the receiver has answered 2xx, by the id of the original delivery; null when it was not asked. */
function successesOf(received: readonly ReceivedRequest[] | undefined): ReadonlyMap<string, number> | null {
  if (!received) return null
  const counts = new Map<string, number>()
  for (const { eventId, subscriptionId, status } of received) {
    if (status < 200 || status > 299) continue
    const deliveryId = deliveryIdOf(eventId, subscriptionId, '')
    counts.set(deliveryId, (counts.get(deliveryId) ?? 0) + 1)
  }
  return counts
}

function isOriginal({ deliveryId, eventId, subscriptionId }: DeliveryAttempted): boolean {
  return deliveryId === deliveryIdOf(eventId, subscriptionId, '')
}

/** An iterable that can be looked into before it is taken from. */
function lookAhead<T>(source: AsyncIterable<T>) {
  const iterator = source[Symbol.asyncIterator]()
  let next: Promise<IteratorResult<T>> | null = null
  return {
    async peek(): Promise<T | null> {
      next ??= iterator.next()
      const { done, value } = await next
      return done ? null : value
    },
    take(): void {
      next = null
    },
  }
}
