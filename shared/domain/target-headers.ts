const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** Visible characters, space and tab; bytes beyond ASCII are refused when the request is built. */
const VALUE = /^[\t\x20-\x7e\x80-\u{10ffff}]*$/u
const REPRESENTABLE = /^[\t\x20-\x7e]*$/

/** The most that a request carries, whatever was allowed when its subscription was written. */
const VALUE_CHARACTERS_MAX = 4_096

/** What jethook says itself: a customer's value is taken, as the contract has it, and replaced in the request. */
const OVERWRITTEN = new Set(['content-type', 'x-event-id', 'x-event-type', 'accept-encoding'])

/** How a message is framed, who is asked and on whose behalf: what could deceive the receiver or a proxy on the way. */
const REFUSED = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'forwarded',
  'via',
  'http2-settings',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  // Clouds' metadata services answer those alone who send these.
  'metadata',
  'metadata-flavor',
  'x-aws-ec2-metadata-token',
  'x-aws-ec2-metadata-token-ttl-seconds',
])
const REFUSED_PREFIXES = ['proxy-', 'x-forwarded-']

/** What is wrong with a header's form. @returns a sentence, or null. */
export function headerFormProblem(name: string, value: string): string | null {
  if (!NAME.test(name)) return `'${name.slice(0, 100)}' is no header name`
  return VALUE.test(value) ? null : `the value of '${name.slice(0, 100)}' holds control characters`
}

/** Whether a subscription may not name this header, in any case. */
export function isRefusedHeader(name: string): boolean {
  const lower = name.toLowerCase()
  return REFUSED.has(lower) || REFUSED_PREFIXES.some((prefix) => lower.startsWith(prefix))
}

/** Whether a customer's header goes into the request. @param name In lower case. */
export function isSentHeader(name: string): boolean {
  return NAME.test(name) && !OVERWRITTEN.has(name) && !isRefusedHeader(name)
}

/** Whether a value can stand in a request: visible ASCII, space and tab. */
export function isRepresentable(value: string): boolean {
  return value.length <= VALUE_CHARACTERS_MAX && REPRESENTABLE.test(value)
}
