import type { Schemas } from '#dashboard/api/client.ts'

type Subscription = Schemas['Subscription']
type Post = Schemas['SubscriptionPost']

/** What the form holds: texts as they are typed. */
export interface SubscriptionValues {
  url: string
  method: string
  description: string
  eventTypes: string[]
  /** `name:value` each. */
  labels: string[]
  /** `name: value` each. */
  headers: string[]
  /** JSON; empty: none. */
  filter: string
  /** JSON; empty: as the server has it. */
  retryPolicy: string
  maxConcurrency: number | ''
  rateRequests: number | ''
  ratePer: 'second' | 'minute'
  orderBy: 'none' | 'subscription' | 'label' | 'field'
  orderKey: string
  onDeadLetter: 'block' | 'pass'
  signatures: string[]
  asksForConsent: boolean
}

/** The label that events and subscriptions have while nobody needs to tell them apart. */
const DEFAULT_LABEL = 'all:yes'

export function valuesOf(subscription: Subscription | null): SubscriptionValues {
  const { target, ordering, rate_limit: rate } = subscription ?? {}
  return {
    url: target?.url ?? '',
    method: target?.method ?? 'POST',
    description: subscription?.description ?? '',
    eventTypes: subscription?.event_types ?? [],
    labels: subscription ? pairsOf(subscription.labels, ':') : [DEFAULT_LABEL],
    headers: pairsOf(target?.headers ?? {}, ': '),
    filter: jsonText(subscription?.filter),
    retryPolicy: jsonText(policyOf(subscription)),
    maxConcurrency: subscription?.max_concurrency ?? '',
    rateRequests: rate?.requests ?? '',
    ratePer: rate?.per ?? 'second',
    orderBy: ordering?.by ?? 'none',
    orderKey: ordering?.label ?? ordering?.field ?? '',
    onDeadLetter: ordering?.on_dead_letter ?? 'block',
    signatures: subscription?.signatures ?? [],
    asksForConsent: Boolean(subscription?.handshake),
  }
}

/** What is sent: everything of the subscription that the form does not show stays as it was. */
export function postOf(applicationId: string, values: SubscriptionValues, before: Subscription | null): Post {
  const { maxConcurrency, rateRequests, signatures } = values
  return {
    application_id: applicationId,
    is_enabled: before?.is_enabled ?? true,
    event_types: values.eventTypes,
    description: values.description.trim() === '' ? null : values.description.trim(),
    metadata: before?.metadata ?? null,
    labels: mapOf(values.labels),
    target: { type: 'http', method: values.method, url: values.url.trim(), headers: mapOf(values.headers) },
    retry_policy: parsed(values.retryPolicy),
    filter: parsed(values.filter),
    max_concurrency: maxConcurrency === '' ? null : maxConcurrency,
    rate_limit: rateRequests === '' ? null : { requests: rateRequests, per: values.ratePer },
    ordering: orderingOf(values),
    handshake: values.asksForConsent ? (before?.handshake ?? {}) : null,
    ...(signatures.length > 0 ? { signatures } : before?.signatures ? { signatures: null } : {}),
    ...(before?.tls ? { tls: before.tls } : {}),
  }
}

/** What is wrong before the server is asked, by field. */
export function problemsOf(values: SubscriptionValues): Partial<Record<keyof SubscriptionValues, string>> {
  return {
    ...(/^https?:\/\/[^\s/]/i.test(values.url.trim())
      ? {}
      : { url: 'An address that begins with https:// or http://' }),
    ...(values.eventTypes.length === 0 ? { eventTypes: 'Choose at least one, or a pattern such as billing.**' } : {}),
    ...(values.labels.length === 0 || values.labels.some((pair) => !isPair(pair))
      ? { labels: 'At least one, each as name:value' }
      : {}),
    ...(values.headers.some((pair) => !isPair(pair)) ? { headers: 'Each as name: value' } : {}),
    ...(isObject(values.filter) ? {} : { filter: 'This is no JSON object' }),
    ...(isObject(values.retryPolicy) ? {} : { retryPolicy: 'This is no JSON object' }),
    ...((values.orderBy === 'label' || values.orderBy === 'field') && values.orderKey.trim() === ''
      ? { orderKey: 'Say which one' }
      : {}),
  }
}

function orderingOf({ orderBy, orderKey, onDeadLetter }: SubscriptionValues): NonNullable<Post['ordering']> | null {
  if (orderBy === 'none') return null
  const key = orderBy === 'label' ? { label: orderKey.trim() } : orderBy === 'field' ? { field: orderKey.trim() } : {}
  return { by: orderBy, ...key, on_dead_letter: onDeadLetter }
}

/** Retries that the older field asks for are shown as the policy that they are. */
function policyOf(subscription: Subscription | null): unknown {
  if (!subscription) return null
  if (subscription.retry_policy) return subscription.retry_policy
  return subscription.max_retries === null ? null : { max_attempts: subscription.max_retries + 1 }
}

function pairsOf(map: Record<string, string>, separator: string): string[] {
  return Object.entries(map).map(([name, value]) => `${name}${separator}${value}`)
}

export function mapOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const colon = pair.indexOf(':')
      return [pair.slice(0, colon).trim(), pair.slice(colon + 1).trim()]
    }),
  )
}

function isPair(text: string): boolean {
  return /^[^:]*[^:\s][^:]*:\s*\S/.test(text)
}

function jsonText(value: unknown): string {
  return value === null || value === undefined ? '' : JSON.stringify(value, null, 2)
}

function isObject(text: string): boolean {
  if (text.trim() === '') return true
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

function parsed(text: string): Record<string, never> | null {
  return text.trim() === '' ? null : (JSON.parse(text) as Record<string, never>)
}
