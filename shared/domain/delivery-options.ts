import type { DeliveryOptions, OrderingValue } from '../contract/delivery-options.ts'
import type { Ordering, SubscriptionState } from '../facts/control.ts'

/** How a subscription's deliveries are paced and put in order, as its state keeps it. */
export type KeptDeliveryOptions = Required<
  Pick<SubscriptionState, 'concurrencyMax' | 'rateLimit' | 'ordering' | 'handshake'>
>

const CONCURRENCY_MAX = 1_000
const REQUESTS_MAX = 100_000
const NAME_BYTES_MAX = 500
const PER_MS = { second: 1_000, minute: 60_000 } as const
/** Resuming a subscription, at most. */
export const DRAIN_PER_SECOND_MAX = 100_000

/** Of one field: what is wrong with it and what to do. */
export interface WrongOption {
  field: keyof DeliveryOptions
  message: string
}

/** @returns what is kept, or the fields that make no sense. */
export function readDeliveryOptions(post: DeliveryOptions): KeptDeliveryOptions | WrongOption[] {
  const wrong: WrongOption[] = []
  const isIn = (value: number, max: number) => value >= 1 && value <= max
  const concurrencyMax = post.max_concurrency ?? null
  if (concurrencyMax !== null && !isIn(concurrencyMax, CONCURRENCY_MAX))
    wrong.push({ field: 'max_concurrency', message: `max_concurrency must be 1 to ${CONCURRENCY_MAX}` })
  const rate = post.rate_limit ?? null
  if (rate !== null && !isIn(rate.requests, REQUESTS_MAX))
    wrong.push({ field: 'rate_limit', message: `rate_limit.requests must be 1 to ${REQUESTS_MAX}` })
  const asked = post.handshake?.request_rate ?? null
  if (asked !== null && !isIn(asked, REQUESTS_MAX))
    wrong.push({ field: 'handshake', message: `handshake.request_rate must be 1 to ${REQUESTS_MAX}` })
  const ordering = post.ordering ? readOrdering(post.ordering) : null
  if (typeof ordering === 'string') wrong.push({ field: 'ordering', message: ordering })
  if (wrong.length > 0 || typeof ordering === 'string') return wrong
  return {
    concurrencyMax,
    rateLimit: rate === null ? null : { requests: rate.requests, perMs: PER_MS[rate.per] },
    ordering,
    handshake: post.handshake ? { ratePerMinute: asked } : null,
  }
}

function readOrdering({ by, label, field, on_dead_letter: onDeadLetter = 'block' }: OrderingValue): Ordering | string {
  const isName = (text: string | null | undefined): text is string =>
    typeof text === 'string' && text !== '' && Buffer.byteLength(text) <= NAME_BYTES_MAX
  switch (by) {
    case 'subscription':
      if (label || field) return 'ordering.by is subscription: leave out label and field, or order by one of them'
      return { by: { type: 'subscription' }, onDeadLetter }
    case 'label':
      if (field || !isName(label))
        return 'ordering.by is label: give the name of the label in ordering.label, and no field'
      return { by: { type: 'label', name: label }, onDeadLetter }
    case 'field':
      if (label || !isName(field) || !/^payload($|\.)/.test(field))
        return 'ordering.by is field: give a path such as payload.customer.id in ordering.field, and no label'
      return { by: { type: 'field', path: field }, onDeadLetter }
  }
}

/** In the form in which it was given; what isn't used is left out. */
export function showDeliveryOptions({
  concurrencyMax,
  rateLimit,
  ordering,
  handshake,
}: SubscriptionState): DeliveryOptions {
  return {
    ...(concurrencyMax === null ? {} : { max_concurrency: concurrencyMax }),
    ...(rateLimit === null
      ? {}
      : { rate_limit: { requests: rateLimit.requests, per: rateLimit.perMs === PER_MS.minute ? 'minute' : 'second' } }),
    ...(ordering === null ? {} : { ordering: showOrdering(ordering) }),
    ...(handshake ? { handshake: { request_rate: handshake.ratePerMinute } } : {}),
  }
}

function showOrdering({ by, onDeadLetter }: Ordering): OrderingValue {
  switch (by.type) {
    case 'subscription':
      return { by: by.type, on_dead_letter: onDeadLetter }
    case 'label':
      return { by: by.type, label: by.name, on_dead_letter: onDeadLetter }
    case 'field':
      return { by: by.type, field: by.path, on_dead_letter: onDeadLetter }
  }
}
