import { getRouteApi, Link } from '@tanstack/react-router'
import { Braces, Plus } from 'lucide-react'
import { api, pageOf, type Schemas } from '#dashboard/api/client.ts'
import { useApplicationId, useMayEdit } from '#dashboard/api/workspace.ts'
import { type Column, PagedTable, rowLink } from '#dashboard/shared/data-table.tsx'
import { FilterBar, TextFilter, useFilters } from '#dashboard/shared/filters.tsx'
import { LinkButton } from '#dashboard/shared/link-button.tsx'
import { Page } from '#dashboard/shared/page.tsx'
import { useList } from '#dashboard/shared/use-list.ts'
import { Empty } from '#dashboard/shared/view-states.tsx'

const route = getRouteApi('/shell/apps/$applicationId/event-types')
const PAGE_SIZE = 100

type EventType = Schemas['EventType']

/** What can happen in an application. */
export function EventTypes() {
  const applicationId = useApplicationId()
  const mayEdit = useMayEdit()
  const { prefix } = route.useSearch()
  const setFilters = useFilters()
  const list = useList({
    queryKey: ['event-types', applicationId, 'list', prefix],
    readPage: (cursor, signal) =>
      pageOf(
        api.GET('/api/v1/event_types/', {
          params: {
            query: {
              application_id: applicationId,
              limit: PAGE_SIZE,
              ...(prefix ? { prefix } : {}),
              ...(cursor ? { pagination_cursor: cursor } : {}),
            },
          },
          signal,
        }),
      ),
  })
  const make = (
    <LinkButton to="/apps/$applicationId/event-types/new" params={{ applicationId }} leftSection={<Plus size={14} />}>
      New event type
    </LinkButton>
  )
  return (
    <Page title="Event types" description="What can happen: service.resource.verb." actions={mayEdit && make}>
      <FilterBar>
        <TextFilter
          label="Beginning of the name"
          placeholder="billing.invoice"
          value={prefix}
          onChange={(next) => setFilters({ prefix: next })}
        />
      </FilterBar>
      <PagedTable
        label="Event types"
        list={list}
        columns={columnsOf(applicationId)}
        keyOf={({ event_type_name }) => event_type_name}
        empty={
          <Empty icon={Braces} title={prefix ? 'No such event type' : 'No event types yet'} action={mayEdit && make}>
            Events are of a type, and subscriptions ask for types.
          </Empty>
        }
      />
    </Page>
  )
}

const columnsOf = (applicationId: string): Column<EventType>[] => [
  {
    id: 'name',
    header: 'Name',
    cell: ({ event_type_name }) => (
      <Link
        to="/apps/$applicationId/event-types/$name"
        params={{ applicationId, name: event_type_name }}
        className={rowLink}
      >
        {event_type_name}
      </Link>
    ),
  },
  {
    id: 'schema',
    header: 'Schema',
    cell: ({ schema, schema_version }) => (schema === undefined ? 'any payload' : `version ${schema_version}`),
    width: 160,
  },
]
