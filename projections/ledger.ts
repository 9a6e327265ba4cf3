import { attemptIdOf } from '#shared/domain/ids.ts'
import type { Actor } from '#shared/facts/control.ts'
import {
  type AttemptStarted,
  type ChosenCancelled,
  type DeadLetterReason,
  type DeliveriesCancelled,
  type DeliveryAttempted,
  type DeliveryCreated,
  decodeLedgerFact,
  type EventRejected,
  type KeptResponse,
  type LedgerFact,
  type PostponedEvent,
} from '#shared/facts/ledger.ts'
import { loadCancellations, writeLedgerRows } from './ledger-writer.ts'
import type { Placed, Projection } from './projection.ts'

/** The latest cancellation of a subscription, or of a whole application. */
export interface Cancellation {
  controlSeq: number
  cancelledAtMs: number
}

/** By subscription or application: a delivery fact may come after the cancellation that closes it. */
export type LedgerState = ReadonlyMap<string, Cancellation>

export interface DeliveryColumns {
  deliveryId: string
  eventId: string
  applicationId: string
  subscriptionId: string
  controlSeq: number
  status: 'pending' | 'succeeded' | 'dead-lettered' | 'cancelled'
  createdAtMs: number
  finishedAtMs: number | null
  eventSeq: number
  redriveOf: string | null
  replayId: string | null
  jobId: string | null
}

export interface AttemptColumns {
  attemptId: string
  deliveryId: string
  eventId: string
  eventType: string
  applicationId: string
  subscriptionId: string
  attemptNumber: number
  createdAtMs: number
  delayUntilMs: number | null
  pickedAtMs: number | null
  succeededAtMs: number | null
  failedAtMs: number | null
  outcome: 'success' | 'failed' | 'timeout' | 'cancelled' | null
  statusCode: number | null
  errorMessage: string | null
  durationMs: number | null
  hasResponse: boolean
  nextAttemptAtMs: number | null
}

export interface ResponseColumns {
  responseId: string
  applicationId: string
  errorName: string | null
  errorMessage: string | null
  response: KeptResponse | null
  elapsedMs: number
}

export interface DeadLetterColumns {
  deliveryId: string
  eventId: string
  eventType: string
  applicationId: string
  subscriptionId: string
  /** Also what was called off before it had ended may be sent again. */
  reason: DeadLetterReason | 'cancelled'
  statusCode: number | null
  errorName: string | null
  errorMessage: string | null
  attemptCount: number
  /** Null: no attempt was made. */
  lastAttemptId: string | null
  deadAtMs: number
  /** Of the fact that ended it. */
  ledgerSeq: number
}

/** What a person has decided about a dead letter. */
export interface ResolutionColumns {
  deliveryId: string
  resolution: 'redriven' | 'discarded'
  resolvedAtMs: number
  resolvedBy: Actor
  jobId: string
  discardReason: string | null
}

/** What a stretch of facts between two cancellations comes to: each row once, however many facts it took. */
export interface LedgerSegment {
  newDeliveries: Map<string, DeliveryColumns>
  /** Ends of deliveries that an earlier batch has made. */
  finishedDeliveries: Map<string, { status: 'succeeded' | 'dead-lettered'; finishedAtMs: number }>
  attempts: Map<string, AttemptColumns>
  responses: Map<string, ResponseColumns>
  deadLetters: Map<string, DeadLetterColumns>
  /** Ends of dead letters, of this batch and earlier ones. */
  resolutions: Map<string, ResolutionColumns>
  /** Attempts of an earlier batch that are under way. */
  startedAttempts: Map<string, number>
  rejections: Placed<EventRejected>[]
  postponed: Map<string, PostponedEvent>
  /** Postponed events of which it was decided that they are delivered, or not. */
  postponementsEnded: Map<string, { status: 'released' | 'withdrawn'; endedAtMs: number }>
  /** Closes what is open by now, after the rows above. */
  thenCancelled: Placed<DeliveriesCancelled | ChosenCancelled> | null
}

export interface LedgerRows {
  segments: LedgerSegment[]
  matchedEventSeq: number
}

/**
 * LEDGER → `deliveries`, `attempts`, `responses`, `dead_letters`, `cancellations`, `rejections`; and, as those rows are
 * written, `attempt_figures` and `subscription_figures`.
 */
export const ledgerProjection: Projection<LedgerFact, LedgerState, LedgerRows> = {
  name: 'ledger',
  version: 3,
  stream: 'LEDGER',
  mayHaveGaps: false,
  decode: (message) => decodeLedgerFact(message.string()),
  loadState: loadCancellations,
  fold: foldLedger,
  write: writeLedgerRows,
  matchedEventSeq: (rows) => rows.matchedEventSeq,
}

export function foldLedger(
  state: LedgerState,
  facts: readonly Placed<LedgerFact>[],
): { rows: LedgerRows; state: LedgerState } {
  let cancellations = state
  let segment = newSegment()
  const rows: LedgerRows = { segments: [segment], matchedEventSeq: 0 }
  for (const { fact, seq } of facts) {
    switch (fact.type) {
      case 'delivery':
        foldDelivery(segment, { fact, seq }, cancellations)
        break
      case 'attempt':
        foldAttempt(segment, { fact, seq }, cancellations)
        break
      case 'started':
        foldStarted(segment, fact)
        break
      case 'matched':
        rows.matchedEventSeq = Math.max(rows.matchedEventSeq, fact.toEventSeq)
        for (const each of fact.postponed ?? []) segment.postponed.set(each.eventId, each)
        break
      case 'released':
        for (const id of fact.eventIds) endPostponement(segment, id, 'released', fact.releasedAtMs)
        break
      case 'withdrawn':
        endPostponement(segment, fact.eventId, 'withdrawn', fact.withdrawnAtMs)
        break
      case 'rejected':
        segment.rejections.push({ fact, seq })
        break
      case 'replayed':
      case 'replay_advanced':
      case 'skipped':
        break
      case 'redriven':
        for (const deliveryId of fact.deliveryIds)
          resolve(segment, {
            deliveryId,
            resolution: 'redriven',
            resolvedAtMs: fact.redrivenAtMs,
            resolvedBy: fact.redrivenBy,
            jobId: fact.jobId,
            discardReason: null,
          })
        break
      case 'discarded':
        for (const deliveryId of fact.deliveryIds)
          resolve(segment, {
            deliveryId,
            resolution: 'discarded',
            resolvedAtMs: fact.discardedAtMs,
            resolvedBy: fact.discardedBy,
            jobId: fact.jobId,
            discardReason: fact.reason,
          })
        break
      case 'chosen_cancelled':
        segment.thenCancelled = { fact, seq }
        segment = newSegment()
        rows.segments.push(segment)
        break
      case 'cancelled': {
        const scopeId = fact.subscriptionId ?? fact.applicationId
        const before = cancellations.get(scopeId)
        if (before && before.controlSeq >= fact.controlSeq) break
        cancellations = new Map(cancellations).set(scopeId, fact)
        segment.thenCancelled = { fact, seq }
        segment = newSegment()
        rows.segments.push(segment)
        break
      }
    }
  }
  return { rows, state: cancellations }
}

function newSegment(): LedgerSegment {
  return {
    newDeliveries: new Map(),
    finishedDeliveries: new Map(),
    attempts: new Map(),
    responses: new Map(),
    deadLetters: new Map(),
    resolutions: new Map(),
    startedAttempts: new Map(),
    rejections: [],
    postponed: new Map(),
    postponementsEnded: new Map(),
    thenCancelled: null,
  }
}

function cancellationOf(
  fact: { subscriptionId: string; applicationId: string; controlSeq: number },
  cancellations: LedgerState,
): Cancellation | null {
  for (const scopeId of [fact.subscriptionId, fact.applicationId]) {
    const cancellation = cancellations.get(scopeId)
    if (cancellation && fact.controlSeq < cancellation.controlSeq) return cancellation
  }
  return null
}

/** Of a release and a withdrawal the first one counts. */
function endPostponement(
  segment: LedgerSegment,
  eventId: string,
  status: 'released' | 'withdrawn',
  endedAtMs: number,
): void {
  if (!segment.postponementsEnded.has(eventId)) segment.postponementsEnded.set(eventId, { status, endedAtMs })
}

/** The first decision about a dead letter counts. */
function resolve(segment: LedgerSegment, row: ResolutionColumns): void {
  if (!segment.resolutions.has(row.deliveryId)) segment.resolutions.set(row.deliveryId, row)
}

function foldDelivery(
  segment: LedgerSegment,
  { fact, seq }: Placed<DeliveryCreated>,
  cancellations: LedgerState,
): void {
  // One that is repeated behind its end would open it again, for what else is repeated to end it anew.
  if (segment.newDeliveries.has(fact.deliveryId) || segment.finishedDeliveries.has(fact.deliveryId)) return
  const cancellation = cancellationOf(fact, cancellations)
  segment.newDeliveries.set(fact.deliveryId, {
    deliveryId: fact.deliveryId,
    eventId: fact.eventId,
    applicationId: fact.applicationId,
    subscriptionId: fact.subscriptionId,
    controlSeq: fact.controlSeq,
    status: cancellation ? 'cancelled' : 'pending',
    createdAtMs: fact.createdAtMs,
    finishedAtMs: cancellation?.cancelledAtMs ?? null,
    eventSeq: fact.eventSeq,
    redriveOf: fact.redriveOf ?? null,
    replayId: fact.replayId ?? null,
    jobId: fact.jobId ?? null,
  })
  if (cancellation) addCancelledLetter(segment, { fact, seq }, cancellation.cancelledAtMs)
  const attemptId = attemptIdOf(fact.deliveryId, 1)
  const open = openAttempt(fact, { attemptId, attemptNumber: 1, createdAtMs: fact.createdAtMs, delayUntilMs: null })
  addOpenAttempt(
    segment,
    cancellation ? { ...open, outcome: 'cancelled', failedAtMs: cancellation.cancelledAtMs } : open,
  )
}

/** Retries that the segment decides on: of a delivery that was called off meanwhile they are not made. */
export function openRetriesOf({ attempts }: LedgerSegment): AttemptColumns[] {
  return [...attempts.values()].filter(({ outcome, attemptNumber }) => outcome === null && attemptNumber > 1)
}

type AttemptPlace = Pick<AttemptColumns, 'attemptId' | 'attemptNumber' | 'createdAtMs' | 'delayUntilMs'>

function openAttempt(fact: DeliveryCreated | DeliveryAttempted, place: AttemptPlace): AttemptColumns {
  return {
    ...place,
    deliveryId: fact.deliveryId,
    eventId: fact.eventId,
    eventType: fact.eventType,
    applicationId: fact.applicationId,
    subscriptionId: fact.subscriptionId,
    pickedAtMs: null,
    succeededAtMs: null,
    failedAtMs: null,
    outcome: null,
    statusCode: null,
    errorMessage: null,
    durationMs: null,
    hasResponse: false,
    nextAttemptAtMs: null,
  }
}

/** What is known already is never turned back to open. */
function addOpenAttempt(segment: LedgerSegment, row: AttemptColumns): void {
  if (!segment.attempts.has(row.attemptId)) segment.attempts.set(row.attemptId, row)
}

function foldAttempt(
  segment: LedgerSegment,
  { fact, seq }: Placed<DeliveryAttempted>,
  cancellations: LedgerState,
): void {
  const isCancelled = cancellationOf(fact, cancellations) !== null
  const { decision } = fact
  const next = decision.type === 'retry' && !isCancelled ? decision : null
  // Of a repeated attempt the first answer stands, as the tables have it; what follows from each is taken the same way.
  const known = segment.attempts.get(fact.attemptId)
  if (!known?.hasResponse) {
    // When it was decided on and due is what the decision said, as in the tables.
    const asDecided = known ? { createdAtMs: known.createdAtMs, delayUntilMs: known.delayUntilMs } : {}
    segment.attempts.set(fact.attemptId, { ...madeAttempt(fact), ...asDecided, nextAttemptAtMs: next?.atMs ?? null })
    segment.responses.set(fact.attemptId, {
      responseId: fact.attemptId,
      applicationId: fact.applicationId,
      errorName: fact.errorName,
      errorMessage: fact.errorMessage,
      response: fact.response,
      elapsedMs: fact.durationMs,
    })
  }
  if (next) {
    const attemptNumber = fact.attemptNumber + 1
    addOpenAttempt(
      segment,
      openAttempt(fact, {
        attemptId: next.attemptId,
        attemptNumber,
        createdAtMs: fact.finishedAtMs,
        delayUntilMs: next.atMs,
      }),
    )
  }
  if (isCancelled) return
  if (decision.type === 'succeeded') finishDelivery(segment, fact, 'succeeded')
  if (decision.type === 'dead-letter' && finishDelivery(segment, fact, 'dead-lettered'))
    addDeadLetter(segment, { fact, seq }, decision.reason)
}

function madeAttempt(fact: DeliveryAttempted): AttemptColumns {
  const { attemptId, attemptNumber, createdAtMs, dueAtMs } = fact
  const isSuccess = fact.outcome === 'success'
  return {
    ...openAttempt(fact, { attemptId, attemptNumber, createdAtMs, delayUntilMs: dueAtMs }),
    pickedAtMs: fact.startedAtMs,
    succeededAtMs: isSuccess ? fact.finishedAtMs : null,
    failedAtMs: isSuccess ? null : fact.finishedAtMs,
    outcome: fact.outcome,
    statusCode: fact.response?.statusCode ?? null,
    errorMessage: fact.errorMessage,
    durationMs: fact.durationMs,
    hasResponse: true,
  }
}

/** @returns false when the delivery is known to have ended before. */
function finishDelivery(
  segment: LedgerSegment,
  fact: DeliveryAttempted,
  status: 'succeeded' | 'dead-lettered',
): boolean {
  const delivery = segment.newDeliveries.get(fact.deliveryId)
  if (delivery) {
    if (delivery.status !== 'pending') return false
    segment.newDeliveries.set(fact.deliveryId, { ...delivery, status, finishedAtMs: fact.finishedAtMs })
    return true
  }
  if (segment.finishedDeliveries.has(fact.deliveryId)) return false
  segment.finishedDeliveries.set(fact.deliveryId, { status, finishedAtMs: fact.finishedAtMs })
  return true
}

/** It was called off before it had come: no attempt is made. */
function addCancelledLetter(
  segment: LedgerSegment,
  { fact, seq }: Placed<DeliveryCreated>,
  cancelledAtMs: number,
): void {
  segment.deadLetters.set(fact.deliveryId, {
    deliveryId: fact.deliveryId,
    eventId: fact.eventId,
    eventType: fact.eventType,
    applicationId: fact.applicationId,
    subscriptionId: fact.subscriptionId,
    reason: 'cancelled',
    statusCode: null,
    errorName: null,
    errorMessage: null,
    attemptCount: 0,
    lastAttemptId: null,
    deadAtMs: cancelledAtMs,
    ledgerSeq: seq,
  })
}

function addDeadLetter(
  segment: LedgerSegment,
  { fact, seq }: Placed<DeliveryAttempted>,
  reason: DeadLetterReason,
): void {
  segment.deadLetters.set(fact.deliveryId, {
    deliveryId: fact.deliveryId,
    eventId: fact.eventId,
    eventType: fact.eventType,
    applicationId: fact.applicationId,
    subscriptionId: fact.subscriptionId,
    reason,
    statusCode: fact.response?.statusCode ?? null,
    errorName: fact.errorName,
    errorMessage: fact.errorMessage,
    attemptCount: fact.attemptNumber,
    lastAttemptId: fact.attemptId,
    deadAtMs: fact.finishedAtMs,
    ledgerSeq: seq,
  })
}

function foldStarted(segment: LedgerSegment, fact: AttemptStarted): void {
  const row = segment.attempts.get(fact.attemptId)
  if (!row) segment.startedAttempts.set(fact.attemptId, fact.startedAtMs)
  else if (row.outcome === null) segment.attempts.set(fact.attemptId, { ...row, pickedAtMs: fact.startedAtMs })
}
