import { getRouteApi, Link } from '@tanstack/react-router'
import { api, pageOf } from '#dashboard/api/client.ts'
import { useApplicationId } from '#dashboard/api/workspace.ts'
import { type Column, PagedTable, rowLink } from '#dashboard/shared/data-table.tsx'
import { ChoiceFilter, FilterBar, RangeFilter, startOfRange, useFilters } from '#dashboard/shared/filters.tsx'
import { durationText } from '#dashboard/shared/format.ts'
import { Page } from '#dashboard/shared/page.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { AttemptState } from '#dashboard/shared/tones.tsx'
import { useList } from '#dashboard/shared/use-list.ts'
import { Empty } from '#dashboard/shared/view-states.tsx'
import { EventTypeFilter, SubscriptionFilter } from '#dashboard/views/choices/choice-filters.tsx'
import { useSubscriptionNames } from '#dashboard/views/choices/subscriptions.ts'
import type { Attempt } from './event-queries.ts'

const route = getRouteApi('/shell/apps/$applicationId/attempts')
const PAGE_SIZE = 50
type Outcome = 'open' | 'success' | 'failed' | 'timeout' | 'cancelled'

const OUTCOMES = [
  { value: 'success', label: 'Success' },
  { value: 'failed', label: 'Failed' },
  { value: 'timeout', label: 'Timed out' },
  { value: 'open', label: 'Not made yet' },
  { value: 'cancelled', label: 'Cancelled' },
]

const columnsWith = (nameOf: (id: string) => string): Column<Attempt>[] => [
  { id: 'outcome', header: 'Outcome', cell: (attempt) => <AttemptState attempt={attempt} />, width: 120 },
  {
    id: 'type',
    header: 'Event type',
    cell: ({ event_id, request_attempt_id, event }) => (
      <Link
        from="/apps/$applicationId/attempts"
        to="/apps/$applicationId/events/$eventId"
        params={{ eventId: event_id }}
        search={{ attempt: request_attempt_id }}
        className={rowLink}
      >
        {event.event_type_name}
      </Link>
    ),
  },
  {
    id: 'to',
    header: 'Subscription',
    cell: ({ subscription }) => nameOf(subscription.subscription_id),
    hideBelow: 'sm',
  },
  { id: 'number', header: 'Attempt', cell: ({ attempt_number }) => `#${attempt_number}`, width: 80, hideBelow: 'md' },
  { id: 'error', header: 'Error', cell: ({ error_message }) => error_message, hideBelow: 'md' },
  {
    id: 'duration',
    header: 'Duration',
    cell: ({ duration_ms }) => (duration_ms === null ? '' : durationText(duration_ms)),
    width: 90,
    align: 'end',
    hideBelow: 'sm',
  },
  {
    id: 'at',
    header: 'Time',
    cell: ({ picked_at, delay_until, created_at }) => <Time at={picked_at ?? delay_until ?? created_at} />,
    width: 150,
  },
]

/** Every HTTP request of the application, newest first. */
export function Attempts() {
  const applicationId = useApplicationId()
  const { outcome, subscription, type, range } = route.useSearch()
  const setFilters = useFilters()
  const nameOf = useSubscriptionNames(applicationId)
  const list = useList({
    queryKey: ['attempts', applicationId, { outcome, subscription, type, range }],
    readPage: (cursor, signal) => {
      const since = startOfRange(range)
      const query = {
        application_id: applicationId,
        limit: PAGE_SIZE,
        ...(outcome ? { outcome: outcome as Outcome } : {}),
        ...(subscription ? { subscription_id: subscription } : {}),
        ...(type ? { 'event.event_type_names': type } : {}),
        ...(since ? { min_created_at: since } : {}),
        ...(cursor ? { pagination_cursor: cursor } : {}),
      }
      return pageOf(api.GET('/api/v1/request_attempts/', { params: { query }, signal }))
    },
  })
  return (
    <Page title="Attempts" description="Every HTTP request that was made or is due.">
      <FilterBar>
        <ChoiceFilter
          label="Outcome"
          any="Any outcome"
          value={outcome}
          choices={OUTCOMES}
          onChange={(next) => setFilters({ outcome: next })}
        />
        <SubscriptionFilter
          applicationId={applicationId}
          value={subscription}
          onChange={(next) => setFilters({ subscription: next })}
        />
        <EventTypeFilter applicationId={applicationId} value={type} onChange={(next) => setFilters({ type: next })} />
        <RangeFilter value={range} onChange={(next) => setFilters({ range: next })} />
      </FilterBar>
      <PagedTable
        label="Attempts"
        columns={columnsWith(nameOf)}
        list={list}
        keyOf={({ request_attempt_id }) => request_attempt_id}
        empty={<Empty title="No attempt fits">Attempts show up here as soon as a delivery is due.</Empty>}
      />
    </Page>
  )
}
