import type { SubscriptionAnswer, SubscriptionPost } from '#shared/contract/schemas.ts'
import { readSignatures } from '#shared/domain/subscription-secrets.ts'
import { readRetryPolicy, showRetryPolicy } from '#shared/domain/validate-retry-policy.ts'
import { parseTarget } from '#shared/domain/validate-subscription.ts'
import { usageError } from '../exit-codes.ts'
import { DEFAULT_LABELS, WRITABLE_FIELDS, writable } from '../subscription-options.ts'
import type { SubscriptionEntry } from './document.ts'

/** A subscription's fields in one form, whether they come from a file or from the server: what is the same compares as such. */
export type CanonicalSubscription = Record<(typeof WRITABLE_FIELDS)[number], unknown>

/** Where apply keeps the name of a subscription that it has made. */
export const NAME_KEY = 'jethook_name'

export function canonicalAnswer(answer: SubscriptionAnswer): CanonicalSubscription {
  return canonical(writable(answer))
}

/** @throws {CliError} when the entry's target or policy can't be read. */
export function canonicalEntry({ name, id, target, metadata, ...entry }: SubscriptionEntry): CanonicalSubscription {
  const parsed = parseTarget({
    type: 'http',
    method: target.method ?? 'POST',
    url: target.url,
    headers: target.headers ?? {},
  })
  if (typeof parsed === 'string') throw usageError(`Subscription '${name}': ${parsed}`)
  return canonical({
    ...entry,
    is_enabled: entry.is_enabled ?? true,
    labels: entry.labels ?? DEFAULT_LABELS,
    metadata: { ...metadata, ...(id === undefined ? { [NAME_KEY]: name } : {}) },
    target: { type: 'http', ...parsed },
  })
}

function canonical(post: Partial<SubscriptionPost>): CanonicalSubscription {
  const policy = post.retry_policy ? readRetryPolicy(post.retry_policy) : null
  if (typeof policy === 'string') throw usageError(`retry_policy: ${policy}`)
  const maxRetries = post.max_retries ?? policy?.maxRetries ?? null
  const signatures = readSignatures(post.signatures)
  const fields = WRITABLE_FIELDS.map((field) => [field, withoutNulls(post[field])])
  return {
    ...(Object.fromEntries(fields) as CanonicalSubscription),
    event_types: [...new Set(post.event_types)].toSorted(),
    max_retries: maxRetries,
    retry_policy: policy && withoutNulls(showRetryPolicy(policy.policy, maxRetries)),
    signatures: Array.isArray(signatures) ? signatures.toSorted() : (signatures ?? null),
    metadata: post.metadata ?? {},
    labels: post.labels ?? {},
    ordering: post.ordering ? withoutNulls({ on_dead_letter: 'block', ...post.ordering }) : null,
    handshake: post.handshake ? { request_rate: post.handshake.request_rate ?? null } : null,
    tls: tlsOf(post.tls),
  }
}

/** The key is never shown, so it can't be compared: it changes with its certificate. */
function tlsOf(tls: SubscriptionPost['tls']): unknown {
  return tls ? withoutNulls({ ca: tls.ca?.trim(), client_certificate: tls.client_certificate?.trim() }) : null
}

/** What isn't set, in any way of saying so, is left out. */
function withoutNulls(value: unknown): unknown {
  if (value === undefined || value === null) return null
  if (typeof value !== 'object' || Array.isArray(value)) return value
  const set = Object.entries(value).filter(
    ([, each]) => each !== null && each !== undefined && !(Array.isArray(each) && each.length === 0),
  )
  return Object.fromEntries(set)
}
