import { Button } from '@mantine/core'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Send, Zap } from 'lucide-react'
import { api, pageOf, type Schemas } from '#dashboard/api/client.ts'
import { useApplicationId, useMayEdit } from '#dashboard/api/workspace.ts'
import { type Column, PagedTable, rowLink } from '#dashboard/shared/data-table.tsx'
import {
  ChoiceFilter,
  FilterBar,
  RangeFilter,
  startOfRange,
  TextFilter,
  useFilters,
} from '#dashboard/shared/filters.tsx'
import { shortId } from '#dashboard/shared/format.ts'
import { Labels } from '#dashboard/shared/labels.tsx'
import { LinkButton } from '#dashboard/shared/link-button.tsx'
import { Page } from '#dashboard/shared/page.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { EVENT_STATUS_CHOICES } from '#dashboard/shared/tones.tsx'
import { useList } from '#dashboard/shared/use-list.ts'
import { Empty } from '#dashboard/shared/view-states.tsx'
import { EventTypeFilter } from '#dashboard/views/choices/choice-filters.tsx'
import { DeliveryCounts } from './delivery-counts.tsx'
import { SearchHits } from './search-hits.tsx'

const route = getRouteApi('/shell/apps/$applicationId/events')
const PAGE_SIZE = 50

type Event = Schemas['Event']

const COLUMNS: Column<Event>[] = [
  {
    id: 'type',
    header: 'Event type',
    cell: ({ event_id, event_type_name }) => (
      <Link
        from="/apps/$applicationId/events"
        to="/apps/$applicationId/events/$eventId"
        params={{ eventId: event_id }}
        className={rowLink}
      >
        {event_type_name}
      </Link>
    ),
  },
  {
    id: 'deliveries',
    header: 'Deliveries',
    cell: ({ deliveries }) => <DeliveryCounts counts={deliveries} />,
    width: 230,
  },
  { id: 'labels', header: 'Labels', cell: ({ labels }) => <Labels labels={labels} max={3} />, hideBelow: 'md' },
  {
    id: 'id',
    header: 'Event id',
    cell: ({ event_id }) => <span className="jh-mono">{shortId(event_id)}</span>,
    width: 150,
    hideBelow: 'md',
  },
  {
    id: 'received',
    header: 'Received',
    cell: ({ received_at }) => <Time at={received_at} />,
    width: 160,
    hideBelow: 'sm',
  },
]

/** Every event of the application, newest first. */
export function Events() {
  const applicationId = useApplicationId()
  const { q, type, status, label, range } = route.useSearch()
  const setFilters = useFilters()
  const mayEdit = useMayEdit()
  const list = useList({
    queryKey: ['events', applicationId, { type, status, label, range }],
    isEnabled: q === undefined,
    readPage: (cursor, signal) => {
      const since = startOfRange(range)
      const query = {
        application_id: applicationId,
        limit: PAGE_SIZE,
        include: 'deliveries' as const,
        ...(type ? { event_types: type } : {}),
        ...(status ? { status: status as NonNullable<EventsQuery['status']> } : {}),
        ...(label ? { label } : {}),
        ...(since ? { min_received_at: since } : {}),
        ...(cursor ? { pagination_cursor: cursor } : {}),
      }
      return pageOf(api.GET('/api/v1/events/', { params: { query }, signal }))
    },
  })
  const isFiltered = [type, status, label, range].some((filter) => filter !== undefined)
  return (
    <Page
      title="Events"
      actions={
        mayEdit && (
          <LinkButton to="/apps/$applicationId/send" params={{ applicationId }} leftSection={<Send size={14} />}>
            Send an event
          </LinkButton>
        )
      }
    >
      <FilterBar>
        <TextFilter
          label="Search"
          placeholder="Id, type, label:value, URL, error …"
          value={q}
          onChange={(next) => setFilters({ q: next })}
          isWide
        />
        <EventTypeFilter applicationId={applicationId} value={type} onChange={(next) => setFilters({ type: next })} />
        <ChoiceFilter
          label="Status"
          any="Any status"
          value={status}
          choices={EVENT_STATUS_CHOICES}
          onChange={(next) => setFilters({ status: next })}
        />
        <RangeFilter value={range} onChange={(next) => setFilters({ range: next })} />
        <TextFilter
          label="Label"
          placeholder="Label, tenant:42"
          value={label}
          onChange={(next) => setFilters({ label: next })}
        />
      </FilterBar>
      {q !== undefined ? (
        <SearchHits applicationId={applicationId} query={q} />
      ) : (
        <PagedTable
          label="Events"
          columns={COLUMNS}
          list={list}
          keyOf={({ event_id }) => event_id}
          empty={
            isFiltered ? (
              <NothingFits onClear={() => setFilters(NO_FILTERS)} />
            ) : (
              <NoEvents applicationId={applicationId} />
            )
          }
        />
      )}
    </Page>
  )
}

type EventsQuery = NonNullable<import('#dashboard/api/schema.d.ts').operations['events.list']['parameters']['query']>
const NO_FILTERS = { type: undefined, status: undefined, label: undefined, range: undefined }

function NothingFits({ onClear }: { onClear: () => void }) {
  return (
    <Empty
      title="No event fits these filters"
      action={
        <Button variant="default" onClick={onClear}>
          Clear the filters
        </Button>
      }
    />
  )
}

function NoEvents({ applicationId }: { applicationId: string }) {
  const mayEdit = useMayEdit()
  return (
    <Empty
      icon={Zap}
      title="No events yet"
      action={
        mayEdit && (
          <LinkButton to="/apps/$applicationId/send" params={{ applicationId }}>
            Send the first one
          </LinkButton>
        )
      }
    >
      Events that your application posts show up here at once, with what became of each delivery.
    </Empty>
  )
}
