import type { JsMsg } from '@nats-io/jetstream'
import { attemptIdOf } from '#shared/domain/ids.ts'
import { type DeliveryCreated, decodeLedgerFact } from '#shared/facts/ledger.ts'
import { decodeRetryDue, type RetryDue } from '#shared/facts/waiting.ts'

/** An attempt that is to be made: of a new delivery, or of one whose time has come. */
export interface DueAttempt extends Omit<RetryDue, 'v' | 'type' | 'dueAtMs'> {
  /** Null for a first attempt, which is due at once. */
  dueAtMs: number | null
}

/** A due attempt and the message that it came by: acknowledged once the attempt's fact is on disk. */
export interface WorkItem {
  attempt: DueAttempt
  message: JsMsg
  lane: number
  source: 'ledger' | 'waiting'
  /** The message was handed out before, or to another since: its attempt may have been made, and recorded, already. */
  isRedelivered: boolean
  /** When the server was last told that it is still in work, in ms of the monotonic clock. */
  heldSinceMs: number
}

/** @throws {Error} when the message is no delivery fact of a known version. */
export function attemptOfDelivery(message: JsMsg): DueAttempt {
  const fact = decodeLedgerFact(message.string()) as DeliveryCreated
  return { ...fact, attemptId: attemptIdOf(fact.deliveryId, 1), attemptNumber: 1, dueAtMs: null }
}

/** @throws {Error} when the message is no due retry of a known version. */
export function attemptOfRetry(message: JsMsg): DueAttempt {
  return decodeRetryDue(message.string())
}
