import type { DeliveryAttempted } from '#shared/facts/ledger.ts'
import { type Metrics, SECONDS_BUCKETS } from '#shared/runtime/metrics.ts'
import type { BreakerCounts } from './receivers.ts'
import type { DueAttempt } from './work-item.ts'

/** What is counted of attempts as they are recorded. */
export interface AttemptFigures {
  recorded(fact: DeliveryAttempted, attempt: DueAttempt): void
}

export function createAttemptFigures(metrics: Metrics): AttemptFigures {
  const attempts = metrics.tally({
    name: 'jethook_attempts_total',
    help: 'Attempts that are recorded, by what came of them and what follows',
    labels: ['outcome', 'decision'],
  })
  const deadLetters = metrics.tally({
    name: 'jethook_dead_letters_total',
    help: 'Deliveries that have become dead letters, by reason',
    labels: ['reason'],
  })
  const duration = metrics.distribution(
    { name: 'jethook_attempt_seconds', help: 'From the beginning of a request to its end', labels: ['outcome'] },
    SECONDS_BUCKETS,
  )
  const untilRequest = metrics.distribution(
    {
      name: 'jethook_accept_to_request_seconds',
      help: "From an event's acceptance (of a delayed one: from its time) to the first byte of its first request",
    },
    SECONDS_BUCKETS,
  )
  const untilAnswer = metrics.distribution(
    { name: 'jethook_accept_to_answer_seconds', help: 'The same to the end of the first request' },
    SECONDS_BUCKETS,
  )
  return {
    recorded(fact, { replayId, redriveOf }) {
      const { outcome, decision } = fact
      attempts.add({ outcome, decision: decision.type })
      if (decision.type === 'dead-letter') deadLetters.add({ reason: decision.reason })
      duration.observe({ outcome }, fact.durationMs / 1_000)
      if (fact.attemptNumber !== 1 || replayId !== undefined || redriveOf !== undefined) return
      // Two machines' clocks may differ by more than it took.
      untilRequest.observe({}, Math.max(0, fact.startedAtMs - fact.createdAtMs) / 1_000)
      untilAnswer.observe({}, Math.max(0, fact.finishedAtMs - fact.createdAtMs) / 1_000)
    },
  }
}

/** What a deliverer holds right now. */
export interface DelivererState {
  underWay(): number
  held(): number
  lanes(): number
  breakers(): BreakerCounts
}

export function registerDelivererFigures(metrics: Metrics, state: DelivererState): void {
  metrics.gauge({ name: 'jethook_attempts_in_flight', help: 'Requests that are under way' }, state.underWay)
  metrics.gauge(
    {
      name: 'jethook_deliveries_held',
      help: 'Attempts in memory, those under way included, that are not acknowledged',
    },
    state.held,
  )
  metrics.gauge({ name: 'jethook_lanes_owned', help: 'Lanes that this process serves' }, state.lanes)
  metrics.gauge(
    { name: 'jethook_breakers', help: "Receivers of this process' lanes that are not simply well", labels: ['state'] },
    () => Object.entries(state.breakers()).map(([name, value]) => ({ labels: { state: name }, value })),
  )
}
