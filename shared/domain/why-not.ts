import type { SubscriptionState } from '../facts/control.ts'
import { matchesPattern } from './event-type-pattern.ts'
import { filterDocumentOf, hasLabels, type MatchableEvent } from './match.ts'
import { compileFilter, explainFilter } from './payload-filter.ts'

/** Why an event had no delivery to a subscription. */
export type WhyNotCode =
  | 'created_later'
  | 'deleted'
  | 'disabled'
  | 'event_type'
  | 'label'
  | 'filter'
  | 'waiting'
  | 'withdrawn'
  | 'not_matched_yet'
  | 'unknown'

export interface WhyNot {
  code: WhyNotCode
  /** A sentence for people. */
  detail: string
}

/** What matching looks at. */
export type MatchedState = Pick<
  SubscriptionState,
  'isEnabled' | 'deletedAtMs' | 'eventTypes' | 'labels' | 'filter' | 'disabledBecause'
>

/** The first thing that keeps an event from a subscription in this state; null: it matches. */
export function whyNot(state: MatchedState, event: MatchableEvent): WhyNot | null {
  const { eventType, labels } = event.event
  if (state.deletedAtMs !== null) return { code: 'deleted', detail: 'The subscription was deleted before.' }
  if (!state.isEnabled) return { code: 'disabled', detail: disabledDetail(state) }
  if (!state.eventTypes.some((name) => matchesPattern(eventType, name)))
    return { code: 'event_type', detail: `It takes ${list(state.eventTypes)}, not ${eventType}.` }
  if (!hasLabels(labels, state.labels)) return { code: 'label', detail: labelDetail(state.labels, labels) }
  if (!state.filter) return null
  const { matches, reason } = explainFilter(compileFilter(state.filter), filterDocumentOf(event))
  return matches ? null : { code: 'filter', detail: `Its filter does not let it through: ${reason ?? 'no reason'}.` }
}

function disabledDetail({ disabledBecause }: MatchedState): string {
  switch (disabledBecause?.reason) {
    case 'failing':
      return 'The subscription was disabled, since its receiver had done nothing but fail.'
    case 'gone':
      return 'The subscription was disabled, since its receiver had answered that it is gone (410).'
    default:
      return 'The subscription was disabled.'
  }
}

function labelDetail(wanted: Record<string, string>, has: Record<string, string>): string {
  for (const [name, value] of Object.entries(wanted)) {
    if (!Object.hasOwn(has, name)) return `It wants the label ${name}=${value}, which the event does not have.`
    if (has[name] !== value) return `It wants the label ${name}=${value}; the event has ${name}=${has[name]}.`
  }
  return 'It wants labels that the event does not have.'
}

const SHOWN_MAX = 10

function list(names: readonly string[]): string {
  if (names.length === 0) return 'no event type'
  const more = names.length > SHOWN_MAX ? ` and ${names.length - SHOWN_MAX} more` : ''
  return names.slice(0, SHOWN_MAX).join(', ') + more
}
