import { Button, Text } from '@mantine/core'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Eraser, Pause, Play, Radio } from 'lucide-react'
import { useState } from 'react'
import { useApplicationId } from '#dashboard/api/workspace.ts'
import { type Column, DataTable, rowLink } from '#dashboard/shared/data-table.tsx'
import { ChoiceFilter, FilterBar, useFilters } from '#dashboard/shared/filters.tsx'
import { countText, durationText, plural } from '#dashboard/shared/format.ts'
import { Page } from '#dashboard/shared/page.tsx'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { State } from '#dashboard/shared/state.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { AttemptState } from '#dashboard/shared/tones.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'
import { EventTypeFilter, SubscriptionFilter } from '#dashboard/views/choices/choice-filters.tsx'
import { useSubscriptionNames } from '#dashboard/views/choices/subscriptions.ts'
import { causeLabel } from '#dashboard/views/dead-letters/dead-letter-filter.ts'
import { type Live, type LiveRow, ROWS_MAX, useLiveRows } from './use-live-rows.ts'

const route = getRouteApi('/shell/apps/$applicationId/live')

const KINDS = [
  { value: 'accepted', label: 'Accepted events' },
  { value: 'attempted', label: 'Attempts' },
  { value: 'dead', label: 'Dead letters' },
  { value: 'attempted,dead', label: 'Attempts and dead letters' },
]

/** What happens, as it happens. */
export function LiveTail() {
  const applicationId = useApplicationId()
  const search = route.useSearch()
  const setFilters = useFilters()
  const [isPaused, setIsPaused] = useState(false)
  const live = useLiveRows(
    { applicationId, eventType: search.type, subscriptionId: search.subscription, kinds: search.kinds },
    isPaused,
  )
  return (
    <Page
      title="Live tail"
      beside={<LiveState live={live} isPaused={isPaused} />}
      actions={
        <>
          <Button variant="default" leftSection={<Eraser size={14} />} onClick={live.clear}>
            Clear
          </Button>
          <Button
            variant={isPaused ? 'filled' : 'default'}
            leftSection={isPaused ? <Play size={14} /> : <Pause size={14} />}
            onClick={() => setIsPaused(!isPaused)}
          >
            {isPaused ? (live.held > 0 ? `Resume, ${countText(live.held)} new` : 'Resume') : 'Pause'}
          </Button>
        </>
      }
    >
      <FilterBar>
        <ChoiceFilter
          label="What is shown"
          any="Everything"
          value={search.kinds}
          choices={KINDS}
          onChange={(kinds) => setFilters({ kinds })}
        />
        <EventTypeFilter applicationId={applicationId} value={search.type} onChange={(type) => setFilters({ type })} />
        <SubscriptionFilter
          applicationId={applicationId}
          value={search.subscription}
          onChange={(subscription) => setFilters({ subscription })}
        />
      </FilterBar>
      {live.problem && <ProblemNotice error={live.problem} title="The stream broke off; it is tried again" />}
      <Rows applicationId={applicationId} live={live} />
    </Page>
  )
}

function LiveState({ live: { state }, isPaused }: { live: Live; isPaused: boolean }) {
  if (isPaused) return <State tone="wait">Paused</State>
  if (state === 'live') return <State tone="ok">Live</State>
  return <State tone={state === 'broken' ? 'bad' : 'run'}>{state === 'broken' ? 'Broken off' : 'Connecting'}</State>
}

function Rows({ applicationId, live: { rows, skipped } }: { applicationId: string; live: Live }) {
  const nameOf = useSubscriptionNames(applicationId)
  if (rows.length === 0)
    return (
      <Empty icon={Radio} title="Nothing has happened yet">
        What is accepted, attempted and given up from now on shows here at once.
      </Empty>
    )
  return (
    <>
      <DataTable label="Live tail" columns={columnsOf(applicationId, nameOf)} rows={rows} keyOf={({ key }) => key} />
      <Text size="sm" c="dimmed">
        The latest {countText(ROWS_MAX)} are kept.
        {skipped > 0 &&
          ` ${plural(skipped, 'row')} came too fast for this page and ${skipped === 1 ? 'was' : 'were'} left out.`}
      </Text>
    </>
  )
}

const columnsOf = (applicationId: string, nameOf: (id: string) => string): Column<LiveRow>[] => [
  { id: 'at', header: 'Time', cell: ({ at }) => <Time at={at} />, width: 150 },
  { id: 'what', header: 'What', cell: (row) => <What row={row} />, width: 130 },
  {
    id: 'type',
    header: 'Event',
    cell: ({ event_id, event_type }) => (
      <Link
        to="/apps/$applicationId/events/$eventId"
        params={{ applicationId, eventId: event_id }}
        className={rowLink}
        preload={false}
      >
        {event_type}
      </Link>
    ),
  },
  {
    id: 'subscription',
    header: 'Subscription',
    cell: ({ subscription_id }) => (subscription_id ? nameOf(subscription_id) : ''),
    hideBelow: 'sm',
  },
  {
    id: 'attempt',
    header: 'Attempt',
    cell: ({ attempt_number }) => attempt_number ?? '',
    width: 80,
    align: 'end',
    hideBelow: 'md',
  },
  {
    id: 'duration',
    header: 'Took',
    cell: ({ duration_ms }) => (duration_ms === undefined ? '' : durationText(duration_ms)),
    width: 90,
    align: 'end',
    hideBelow: 'md',
  },
  {
    id: 'error',
    header: 'Why',
    cell: ({ error, cause }) => error ?? (cause ? causeLabel(cause) : ''),
    hideBelow: 'md',
  },
]

function What({ row }: { row: LiveRow }) {
  if (row.kind === 'accepted') return <State tone="run">Accepted</State>
  if (row.kind === 'dead') return <State tone="bad">Dead letter</State>
  return (
    <AttemptState
      attempt={{ outcome: row.outcome ?? null, status: { type: 'in_progress' }, status_code: row.status_code ?? null }}
    />
  )
}
