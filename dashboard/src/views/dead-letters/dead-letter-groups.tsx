import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { PartyPopper } from 'lucide-react'
import { api, pageOf, type Schemas } from '#dashboard/api/client.ts'
import { type Column, DataTable, rowLink } from '#dashboard/shared/data-table.tsx'
import { countText, plural } from '#dashboard/shared/format.ts'
import { Sparkline } from '#dashboard/shared/sparkline.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { Empty, Loaded } from '#dashboard/shared/view-states.tsx'
import { useSubscriptionNames } from '#dashboard/views/choices/subscriptions.ts'
import { causeLabel, type DeadLetterSearch, queryOf } from './dead-letter-filter.ts'
import { JobStarter } from './job-starter.tsx'

type Group = Schemas['DeadLetterGroup']

const GROUPS_MAX = 100
const REFRESH_MS = 5_000

interface Props {
  applicationId: string
  search: DeadLetterSearch
}

/** How many of each cause, and since when: a group leads to its dead letters. */
export function DeadLetterGroups({ applicationId, search }: Props) {
  const nameOf = useSubscriptionNames(applicationId)
  const groups = useQuery({
    queryKey: ['dead-letters', applicationId, 'groups', search],
    queryFn: async ({ signal }) => {
      const query = { ...queryOf(applicationId, search), limit: GROUPS_MAX }
      return (await pageOf(api.GET('/api/v1/dead_letters/groups', { params: { query }, signal }))).items
    },
    refetchInterval: REFRESH_MS,
  })
  return (
    <Loaded query={groups}>
      {(loaded) => {
        const total = loaded.reduce((sum, { count }) => sum + count, 0)
        if (total === 0) return <NoDeadLetters search={search} />
        return (
          <>
            <JobStarter
              applicationId={applicationId}
              selection={{ kind: 'filter', search }}
              says={`${plural(total, 'dead letter')} in ${plural(loaded.length, 'group')}`}
              isOffered={search.status === undefined}
            />
            <DataTable label="Dead letters by cause" columns={columnsWith(nameOf)} rows={loaded} keyOf={keyOf} />
          </>
        )
      }}
    </Loaded>
  )
}

export function NoDeadLetters({ search }: { search: DeadLetterSearch }) {
  const isFiltered = Object.entries(search).some(([name, value]) => name !== 'view' && value !== undefined)
  return (
    <Empty icon={PartyPopper} title={isFiltered ? 'No dead letter fits these filters' : 'No dead letters'}>
      {!isFiltered &&
        'Whatever a receiver refuses for good, or does not take in all its retries, is kept here until somebody decides.'}
    </Empty>
  )
}

function keyOf({ subscription, cause, status_code, error_name, error }: Group): string {
  return [subscription.subscription_id, cause, status_code, error_name, error].join('|')
}

function columnsWith(nameOf: (id: string) => string): Column<Group>[] {
  return [
    {
      id: 'cause',
      header: 'Cause',
      cell: ({ subscription, cause, status_code, error }) => (
        <Link
          from="/apps/$applicationId/dead-letters"
          to="."
          search={(before) => ({
            ...before,
            view: 'list',
            subscription: subscription.subscription_id,
            cause,
            ...(status_code === null ? {} : { status_code: String(status_code) }),
            ...(error === null ? {} : { error }),
          })}
          className={rowLink}
        >
          {status_code === null ? '' : `${status_code} · `}
          {causeLabel(cause)}
        </Link>
      ),
    },
    { id: 'error', header: 'Error', cell: ({ error, error_name }) => error ?? error_name, hideBelow: 'md' },
    {
      id: 'to',
      header: 'Subscription',
      cell: ({ subscription }) => nameOf(subscription.subscription_id),
      hideBelow: 'sm',
    },
    {
      id: 'trend',
      header: 'Last 24 hours',
      cell: ({ trend }) => (
        <Sparkline
          label={`${plural(
            trend.reduce((sum, each) => sum + each, 0),
            'dead letter',
          )} in the last 24 hours`}
          columns={trend.map((bad) => ({ ok: 0, bad }))}
        />
      ),
      width: 150,
      hideBelow: 'md',
    },
    { id: 'last', header: 'Latest', cell: ({ last_dead_at }) => <Time at={last_dead_at} isRelative />, width: 110 },
    { id: 'count', header: 'Count', cell: ({ count }) => countText(count), width: 80, align: 'end' },
  ]
}
