import type { Schemas } from '#dashboard/api/client.ts'
import type { operations } from '#dashboard/api/schema.d.ts'
import { startOfRange } from '#dashboard/shared/filters.tsx'

/** The filters as they stand in the address. */
export interface DeadLetterSearch {
  view?: string
  subscription?: string
  cause?: string
  status_code?: string
  error?: string
  type?: string
  label?: string
  status?: string
  range?: string
}

type Query = NonNullable<operations['deadLetters.list']['parameters']['query']>
type Cause = Schemas['DeadLetter']['cause']

/** What the lists ask for. */
export function queryOf(applicationId: string, search: DeadLetterSearch): Query {
  const since = startOfRange(search.range)
  return {
    application_id: applicationId,
    ...(search.subscription ? { subscription_id: search.subscription } : {}),
    ...(search.cause ? { cause: search.cause } : {}),
    ...(search.status_code ? { status_code: search.status_code } : {}),
    ...(search.error ? { error: search.error } : {}),
    ...(search.type ? { event_types: search.type } : {}),
    ...(search.label ? { label: search.label } : {}),
    ...(search.status ? { status: search.status as NonNullable<Query['status']> } : {}),
    ...(since ? { min_dead_at: since } : {}),
  }
}

/** The same choice as a job takes it: all open dead letters that fit. */
export function selectionOf(search: DeadLetterSearch): Schemas['DeadLetterFilter'] {
  const since = startOfRange(search.range)
  const [name, ...value] = (search.label ?? '').split(':')
  return {
    ...(search.subscription ? { subscription_ids: [search.subscription] } : {}),
    ...(search.cause ? { causes: [search.cause as Cause] } : {}),
    ...(search.status_code ? { status_codes: [Number(search.status_code)] } : {}),
    ...(search.error ? { error: search.error } : {}),
    ...(search.type ? { event_types: [search.type] } : {}),
    ...(search.label ? { labels: { [name!]: value.join(':') } } : {}),
    ...(since ? { min_dead_at: since } : {}),
  }
}

export const CAUSES: Record<Cause, { label: string; means: string }> = {
  permanent: { label: 'Refused for good', means: 'The receiver gave an answer that is not retried.' },
  retries_spent: { label: 'Retries spent', means: 'Every retry failed.' },
  refused_address: { label: 'Address not allowed', means: 'The target leads where webhooks may not go.' },
  invalid_header: { label: 'Header cannot be sent', means: 'A header of the target holds what no header may hold.' },
  event_expired: { label: 'Event expired', means: 'The event was older than events are kept.' },
  cancelled: { label: 'Called off', means: 'The subscription or application was disabled or deleted meanwhile.' },
}

export function causeLabel(cause: string): string {
  return CAUSES[cause as Cause]?.label ?? cause
}
