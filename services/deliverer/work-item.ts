import type { JsMsg } from '@nats-io/jetstream'
import { attemptIdOf } from '#shared/domain/ids.ts'
import { type DeliveryCreated, decodeLedgerFact } from '#shared/facts/ledger.ts'
import { decodeDueAttempt, type ParkedAttempt, type RetryDue, type WorkSource } from '#shared/facts/waiting.ts'

/** An attempt that is to be made: of a new delivery, or of one whose time has come. */
export interface DueAttempt extends Omit<RetryDue, 'v' | 'type' | 'dueAtMs'> {
  /** Null for a first attempt, which is due at once. */
  dueAtMs: number | null
}

/** What an attempt came by, and how its sender is told what becomes of it. */
export interface WorkHandle {
  seq: number
  /** It is dealt with: the attempt's fact is on disk, or it stands elsewhere. */
  ack(): void
  /** It comes again, not before `delayMs`. */
  nak(delayMs: number): void
  /** It is still in work. */
  working(): void
}

/** A due attempt and the message that it came by: acknowledged once the attempt's fact is on disk. */
export interface WorkItem {
  attempt: DueAttempt
  message: WorkHandle
  lane: number
  source: WorkSource
  /** The message was handed out before, or to another since: its attempt may have been made, and recorded, already. */
  isRedelivered: boolean
  /** Its delivery is in front of its order key, and known to wait for this attempt. */
  isNext?: boolean
  /** When the server was last told that it is still in work, in ms of the monotonic clock. */
  heldSinceMs: number
}

/**
 * What LEDGER says of the delivery that an attempt is of: the attempt is due; it is made, and a later one follows; the delivery
 * has ended, as a dead letter or otherwise, or was called off.
 */
export type Standing = 'due' | 'going on' | 'dead' | 'ended' | 'cancelled'

/** @throws {Error} when the message is no delivery fact of a known version. */
export function attemptOfDelivery(message: Pick<JsMsg, 'string'>): DueAttempt {
  const fact = decodeLedgerFact(message.string()) as DeliveryCreated
  return { ...fact, attemptId: attemptIdOf(fact.deliveryId, 1), attemptNumber: 1, dueAtMs: null }
}

/** @throws {Error} when the message is no due or parked attempt of a known version. */
export function attemptOfWaiting(message: Pick<JsMsg, 'string'>): DueAttempt {
  return decodeDueAttempt(message.string())
}

/** What is parked of an attempt: all that is needed to make it. */
export function parkedOf(attempt: DueAttempt): ParkedAttempt {
  return { ...attempt, v: 1, type: 'parked' }
}
