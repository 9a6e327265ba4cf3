import { cancelledMessage } from '#shared/domain/cancellation.ts'
import type { RegisteredSubscription, Registry } from '#shared/domain/registry.ts'
import { cancelledBeforeSeq, controlSubject, type SubscriptionState } from '#shared/facts/control.ts'
import { AppendConflictError, type Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { Logger } from '#shared/runtime/logger.ts'

export interface AutoDisableConfig {
  /** After so long of nothing but failures; 0: never. */
  afterMs: number
  /** A receiver that answers 410 wants no more. */
  onGone: boolean
}

export interface AutoDisable {
  onFailure(subscriptionId: string, seen: { failingSinceMs: number | null; isGone: boolean }): void
}

/** Switches a subscription off whose receiver has been failing for long, or says that it is gone: as a person would. */
export function createAutoDisable({
  registry,
  control,
  ledger,
  clock,
  logger,
  config,
}: {
  registry: Registry
  control: Appender
  ledger: Appender
  clock: Clock
  logger: Logger
  config: AutoDisableConfig
}): AutoDisable {
  const underWay = new Set<string>()

  async function disable(subscription: RegisteredSubscription, reason: 'failing' | 'gone', sinceMs: number) {
    const { state, seq } = subscription
    const nowMs = clock.nowMs()
    const fact: SubscriptionState = {
      ...state,
      isEnabled: false,
      disabledBecause: { reason, sinceMs },
      updatedAtMs: nowMs,
      changedAtMs: nowMs,
      changedBy: { kind: 'system', id: 'deliverer' },
      lastCancelledSeq: cancelledBeforeSeq(state, seq),
    }
    const subject = controlSubject(fact)
    const appended = await control.append({ subject, body: JSON.stringify(fact), expectLastSubjectSeq: seq })
    logger.warn({ subscription_id: state.subscriptionId, reason }, 'a subscription was disabled')
    await ledger.append(cancelledMessage(state, { controlSeq: appended.seq, atMs: nowMs }))
  }

  return {
    onFailure(subscriptionId, { failingSinceMs, isGone }) {
      const nowMs = clock.nowMs()
      const hasFailedLong = config.afterMs > 0 && failingSinceMs !== null && nowMs - failingSinceMs >= config.afterMs
      const isToGo = isGone && config.onGone
      if ((!hasFailedLong && !isToGo) || underWay.has(subscriptionId)) return
      const subscription = registry.subscriptions.get(subscriptionId)
      if (subscription === undefined || !subscription.state.isEnabled || subscription.state.deletedAtMs !== null) return
      underWay.add(subscriptionId)
      disable(subscription, isToGo ? 'gone' : 'failing', failingSinceMs ?? nowMs)
        .catch((error: unknown) => {
          // A person has changed it meanwhile: the next failure looks again.
          if (!(error instanceof AppendConflictError))
            logger.warn({ err: error, subscription_id: subscriptionId }, 'a subscription could not be disabled')
        })
        .finally(() => underWay.delete(subscriptionId))
    },
  }
}
