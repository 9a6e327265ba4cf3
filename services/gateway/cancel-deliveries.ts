import type { DeliveriesCancelled } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import type { RouteDependencies } from './dependencies.ts'

/**
 * After CONTROL says that a subscription (or, null, a whole application) is off, LEDGER says that what it still had open is
 * cancelled. Saying it twice is no error.
 */
export async function cancelDeliveries(
  { appenders }: Pick<RouteDependencies, 'appenders'>,
  { applicationId, subscriptionId }: { applicationId: string; subscriptionId: string | null },
  { controlSeq, atMs }: { controlSeq: number; atMs: number },
): Promise<void> {
  const fact: DeliveriesCancelled = {
    v: 1,
    type: 'cancelled',
    subscriptionId,
    applicationId,
    controlSeq,
    cancelledAtMs: atMs,
  }
  await appenders.ledger.append({
    subject: LEDGER_SUBJECTS.cancelled,
    body: JSON.stringify(fact),
    msgId: `cancel:${subscriptionId ?? applicationId}:${controlSeq}`,
  })
}
