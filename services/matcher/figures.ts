import type { EventsMatched } from '#shared/facts/ledger.ts'
import type { Metrics, Read } from '#shared/runtime/metrics.ts'

/** What is counted of events as they are matched. */
export interface MatchFigures {
  matched(fact: EventsMatched, deliveryCount: number): void
  /** A delayed event, whose time has come. */
  released(deliveryCount: number): void
  registerLag(read: Read): void
}

export function createMatchFigures(metrics: Metrics): MatchFigures {
  const events = metrics.tally({
    name: 'jethook_events_matched_total',
    help: 'Events that are matched: delivered to somebody, wanted by nobody, or put off to their time',
    labels: ['result'],
  })
  const deliveries = metrics.tally({
    name: 'jethook_deliveries_created_total',
    help: 'Deliveries that came of matching, at once or when a delayed event was due',
    labels: ['by'],
  })
  return {
    matched({ fromEventSeq, toEventSeq, unmatched, postponed = [] }, deliveryCount) {
      const wanted = Math.max(0, toEventSeq - fromEventSeq + 1 - unmatched.length - postponed.length)
      events.add({ result: 'wanted' }, wanted)
      events.add({ result: 'unwanted' }, unmatched.length)
      events.add({ result: 'postponed' }, postponed.length)
      deliveries.add({ by: 'match' }, deliveryCount)
    },
    released: (deliveryCount) => deliveries.add({ by: 'release' }, deliveryCount),
    registerLag: (read) =>
      metrics.gauge({ name: 'jethook_matcher_lag_events', help: 'Events in EVENTS that are not matched yet' }, read),
  }
}
