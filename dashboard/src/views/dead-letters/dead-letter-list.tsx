import { Link } from '@tanstack/react-router'
import type { RowSelectionState } from '@tanstack/react-table'
import { useState } from 'react'
import { api, pageOf, type Schemas } from '#dashboard/api/client.ts'
import { useMayEdit } from '#dashboard/api/workspace.ts'
import { type Column, PagedTable, rowLink } from '#dashboard/shared/data-table.tsx'
import { plural, shortId } from '#dashboard/shared/format.ts'
import { State } from '#dashboard/shared/state.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { useList } from '#dashboard/shared/use-list.ts'
import { useSubscriptionNames } from '#dashboard/views/choices/subscriptions.ts'
import { causeLabel, type DeadLetterSearch, queryOf } from './dead-letter-filter.ts'
import { NoDeadLetters } from './dead-letter-groups.tsx'
import { JobStarter } from './job-starter.tsx'

type DeadLetter = Schemas['DeadLetter']

const PAGE_SIZE = 100

interface Props {
  applicationId: string
  search: DeadLetterSearch
}

/** Dead letters one by one, the latest first; some can be selected, or all that fit be taken. */
export function DeadLetterList({ applicationId, search }: Props) {
  const mayEdit = useMayEdit()
  const nameOf = useSubscriptionNames(applicationId)
  const [keys, setKeys] = useState<RowSelectionState>({})
  const list = useList({
    queryKey: ['dead-letters', applicationId, 'list', search],
    readPage: (cursor, signal) => {
      const query = {
        ...queryOf(applicationId, search),
        limit: PAGE_SIZE,
        ...(cursor ? { pagination_cursor: cursor } : {}),
      }
      return pageOf(api.GET('/api/v1/dead_letters', { params: { query }, signal }))
    },
  })
  const isOpen = search.status === undefined
  // What was resolved meanwhile is no longer in the list, nor selected.
  const there = new Set(list.rows.map(({ delivery_id }) => delivery_id))
  const selected = Object.keys(keys).filter((id) => keys[id] && there.has(id))
  return (
    <>
      {list.rows.length > 0 && (
        <JobStarter
          applicationId={applicationId}
          selection={selected.length > 0 ? { kind: 'ids', ids: selected } : { kind: 'filter', search }}
          says={selected.length > 0 ? `${plural(selected.length, 'dead letter')} selected` : 'All that fit the filters'}
          isOffered={isOpen}
          onStarted={() => setKeys({})}
        />
      )}
      <PagedTable
        label="Dead letters"
        columns={columnsWith(nameOf)}
        list={list}
        keyOf={({ delivery_id }) => delivery_id}
        {...(mayEdit && isOpen
          ? {
              selection: {
                keys,
                onChange: setKeys,
                labelOf: ({ event, delivery_id }: DeadLetter) =>
                  `Select ${event.event_type_name} ${shortId(delivery_id)}`,
              },
            }
          : {})}
        empty={<NoDeadLetters search={search} />}
      />
    </>
  )
}

function columnsWith(nameOf: (id: string) => string): Column<DeadLetter>[] {
  return [
    {
      id: 'type',
      header: 'Event type',
      cell: ({ delivery_id, event }) => (
        <Link
          from="/apps/$applicationId/dead-letters"
          to="/apps/$applicationId/dead-letters/$deliveryId"
          params={{ deliveryId: delivery_id }}
          className={rowLink}
        >
          {event.event_type_name}
        </Link>
      ),
    },
    {
      id: 'cause',
      header: 'Cause',
      cell: ({ cause, status_code, resolution }) =>
        resolution ? (
          <State tone={resolution.type === 'redriven' ? 'ok' : 'off'}>
            {resolution.type === 'redriven' ? 'Redriven' : 'Discarded'}
          </State>
        ) : (
          <State tone="bad">{status_code === null ? causeLabel(cause) : `${status_code} · ${causeLabel(cause)}`}</State>
        ),
      width: 190,
    },
    { id: 'error', header: 'Error', cell: ({ error_message }) => error_message, hideBelow: 'md' },
    {
      id: 'to',
      header: 'Subscription',
      cell: ({ subscription }) => nameOf(subscription.subscription_id),
      hideBelow: 'md',
    },
    {
      id: 'attempts',
      header: 'Attempts',
      cell: ({ attempt_count }) => attempt_count,
      width: 84,
      align: 'end',
      hideBelow: 'md',
    },
    { id: 'at', header: 'Given up', cell: ({ dead_at }) => <Time at={dead_at} />, width: 150, hideBelow: 'sm' },
  ]
}
