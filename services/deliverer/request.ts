import { createHash } from 'node:crypto'
import type { SignatureVersion } from '#shared/domain/signature.ts'
import { isRepresentable, isSentHeader } from '#shared/domain/target-headers.ts'
import type { TargetTls } from '#shared/domain/target-tls.ts'
import type { SubscriptionSecrets, SubscriptionState } from '#shared/facts/control.ts'
import type { CachedEvent } from '#shared/runtime/event-cache.ts'
import type { ClientTls } from '#shared/runtime/sender/pools.ts'
import type { OutgoingRequest } from '#shared/runtime/sender/sender.ts'
import { prepareSigning, type Signing, signatureHeaderNames, signatureHeaders } from './signing.ts'

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
  signing: Signing
  /** Null: the server's. */
  timeoutMs: number | null
  /** The customer's headers, names in lower case, but for those that jethook sets itself. */
  headers: readonly (readonly [string, string])[]
  /** Null: none of its own. */
  tls: ClientTls | null
}

export function prepareTarget(
  state: SubscriptionState,
  secrets: SubscriptionSecrets,
  format: RequestFormat,
): PreparedTarget {
  const url = new URL(secrets.targetUrl ?? state.target.url)
  const signatureNames = signatureHeaderNames(format.signatureHeaderName)
  const headers = Object.entries(secrets.targetHeaders)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => isSentHeader(name) && !signatureNames.includes(name))
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: state.target.method,
    signing: prepareSigning(state, secrets, format.signatureVersions),
    timeoutMs: state.retryPolicy?.timeoutMs ?? null,
    headers,
    tls: clientTls(state.subscriptionId, secrets.tls ?? null),
  }
}

/** Certificates under a name that no other subscription has, and no other state of the certificates. */
function clientTls(subscriptionId: string, tls: TargetTls | null): ClientTls | null {
  if (tls === null) return null
  const identity = createHash('sha256')
    .update(JSON.stringify([subscriptionId, tls.ca, tls.certificate, tls.key]))
    .digest('base64')
  return { ...tls, identity }
}

/** An event and what its request says about it. */
export interface SentEvent extends CachedEvent {
  /** The replay that it is sent again by. */
  replayId?: string | undefined
  /** What the receiver may go on with. */
  traceparent?: string | undefined
}

/**
 * The request of one attempt (contract, behaviour.md §6 and §7): signed anew, with the body's bytes as they came.
 * @returns null when a header can't be represented: that will not change with another try.
 */
export function buildRequest(
  target: PreparedTarget,
  { event, payload, replayId, traceparent }: SentEvent,
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
    if (!isRepresentable(value)) return null
    headers.push(name, value)
  }
  const content = { eventId: event.eventId, timestamp, headers: signed, body: payload }
  headers.push(...signatureHeaders(target.signing, content, format.signatureHeaderName), 'accept-encoding', 'identity')
  const isGiven = (wanted: string) => target.headers.some(([name]) => name === wanted)
  if (!isGiven('accept')) headers.push('accept', '*/*')
  if (!isGiven('user-agent')) headers.push('user-agent', format.userAgent)
  if (traceparent !== undefined && !isGiven('traceparent')) headers.push('traceparent', traceparent)
  const { origin, path, method, timeoutMs, tls } = target
  const request: OutgoingRequest = { origin, path, method, headers, body: payload }
  if (timeoutMs !== null) request.timeoutMs = timeoutMs
  if (tls !== null) request.tls = tls
  return request
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}
