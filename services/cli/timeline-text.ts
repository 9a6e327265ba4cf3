import type { RequestAttempt } from '#shared/contract/schemas.ts'
import type { TimelineAnswer } from '#shared/contract/timeline-schemas.ts'
import { withoutControls } from './output.ts'

type TimelineSubscription = TimelineAnswer['subscriptions'][number]

const EVENT_STATES: Record<TimelineAnswer['status'], string> = {
  waiting: 'waits for its time',
  withdrawn: 'was withdrawn before its time',
  not_matched_yet: 'is not matched with subscriptions yet',
  unmatched: 'matched no subscription',
  matched: 'was matched',
}

/** What became of an event, for a person: subscription by subscription, attempt by attempt. */
export function timelineText({ event, status, is_kept, subscriptions }: TimelineAnswer): string {
  const lines = [
    `${event.event_type_name} ${event.event_id}, received ${event.received_at}, ${EVENT_STATES[status]}`,
    ...(is_kept ? [] : ['It is no longer kept, so it can not be sent again.']),
    ...subscriptions.flatMap(subscriptionLines),
    ...(subscriptions.length === 0 ? ['The application has no subscription.'] : []),
  ]
  return withoutControls(lines.join('\n'))
}

function subscriptionLines(subscription: TimelineSubscription): string[] {
  const name = `${subscription.subscription_id}${subscription.description ? ` (${subscription.description})` : ''}`
  if (subscription.why_not !== null && subscription.deliveries.length === 0)
    return ['', name, `  not delivered: ${subscription.why_not.detail} (${subscription.why_not.code})`]
  const deliveries = subscription.deliveries.flatMap((delivery) => [
    `  delivery ${delivery.delivery_id}: ${delivery.status}${reasonOf(delivery)}`,
    ...delivery.attempts.map((attempt) => `    ${attemptLine(attempt)}`),
    ...(delivery.next_attempt_at === null ? [] : [`    next attempt at ${delivery.next_attempt_at}`]),
  ])
  return ['', name, ...deliveries]
}

function reasonOf({ replay_id, redrive_of }: TimelineSubscription['deliveries'][number]): string {
  if (redrive_of !== null) return `, a redrive of ${redrive_of}`
  return replay_id === null ? '' : `, of replay ${replay_id}`
}

export function attemptLine(attempt: RequestAttempt): string {
  const { attempt_number, created_at, status_code, duration_ms, outcome, error_message } = attempt
  const answer = [status_code, duration_ms === null ? null : `${duration_ms} ms`].filter((part) => part !== null)
  const what = outcome ?? attempt.status.type
  return [`attempt ${attempt_number}`, created_at, what, answer.join(' in '), error_message ?? ''].join('  ').trimEnd()
}
