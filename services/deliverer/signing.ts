import { type SignatureVersion, signatureHeader } from '#shared/domain/signature.ts'
import { type StandardSigner, signV1, signV1a, standardSigner } from '#shared/domain/standard-signature.ts'
import type { SignatureKind, SigningSecrets, SubscriptionSecrets, SubscriptionState } from '#shared/facts/control.ts'

interface Keys {
  secret: string
  /** Null: Standard Webhooks isn't asked for, or the subscription had no such keys yet. */
  standard: StandardSigner | null
}

/** How a subscription's requests are signed, made ready once for each of its states. */
export interface Signing {
  hook0: ReadonlySet<SignatureVersion>
  v1: boolean
  v1a: boolean
  current: Keys
  /** From before a rotation: they sign whatever is sent before `untilMs`. */
  previous: (Keys & { untilMs: number }) | null
}

/** What is signed of a request. */
export interface SignedRequest {
  eventId: string
  /** Seconds since the Unix epoch of this attempt. */
  timestamp: number
  /** Names in lower case, in order. */
  headers: readonly (readonly [name: string, value: string])[]
  body: Uint8Array
}

/** Names in lower case that a customer's own header must not take; `svix-…` go before `webhook-…` in Svix' libraries. */
export function signatureHeaderNames(hook0Header: string): string[] {
  const own = [hook0Header, nextHeaderName(hook0Header)].map((name) => name.toLowerCase())
  const standard = ['id', 'timestamp', 'signature'].flatMap((name) => [`webhook-${name}`, `svix-${name}`])
  return [...own, ...standard]
}

/** Hook0's header holds one signature: during a rotation the new secret's goes beside it. */
function nextHeaderName(hook0Header: string): string {
  return `${hook0Header}-Next`
}

/** @throws {Error} when Standard Webhooks is asked for, and the subscription has no keys for it. */
export function prepareSigning(
  state: SubscriptionState,
  secrets: SubscriptionSecrets,
  defaultVersions: ReadonlySet<SignatureVersion>,
): Signing {
  const kinds = state.signatures
  const has = (kind: SignatureKind) => kinds?.includes(kind) ?? false
  const [v1, v1a] = [has('standard-v1'), has('standard-v1a')]
  const isStandard = v1 || v1a
  if (isStandard && secrets.standard === undefined)
    throw new Error(`The subscription ${state.subscriptionId} has no keys for Standard Webhooks`)
  const keysOf = ({ secret, standard }: SigningSecrets): Keys => ({
    secret,
    standard: isStandard && standard ? standardSigner(standard) : null,
  })
  const { previous } = secrets
  return {
    hook0: kinds === undefined ? defaultVersions : hook0Versions(kinds),
    v1,
    v1a,
    current: keysOf(secrets),
    previous: previous ? { ...keysOf(previous), untilMs: state.secretRotation?.previousUntilMs ?? 0 } : null,
  }
}

function hook0Versions(kinds: readonly SignatureKind[]): ReadonlySet<SignatureVersion> {
  return new Set(
    kinds.flatMap((kind): SignatureVersion[] => (kind === 'hook0-v0' ? ['v0'] : kind === 'hook0-v1' ? ['v1'] : [])),
  )
}

/** The headers of one attempt's signatures, as names and values in turn. */
export function signatureHeaders(signing: Signing, request: SignedRequest, hook0Header: string): string[] {
  const { current, previous: last } = signing
  const previous = last !== null && request.timestamp * 1_000 < last.untilMs ? last : null
  const headers: string[] = []
  if (signing.hook0.size > 0) {
    const value = ({ secret }: Keys) => signatureHeader({ secret, versions: signing.hook0, ...request })
    // Receivers know the old secret until they are told the new one, and Hook0's libraries take one signature only.
    headers.push(hook0Header, value(previous ?? current))
    if (previous !== null) headers.push(nextHeaderName(hook0Header), value(current))
  }
  if (signing.v1 || signing.v1a) {
    const { eventId, timestamp } = request
    const signatures = previous === null ? standardOf(signing, current, request) : bothOf(signing, previous, request)
    headers.push('webhook-id', eventId, 'webhook-timestamp', String(timestamp), 'webhook-signature', signatures)
  }
  return headers
}

function bothOf(signing: Signing, previous: Keys, request: SignedRequest): string {
  return [signing.current, previous]
    .map((keys) => standardOf(signing, keys, request))
    .filter((signatures) => signatures !== '')
    .join(' ')
}

function standardOf({ v1, v1a }: Signing, { standard }: Keys, { eventId: id, timestamp, body }: SignedRequest): string {
  if (standard === null) return ''
  const message = { id, timestamp, body }
  return [...(v1 ? [signV1(standard, message)] : []), ...(v1a ? [signV1a(standard, message)] : [])].join(' ')
}
