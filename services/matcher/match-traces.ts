import type { EventAccepted } from '#shared/facts/event.ts'
import type { Span, Tracing } from '#shared/runtime/tracing.ts'

/** The spans of a batch of events: they end together, once what follows from them is on disk. */
export interface MatchTraces {
  begin(event: EventAccepted): void
  /** @param deliveryCount What has come of the event that was begun last. */
  matched(deliveryCount: number): void
  end(error?: string): void
}

const NO_TRACES: MatchTraces = { begin() {}, matched() {}, end() {} }

export function createMatchTraces(tracing: Tracing): MatchTraces {
  if (!tracing.isOn) return NO_TRACES
  const spans: Span[] = []
  return {
    begin({ eventId, applicationId, eventType, traceparent }) {
      const span = tracing.begin({
        name: 'match',
        kind: 'consumer',
        parent: traceparent,
        attributes: {
          'jethook.event.id': eventId,
          'jethook.event.type': eventType,
          'jethook.application.id': applicationId,
        },
      })
      if (span !== null) spans.push(span)
    },
    matched: (deliveryCount) => spans.at(-1)?.set({ 'jethook.deliveries': deliveryCount }),
    end(error) {
      for (const span of spans.splice(0)) span.end(error)
    },
  }
}
