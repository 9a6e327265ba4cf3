import { type SignatureVersion, signatureHeader } from '#shared/domain/signature.ts'
import type { SubscriptionSecrets, SubscriptionState } from '#shared/facts/control.ts'
import type { CachedEvent } from '#shared/runtime/event-cache.ts'
import type { OutgoingRequest } from './sender.ts'

export interface RequestFormat {
  signatureHeaderName: string
  signatureVersions: ReadonlySet<SignatureVersion>
  userAgent: string
}

/** What a subscription's requests have in common, made once for each of its states. */
export interface PreparedTarget {
  origin: string
  path: string
  method: string
  secret: string
  /** Null: the server's. */
  timeoutMs: number | null
  /** The customer's headers, names in lower case, but for those that jethook sets itself. */
  headers: readonly (readonly [string, string])[]
}

const OWN_HEADERS = new Set([
  'content-type',
  'x-event-id',
  'x-event-type',
  'x-jethook-replay',
  'content-length',
  'host',
  'connection',
  'transfer-encoding',
])
/** Visible ASCII, space and tab. */
const REPRESENTABLE = /^[\t\x20-\x7e]*$/

export function prepareTarget(
  state: SubscriptionState,
  secrets: SubscriptionSecrets,
  format: RequestFormat,
): PreparedTarget {
  const url = new URL(secrets.targetUrl ?? state.target.url)
  const signatureName = format.signatureHeaderName.toLowerCase()
  const headers = Object.entries(secrets.targetHeaders)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !OWN_HEADERS.has(name) && name !== signatureName)
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: state.target.method,
    secret: secrets.secret,
    timeoutMs: state.retryPolicy?.timeoutMs ?? null,
    headers,
  }
}

/** An event and what its request says about it. */
export interface SentEvent extends CachedEvent {
  /** The replay that it is sent again by. */
  replayId?: string | undefined
}

/**
 * The request of one attempt (contract, behaviour.md §6 and §7): signed anew, with the body's bytes as they came.
 * @returns null when a header can't be represented: that will not change with another try.
 */
export function buildRequest(
  target: PreparedTarget,
  { event, payload, replayId }: SentEvent,
  timestamp: number,
  format: RequestFormat,
): OutgoingRequest | null {
  const signed: (readonly [string, string])[] = [
    ...target.headers,
    ['content-type', event.payloadContentType],
    ['x-event-id', event.eventId],
    ['x-event-type', event.eventType],
    ...(replayId === undefined ? [] : [['x-jethook-replay', replayId] as const]),
  ]
  if (target.headers.length > 0) signed.sort(byName)
  const headers: string[] = []
  for (const [name, value] of signed) {
    if (!REPRESENTABLE.test(value)) return null
    headers.push(name, value)
  }
  const signature = signatureHeader({
    secret: target.secret,
    timestamp,
    headers: signed,
    body: payload,
    versions: format.signatureVersions,
  })
  headers.push(format.signatureHeaderName, signature, 'accept', '*/*', 'accept-encoding', 'identity')
  if (!target.headers.some(([name]) => name === 'user-agent')) headers.push('user-agent', format.userAgent)
  const { origin, path, method, timeoutMs } = target
  return { origin, path, method, headers, body: payload, ...(timeoutMs === null ? {} : { timeoutMs }) }
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}
