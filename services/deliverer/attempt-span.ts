import type { Judgement } from '#shared/domain/outcome.ts'
import type { SubscriptionState } from '#shared/facts/control.ts'
import type { SpanStart } from '#shared/runtime/tracing.ts'
import type { MadeRequest } from './attempt.ts'
import type { DueAttempt } from './work-item.ts'

/** A request to a receiver. Paths are left out: they are often secrets. */
export function attemptSpan(attempt: DueAttempt, { target }: SubscriptionState, parent: string | undefined): SpanStart {
  return {
    name: `deliver ${target.method}`,
    kind: 'client',
    parent,
    attributes: {
      'http.request.method': target.method,
      'server.address': hostOf(target.url),
      'jethook.event.id': attempt.eventId,
      'jethook.event.type': attempt.eventType,
      'jethook.application.id': attempt.applicationId,
      'jethook.subscription.id': attempt.subscriptionId,
      'jethook.delivery.id': attempt.deliveryId,
      'jethook.attempt.number': attempt.attemptNumber,
    },
  }
}

export function endSpan({ span, result }: MadeRequest, { outcome, decision, errorName }: Judgement): void {
  if (span === null) return
  span.set({
    'jethook.outcome': outcome,
    'jethook.decision': decision.type,
    ...(result.type === 'responded' ? { 'http.response.status_code': result.response.statusCode } : {}),
    ...(errorName === null ? {} : { 'error.type': errorName }),
  })
  span.end(errorName ?? undefined)
}

function hostOf(url: string): string {
  return URL.parse(url)?.hostname ?? ''
}
