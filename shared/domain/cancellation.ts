import type { DeliveriesCancelled } from '../facts/ledger.ts'
import { LEDGER_SUBJECTS } from '../facts/subjects.ts'
import type { RegisteredSubscription } from './registry.ts'

/** What is called off: the open deliveries of a subscription, or (null) of a whole application. */
export interface CancelledScope {
  applicationId: string
  subscriptionId: string | null
}

/** A delivery that was matched before its subscription was disabled or deleted is not to be made any more. */
export function isCancelled(
  { controlSeq }: { controlSeq: number },
  subscription: RegisteredSubscription | undefined,
): boolean {
  return subscription === undefined || controlSeq < subscription.cancelledBeforeSeq
}

/**
 * The fact that what was matched before `controlSeq` is called off, ready to be appended to LEDGER. It has the same id
 * whoever says it: saying it twice is no error.
 */
export function cancelledMessage(
  { applicationId, subscriptionId }: CancelledScope,
  { controlSeq, atMs }: { controlSeq: number; atMs: number },
): { subject: string; body: string; msgId: string } {
  const fact: DeliveriesCancelled = {
    v: 1,
    type: 'cancelled',
    subscriptionId,
    applicationId,
    controlSeq,
    cancelledAtMs: atMs,
  }
  return {
    subject: LEDGER_SUBJECTS.cancelled,
    body: JSON.stringify(fact),
    msgId: `cancel:${subscriptionId ?? applicationId}:${controlSeq}`,
  }
}
