import type { SubscriptionPost } from '../contract/schemas.ts'
import {
  SIGNATURE_KINDS,
  type SignatureKind,
  type SigningSecrets,
  type SubscriptionSecrets,
  type SubscriptionState,
} from '../facts/control.ts'
import { parseDelay } from './retry-policy.ts'

const HOUR_MS = 3_600_000
const GRACE_DEFAULT_MS = 24 * HOUR_MS
const GRACE_MAX_MS = 7 * 24 * HOUR_MS

/**
 * How a subscription wants its requests signed.
 * @returns null where it leaves that to the server, or a sentence that says what is wrong and what to do.
 */
export function readSignatures(kinds: SubscriptionPost['signatures']): SignatureKind[] | null | string {
  if (kinds === undefined || kinds === null) return null
  if (kinds.length === 0) return `signatures must name one of ${SIGNATURE_KINDS.join(', ')}, or be null for the default`
  const unknown = kinds.find((kind) => !isKind(kind))
  if (unknown !== undefined) return `signatures: '${unknown.slice(0, 50)}' is none of ${SIGNATURE_KINDS.join(', ')}`
  return SIGNATURE_KINDS.filter((kind) => kinds.includes(kind))
}

function isKind(text: string): text is SignatureKind {
  return (SIGNATURE_KINDS as readonly string[]).includes(text)
}

/**
 * For how long the secrets before a rotation sign too.
 * @returns ms (0: not at all), or a sentence that says what is wrong and what to do.
 */
export function readGracePeriod(text: string | null | undefined): number | string {
  if (text === null || text === undefined) return GRACE_DEFAULT_MS
  const ms = parseDelay(text)
  return ms !== null && ms <= GRACE_MAX_MS
    ? ms
    : `grace_period: '${text.slice(0, 50)}' is no time such as 0s, 30m or 24h, of at most ${GRACE_MAX_MS / HOUR_MS}h`
}

/** When a grace period ends: at a whole second, as signatures carry their time in seconds. @returns ms. */
export function endOfGracePeriod(nowMs: number, graceMs: number): number {
  return graceMs === 0 ? nowMs : Math.ceil((nowMs + graceMs) / 1_000) * 1_000
}

type Rotation = Pick<SubscriptionState, 'secretRotation'>

/** The secrets from before the last rotation, while they still sign; null afterwards. */
export function previousSecrets(
  { secretRotation }: Rotation,
  { previous }: SubscriptionSecrets,
  nowMs: number,
): (SigningSecrets & { untilMs: number }) | null {
  const untilMs = secretRotation?.previousUntilMs ?? 0
  return previous !== undefined && nowMs < untilMs ? { ...previous, untilMs } : null
}

/** What stays when a subscription is written anew; `fresh` fills in what earlier releases have not made. */
export function keptSecrets(
  state: Rotation,
  secrets: SubscriptionSecrets,
  fresh: Required<SigningSecrets>,
  nowMs: number,
): Required<SigningSecrets> & { previous?: SigningSecrets } {
  const { secret, standard = fresh.standard, previous } = secrets
  const isPreviousInUse = previousSecrets(state, secrets, nowMs) !== null
  return { secret, standard, ...(isPreviousInUse && previous ? { previous } : {}) }
}

/** Puts `fresh` in the place of the present secrets, which go on signing beside them until `untilMs`. */
export function rotatedSecrets(
  before: SubscriptionSecrets,
  fresh: Required<SigningSecrets>,
  { nowMs, untilMs }: { nowMs: number; untilMs: number },
): SubscriptionSecrets {
  const { secret, standard, previous: _, ...target } = before
  const previous: SigningSecrets = standard === undefined ? { secret } : { secret, standard }
  return { ...target, ...fresh, ...(untilMs > nowMs ? { previous } : {}) }
}

/** Ends the time in which the secrets before the last rotation sign too. */
export function withoutPrevious({ previous: _, ...secrets }: SubscriptionSecrets): SubscriptionSecrets {
  return secrets
}
