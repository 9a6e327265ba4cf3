import type { Actor } from './control.ts'
import { type Upcasters, upcast } from './versions.ts'

/** One event is to go to one subscription: fact and work item in one. Subject `ledger.delivery.<lane>`. */
export interface DeliveryCreated {
  v: 1
  type: 'delivery'
  deliveryId: string
  eventId: string
  /** Where the event stands in EVENTS: the payload is fetched from there. */
  eventSeq: number
  eventType: string
  applicationId: string
  subscriptionId: string
  /** The CONTROL sequence that the event was matched with; a newer cancellation closes the delivery. */
  controlSeq: number
  createdAtMs: number
  /** Of an ordered subscription: deliveries with the same key are made one after the other. */
  orderKey?: string
  /** It was made by a replay: its requests say so, in a header. */
  replayId?: string
  /** It sends a dead letter again: the delivery that had ended. */
  redriveOf?: string
  /** The redrive or replay job that made it. */
  jobId?: string
}

/** Matching is done up to and with `toEventSeq`. Appended in one batch with the deliveries of those events. */
export interface EventsMatched {
  v: 1
  type: 'matched'
  fromEventSeq: number
  toEventSeq: number
  controlSeq: number
  /** EVENTS sequences of this range that no subscription wanted. */
  unmatched: number[]
  /** Events of this range that wait for their time, under a schedule in WAITING, and are matched then. */
  postponed?: PostponedEvent[]
  /** The next event has more deliveries than fit into one batch: those up to this subscription id, in order, are made. */
  partOf?: { eventSeq: number; throughSubscriptionId: string }
  matchedAtMs: number
}

/** An event that is to be delivered later. */
export interface PostponedEvent {
  eventSeq: number
  eventId: string
  applicationId: string
  deliverAtMs: number
}

/**
 * Postponed events have come due and are matched, in one batch with their deliveries. Subject `ledger.postponed`, where
 * also withdrawals stand: of the two, the first one counts.
 */
export interface EventsReleased {
  v: 1
  type: 'released'
  /** Due messages of WAITING are dealt with up to this sequence. */
  throughWaitingSeq: number
  eventIds: string[]
  /** Of these events a part of the deliveries is made: up to this subscription id, in order. */
  partOf?: { eventSeq: number; throughSubscriptionId: string }
  controlSeq: number
  releasedAtMs: number
}

/** A postponed event is not to be delivered. */
export interface EventWithdrawn {
  v: 1
  type: 'withdrawn'
  eventId: string
  applicationId: string
  withdrawnAtMs: number
  withdrawnBy: Actor
}

/** A person asked for an event to be matched anew; in one batch with its deliveries. */
export interface EventReplayed {
  v: 1
  type: 'replayed'
  replayId: string
  eventId: string
  eventSeq: number
  applicationId: string
  controlSeq: number
  deliveryCount: number
  replayedAtMs: number
  replayedBy: Actor
}

/**
 * A replay job has come up to and with `throughEventSeq`; in one batch with the deliveries that it calls for. Subject
 * `ledger.replay.<job>`: its last fact is where the job stands.
 */
export interface ReplayAdvanced {
  v: 1
  type: 'replay_advanced'
  replayId: string
  applicationId: string
  throughEventSeq: number
  /** The next event has more deliveries than fit into one batch: those up to this subscription id, in order, are made. */
  partOf?: { eventSeq: number; throughSubscriptionId: string }
  controlSeq: number
  deliveryCount: number
  /** Of the whole job, this batch included. */
  deliveriesSoFar: number
  advancedAtMs: number
}

/**
 * Dead letters are sent again, in one batch with the deliveries that do so (`redriveOf`), in the same order. Subject
 * `ledger.dead_letter`, where also discards stand: of two facts about one dead letter only the first can be appended.
 */
export interface DeadLettersRedriven {
  v: 1
  type: 'redriven'
  jobId: string
  applicationId: string
  /** The deliveries that had ended. */
  deliveryIds: string[]
  controlSeq: number
  redrivenAtMs: number
  redrivenBy: Actor
}

/** Dead letters that a person has looked at and that are to be sent no more. */
export interface DeadLettersDiscarded {
  v: 1
  type: 'discarded'
  jobId: string
  applicationId: string
  deliveryIds: string[]
  reason: string
  discardedAtMs: number
  discardedBy: Actor
}

export const DEAD_LETTER_REASONS = ['permanent', 'retries-spent', 'invalid-header', 'event-expired'] as const
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number]

/** What follows an attempt. */
export type Decision =
  | { type: 'succeeded' }
  | { type: 'retry'; atMs: number; attemptId: string }
  | { type: 'dead-letter'; reason: DeadLetterReason }
  | { type: 'cancelled' }

/** The contract's `response_error_name`; null for a success. */
export type ResponseErrorName =
  | 'E_HTTP'
  | 'E_CONNECTION'
  | 'E_TIMEOUT'
  | 'E_DNS'
  | 'E_INVALID_TARGET'
  | 'E_INVALID_HEADER'
  | 'E_UNKNOWN'

/** What came back, as far as it is kept. */
export interface KeptResponse {
  statusCode: number
  headers: Record<string, string>
  /** Base64 of the body's first bytes, or null when it could not be read. */
  bodyBase64: string | null
  /** More came than is kept. */
  isBodyCut: boolean
}

export type AttemptOutcome = 'success' | 'failed' | 'timeout'

/** One HTTP request was made (or could not be) and this follows from it. Complete in itself: a row needs no other fact. */
export interface DeliveryAttempted {
  v: 1
  type: 'attempt'
  attemptId: string
  deliveryId: string
  eventId: string
  eventSeq: number
  eventType: string
  applicationId: string
  subscriptionId: string
  controlSeq: number
  /** From 1. */
  attemptNumber: number
  /** When the attempt came into being: with its delivery, or with the decision to retry. */
  createdAtMs: number
  /** When it was due; null for a first attempt, which is due at once. */
  dueAtMs: number | null
  startedAtMs: number
  finishedAtMs: number
  durationMs: number
  outcome: AttemptOutcome
  errorName: ResponseErrorName | null
  errorMessage: string | null
  response: KeptResponse | null
  decision: Decision
}

/** An attempt has been under way for a second. */
export interface AttemptStarted {
  v: 1
  type: 'started'
  attemptId: string
  deliveryId: string
  startedAtMs: number
}

/**
 * Every delivery in the scope that was matched with an older CONTROL sequence than `controlSeq` is cancelled. The scope is
 * one subscription, or (null) the whole application.
 */
export interface DeliveriesCancelled {
  v: 1
  type: 'cancelled'
  subscriptionId: string | null
  applicationId: string
  controlSeq: number
  cancelledAtMs: number
}

/** These deliveries are called off. Of this and their end the first one counts; what stands behind it makes no difference. */
export interface ChosenCancelled {
  v: 1
  type: 'chosen_cancelled'
  deliveryIds: string[]
  applicationId: string
  cancelledAtMs: number
  cancelledBy: Actor
}

/** Those behind a dead letter of an ordered subscription need not wait for it any more. */
export interface DeadLetterSkipped {
  v: 1
  type: 'skipped'
  deliveryId: string
  subscriptionId: string
  applicationId: string
  skippedAtMs: number
  skippedBy: Actor
}

/**
 * A message of INBOX is no event, for the reason that a post of it would have been refused with. Nothing of its payload is
 * kept. Subject `ledger.rejected`.
 */
export interface EventRejected {
  v: 1
  type: 'rejected'
  /** Follows from the message: read again, it has the same. */
  rejectionId: string
  inboxSeq: number
  /** As its subject names it; perhaps no application has this id. */
  applicationId: string
  /** As far as they could be read. */
  eventId: string | null
  eventType: string | null
  problemId: string
  status: number
  detail: string
  /** When INBOX stored it. */
  publishedAtMs: number
  rejectedAtMs: number
}

export type LedgerFact =
  | DeliveryCreated
  | EventsMatched
  | EventsReleased
  | EventWithdrawn
  | EventReplayed
  | ReplayAdvanced
  | DeadLettersRedriven
  | DeadLettersDiscarded
  | DeliveryAttempted
  | AttemptStarted
  | DeliveriesCancelled
  | ChosenCancelled
  | DeadLetterSkipped
  | EventRejected

export const LEDGER_TYPES: ReadonlySet<string> = new Set([
  'delivery',
  'matched',
  'released',
  'withdrawn',
  'replayed',
  'replay_advanced',
  'redriven',
  'discarded',
  'attempt',
  'started',
  'cancelled',
  'chosen_cancelled',
  'skipped',
  'rejected',
])

/** None yet: all are in their first version. */
const UPCASTERS: Upcasters = {}

/** @throws {Error} when `text` is no fact of a known kind and version: a corrupt stream is not to be skipped. */
export function decodeLedgerFact(text: string): LedgerFact {
  const stored = JSON.parse(text) as LedgerFact
  if (!LEDGER_TYPES.has(stored.type)) throw new Error(`LEDGER holds a fact of the unknown kind ${String(stored.type)}`)
  return upcast('LEDGER', stored, UPCASTERS)
}
