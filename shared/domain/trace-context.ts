/** W3C Trace Context: version, trace id, parent id, flags; a later version may add more behind those. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

export interface TraceContext {
  /** 32 hexadecimal digits. */
  traceId: string
  /** 16 hexadecimal digits. */
  spanId: string
  /** 1: whoever began the trace records it. */
  flags: number
}

/** @returns null for what is no `traceparent`: it is as if none had been given. */
export function parseTraceparent(text: string | undefined): TraceContext | null {
  const match = text === undefined ? null : TRACEPARENT.exec(text.trim())
  if (match === null) return null
  const [, version, traceId, spanId, flags, more] = match
  if (version === 'ff' || (version === '00' && more !== undefined)) return null
  if (/^0+$/.test(traceId!) || /^0+$/.test(spanId!)) return null
  return { traceId: traceId!, spanId: spanId!, flags: Number.parseInt(flags!, 16) & 1 }
}

export function formatTraceparent({ traceId, spanId, flags }: TraceContext): string {
  return `00-${traceId}-${spanId}-0${flags & 1}`
}

/** For log lines. @param traceparent As `formatTraceparent` makes it. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35)
}

/** What is kept of a publisher's header: one of today's version, or undefined. */
export function normalTraceparent(text: string | undefined): string | undefined {
  const context = parseTraceparent(text)
  return context === null ? undefined : formatTraceparent(context)
}
