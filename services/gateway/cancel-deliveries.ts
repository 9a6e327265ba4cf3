import { type CancelledScope, cancelledMessage } from '#shared/domain/cancellation.ts'
import type { RouteDependencies } from './dependencies.ts'

/**
 * After CONTROL says that a subscription (or, null, a whole application) is off, LEDGER says that what it still had open is
 * cancelled. If this process dies in between, the reconciler says it.
 */
export async function cancelDeliveries(
  { appenders }: Pick<RouteDependencies, 'appenders'>,
  scope: CancelledScope,
  since: { controlSeq: number; atMs: number },
): Promise<void> {
  await appenders.ledger.append(cancelledMessage(scope, since))
}
