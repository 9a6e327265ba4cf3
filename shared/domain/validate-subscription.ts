import type { FieldErrors } from '../contract/problems.ts'
import type { SubscriptionPost } from '../contract/schemas.ts'
import { HTTP_METHODS, type HttpMethod } from '../facts/control.ts'
import { readDeliveryOptions } from './delivery-options.ts'
import { isValidPattern } from './event-type-pattern.ts'
import { validateFilter } from './payload-filter.ts'
import { readSignatures } from './subscription-secrets.ts'
import { headerFormProblem, isRefusedHeader } from './target-headers.ts'
import { parseTargetUrl, refusalOfUrl, type TargetRules } from './target-url.ts'
import { readRetryPolicy } from './validate-retry-policy.ts'
import { checkMap, checkNoNull, checkText, createValidation, LABELS_RULE, METADATA_RULE } from './validation.ts'

const URL_BYTES_MAX = 1_000
const HEADERS_MAX = 10
const HEADER_BYTES_MAX = 500
const EVENT_TYPES_MAX = 100
const EVENT_TYPE_BYTES_MAX = 200
const WORKERS_MAX = 20
const RETRIES_MAX = 1_000

export interface ParsedTarget {
  /** WHATWG-normalised. */
  url: string
  method: string
  /** Names in lower case. */
  headers: Record<string, string>
}

/**
 * Reads a target (contract, behaviour.md §4).
 * @returns the target, or a sentence that says what is wrong with it.
 */
export function parseTarget(target: SubscriptionPost['target']): ParsedTarget | string {
  const url = parseTargetUrl(target.url)
  if (typeof url === 'string') return url
  const headers: Record<string, string> = {}
  for (const [name, given] of Object.entries(target.headers)) {
    const value = Array.isArray(given) ? given.join(', ') : given
    const problem = headerFormProblem(name, value)
    if (problem !== null) return `target.headers: ${problem}`
    headers[name.toLowerCase()] = value
  }
  return { url: url.href, method: target.method, headers }
}

/** Which labels a subscription asks for, or null when that is unclear: `labels` wins over the older pair of fields. */
export function wantedLabels(post: SubscriptionPost): Record<string, string> | null {
  if (post.labels) return post.labels
  if (typeof post.label_key === 'string' && typeof post.label_value === 'string')
    return { [post.label_key]: post.label_value }
  return null
}

export function isHttpMethod(method: string): method is HttpMethod {
  return (HTTP_METHODS as readonly string[]).includes(method)
}

/** The contract's field rules for a subscription (behaviour.md §4), and where it may lead. @returns null when all hold. */
export function validateSubscriptionPost(
  post: SubscriptionPost,
  target: ParsedTarget,
  rules: TargetRules,
): FieldErrors | null {
  const validation = createValidation()
  checkEventTypes(validation, post.event_types)
  if (typeof post.description === 'string') {
    checkText(validation, 'description', post.description, { min: 1, max: 100 })
    checkNoNull(validation, 'description', [post.description])
  }
  if (post.metadata) {
    checkMap(validation, 'metadata', post.metadata, METADATA_RULE)
    checkNoNull(validation, 'metadata', Object.entries(post.metadata).flat())
  }
  if (post.labels) {
    checkMap(validation, 'labels', post.labels, LABELS_RULE)
    checkNoNull(validation, 'labels', Object.entries(post.labels).flat())
  } else {
    for (const field of ['label_key', 'label_value'] as const) {
      checkText(validation, field, post[field] ?? '', { min: 1, max: 100, noControlCharacters: true })
    }
  }
  checkTarget(validation, target)
  checkGuard(validation, target, rules)
  checkAdditions(validation, post)
  const workers = post.dedicated_workers
  if (workers && (workers.length < 1 || workers.length > WORKERS_MAX)) {
    validation.add('dedicated_workers', {
      code: 'length',
      message: null,
      params: { min: 1, max: WORKERS_MAX, value: workers },
    })
  }
  const retries = post.max_retries
  if (typeof retries === 'number' && (retries < 0 || retries > RETRIES_MAX)) {
    validation.add('max_retries', {
      code: 'range',
      message: `max_retries must be 0 to ${RETRIES_MAX}`,
      params: { min: 0, max: RETRIES_MAX, value: retries },
    })
  }
  return validation.errors()
}

type Validation = ReturnType<typeof createValidation>

/** What the contract doesn't know: wildcards, filters, retry policies, pace and order, signatures. */
function checkAdditions(validation: Validation, post: SubscriptionPost): void {
  const wrongPattern = post.event_types.find((name) => name.includes('**') && !isValidPattern(name) && isWildcard(name))
  if (wrongPattern !== undefined) {
    const message = `'${wrongPattern.slice(0, 100)}': ** stands for the rest of a name and may only come last`
    validation.add('event_types', { code: 'event-types-pattern', message, params: {} })
  }
  const wrongFilter = post.filter ? validateFilter(post.filter) : null
  if (wrongFilter !== null) validation.add('filter', { code: 'filter', message: wrongFilter, params: {} })
  const policy = post.retry_policy ? readRetryPolicy(post.retry_policy) : null
  if (typeof policy === 'string') validation.add('retry_policy', { code: 'retry-policy', message: policy, params: {} })
  const options = readDeliveryOptions(post)
  if (Array.isArray(options))
    for (const { field, message } of options) validation.add(field, { code: 'delivery-options', message, params: {} })
  const signatures = readSignatures(post.signatures)
  if (typeof signatures === 'string')
    validation.add('signatures', { code: 'signatures', message: signatures, params: {} })
  const attempts = post.retry_policy?.max_attempts ?? null
  const retries = post.max_retries ?? null
  if (attempts !== null && retries !== null && attempts !== retries + 1) {
    const message = 'max_attempts counts the first attempt too, so it must be max_retries + 1; or give only one of them'
    validation.add('retry_policy', { code: 'retry-policy', message, params: {} })
  }
}

/** A whole token of the name is `**`. */
function isWildcard(name: string): boolean {
  return name.split('.').includes('**')
}

function checkEventTypes(validation: Validation, names: string[]): void {
  if (names.length < 1 || names.length > EVENT_TYPES_MAX) {
    const message = `A subscription names 1 to ${EVENT_TYPES_MAX} event types`
    validation.add('event_types', {
      code: 'event-types-size',
      message,
      params: { min: 1, max: EVENT_TYPES_MAX, value: names },
    })
  }
  if (names.some((name) => name === '' || Buffer.byteLength(name) > EVENT_TYPE_BYTES_MAX)) {
    const message = `Each event type has 1 to ${EVENT_TYPE_BYTES_MAX} bytes`
    validation.add('event_types', {
      code: 'event-types-name-length',
      message,
      params: { min: 1, max: EVENT_TYPE_BYTES_MAX, value: names },
    })
  }
}

function checkTarget(validation: Validation, { method, url, headers }: ParsedTarget): void {
  if (!isHttpMethod(method)) {
    const message = `The method must be one of ${HTTP_METHODS.join(', ')}`
    validation.add('target.method', { code: 'subscription-target-http-method', message, params: { value: method } })
  }
  if (Buffer.byteLength(url) > URL_BYTES_MAX) {
    const message = `The URL has at most ${URL_BYTES_MAX} bytes`
    validation.add('target.url', {
      code: 'subscription-target-http-url-length',
      message,
      params: { max: URL_BYTES_MAX, value: url },
    })
  }
  const entries = Object.entries(headers)
  if (entries.length > HEADERS_MAX) {
    const message = `A target has at most ${HEADERS_MAX} headers`
    validation.add('target.headers', {
      code: 'subscription-target-http-headers-size',
      message,
      params: { max: HEADERS_MAX },
    })
  }
  if (
    entries.some(
      ([name, value]) => Buffer.byteLength(name) > HEADER_BYTES_MAX || Buffer.byteLength(value) > HEADER_BYTES_MAX,
    )
  ) {
    const message = `A header's name and value have at most ${HEADER_BYTES_MAX} bytes each`
    validation.add('target.headers', {
      code: 'subscription-target-http-headers-property-length',
      message,
      params: { max: HEADER_BYTES_MAX },
    })
  }
}

/** The address guard's rules, as far as they can be known without looking a name up. */
function checkGuard(validation: Validation, { url, headers }: ParsedTarget, rules: TargetRules): void {
  const refusal = refusalOfUrl(new URL(url), rules)
  if (refusal !== null) {
    const message = `The URL is not allowed. ${refusal}`
    validation.add('target.url', { code: 'subscription-target-http-url-forbidden', message, params: { value: url } })
  }
  const refused = Object.keys(headers).filter(isRefusedHeader)
  if (refused.length > 0) {
    const message = `These headers can't be set: ${refused.join(', ').slice(0, 200)}`
    validation.add('target.headers', { code: 'subscription-target-http-headers-forbidden', message, params: {} })
  }
}
