/** What a span is, for whoever draws the trace: an answer to a request, work on a message, a request of ours. */
export type SpanKind = 'server' | 'consumer' | 'client'

export type SpanAttributes = Record<string, string | number | boolean>

export interface SpanStart {
  name: string
  kind: SpanKind
  /** A `traceparent`; undefined: a trace begins here. */
  parent: string | undefined
  attributes?: SpanAttributes
  /** Of the wall clock; left out: now. */
  startedAtMs?: number
}

/** One step of a trace, under way. */
export interface Span {
  traceId: string
  /** Names this span as the parent of what follows from it. */
  traceparent: string
  set(attributes: SpanAttributes): void
  /** @param error What went wrong, in a word or two; left out: nothing. Without secrets: it leaves the process. */
  end(error?: string): void
}

/** Makes spans and sends them off, in the background; a collector that is away costs nothing but spans. */
export interface Tracing {
  /** Where it is false, whoever handles much need not even put together what a span would be told. */
  readonly isOn: boolean
  /** Null where nothing is traced: then nothing is spent either. */
  begin(start: SpanStart): Span | null
  /** Sends what is left, for a second at the most. */
  close(): Promise<void>
}

export const NO_TRACING: Tracing = {
  isOn: false,
  begin: () => null,
  close: async () => {},
}
