import type { LinkProps } from '@tanstack/react-router'
import type { Schemas } from '#dashboard/api/client.ts'

/** Where a found thing is looked at. */
export function hitAddress(
  applicationId: string,
  { kind, id, event_id }: Pick<Schemas['SearchHit'], 'kind' | 'id' | 'event_id'>,
): Pick<LinkProps, 'to' | 'params' | 'search'> {
  const ofEvent = {
    to: '/apps/$applicationId/events/$eventId',
    params: { applicationId, eventId: event_id ?? id },
  } as const
  switch (kind) {
    case 'event':
      return ofEvent
    case 'attempt':
      return { ...ofEvent, search: { attempt: id } }
    case 'delivery':
      return { ...ofEvent, search: { delivery: id } }
    case 'dead_letter':
      return { to: '/apps/$applicationId/dead-letters/$deliveryId', params: { applicationId, deliveryId: id } }
    case 'subscription':
      return { to: '/apps/$applicationId/subscriptions/$subscriptionId', params: { applicationId, subscriptionId: id } }
    case 'event_type':
      return { to: '/apps/$applicationId/event-types/$name', params: { applicationId, name: id } }
  }
}
