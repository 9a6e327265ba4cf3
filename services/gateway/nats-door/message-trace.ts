import { normalTraceparent } from '#shared/domain/trace-context.ts'
import type { Span, SpanKind, Tracing } from '#shared/runtime/tracing.ts'
import { headersOf } from './inbox-message.ts'

/** A message's own step of a trace. */
export interface MessageTrace {
  /** What its event follows from; undefined: neither is there tracing, nor has its publisher given anything. */
  traceparent: string | undefined
  end(error?: string): void
}

type Headers = Parameters<typeof headersOf>[0]

/** Goes on with the trace of whoever has published the message, by its header `traceparent`. */
export function beginMessageTrace(tracing: Tracing, name: string, kind: SpanKind, message: Headers): MessageTrace {
  const parent = message.headers === undefined ? undefined : traceparentIn(message)
  const span: Span | null = tracing.isOn
    ? tracing.begin({ name, kind, parent, attributes: { 'messaging.system': 'nats' } })
    : null
  return { traceparent: span?.traceparent ?? parent, end: (error) => span?.end(error) }
}

function traceparentIn(message: Headers): string | undefined {
  const header = headersOf(message).find(([name]) => name.toLowerCase() === 'traceparent')
  return normalTraceparent(header?.[1])
}
