import type { DeliveryCreated } from '../facts/ledger.ts'
import { LEDGER_SUBJECTS } from '../facts/subjects.ts'
import { laneOf } from './ids.ts'

/** A delivery as it is appended to LEDGER: under the lane of its subscription. */
export function deliveryMessage(delivery: DeliveryCreated, laneCount: number): { subject: string; body: string } {
  return {
    subject: LEDGER_SUBJECTS.delivery(laneOf(delivery.subscriptionId, laneCount)),
    body: JSON.stringify(delivery),
  }
}
