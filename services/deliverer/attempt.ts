import type { Judgement, SendResult } from '#shared/domain/outcome.ts'
import type { RegisteredSubscription } from '#shared/domain/registry.ts'
import type { RetryPolicy } from '#shared/domain/retry-policy.ts'
import type { SubscriptionRetryPolicy } from '#shared/facts/control.ts'
import type { Decision, DeliveryAttempted } from '#shared/facts/ledger.ts'
import type { RetryDue } from '#shared/facts/waiting.ts'
import type { Span } from '#shared/runtime/tracing.ts'
import type { DueAttempt } from './work-item.ts'

/** When a request was made and what came of it. */
export interface MadeRequest {
  result: SendResult
  startedAtMs: number
  finishedAtMs: number
  durationMs: number
  /** Null: nothing is traced. */
  span: Span | null
}

/** The fact of an attempt. `wasCancelled`: the delivery was called off meanwhile, so nothing follows. */
export function attemptFact(
  attempt: DueAttempt,
  made: MadeRequest,
  judgement: Judgement,
  wasCancelled: boolean,
): DeliveryAttempted {
  const decision: Decision =
    wasCancelled && judgement.decision.type !== 'succeeded' ? { type: 'cancelled' } : judgement.decision
  return {
    v: 1,
    type: 'attempt',
    attemptId: attempt.attemptId,
    deliveryId: attempt.deliveryId,
    eventId: attempt.eventId,
    eventSeq: attempt.eventSeq,
    eventType: attempt.eventType,
    applicationId: attempt.applicationId,
    subscriptionId: attempt.subscriptionId,
    controlSeq: attempt.controlSeq,
    attemptNumber: attempt.attemptNumber,
    createdAtMs: attempt.createdAtMs,
    dueAtMs: attempt.dueAtMs,
    startedAtMs: made.startedAtMs,
    finishedAtMs: made.finishedAtMs,
    durationMs: made.durationMs,
    outcome: judgement.outcome,
    errorName: judgement.errorName,
    errorMessage: judgement.errorMessage,
    response: made.result.type === 'responded' ? made.result.response : null,
    decision,
  }
}

/** The next attempt, as it waits for its time. @param after The message of the attempt that calls for it. */
export function nextAttempt(
  { orderKey, replayId, redriveOf }: DueAttempt,
  fact: DeliveryAttempted,
  retry: Extract<Decision, { type: 'retry' }>,
  after: NonNullable<RetryDue['after']>,
): RetryDue {
  return {
    v: 1,
    type: 'retry',
    deliveryId: fact.deliveryId,
    attemptId: retry.attemptId,
    attemptNumber: fact.attemptNumber + 1,
    eventId: fact.eventId,
    eventSeq: fact.eventSeq,
    eventType: fact.eventType,
    applicationId: fact.applicationId,
    subscriptionId: fact.subscriptionId,
    controlSeq: fact.controlSeq,
    createdAtMs: fact.finishedAtMs,
    dueAtMs: retry.atMs,
    after,
    ...(orderKey === undefined ? {} : { orderKey }),
    ...(replayId === undefined ? {} : { replayId }),
    ...(redriveOf === undefined ? {} : { redriveOf }),
  }
}

/** The server's policy with what the subscription says otherwise. */
export function policyFor(subscription: RegisteredSubscription, policy: RetryPolicy): RetryPolicy {
  const { maxRetries, retryPolicy: own } = subscription.state
  if (maxRetries === null && own === null) return policy
  return {
    ...policy,
    retriesMax: maxRetries ?? policy.retriesMax,
    ...(own?.scheduleMs ? { scheduleMs: own.scheduleMs } : {}),
    exponential: own?.exponential ?? null,
    jitter: jitterFor(own, policy.jitter),
    permanentStatuses: own?.permanentStatuses ?? [],
    retryableStatuses: own?.retryableStatuses ?? [],
  }
}

/** A ratio of the subscription's own is taken as it is, without the server's least spread. */
function jitterFor(own: SubscriptionRetryPolicy | null, jitter: RetryPolicy['jitter']): RetryPolicy['jitter'] {
  if (own === null || own.jitterRatio === null) return jitter
  return { ...jitter, ratio: own.jitterRatio, minSpreadMs: 0 }
}
