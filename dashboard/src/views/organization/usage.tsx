import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'
import { useOrganizationId } from '#dashboard/api/workspace.ts'
import { type Column, DataTable, rowLink } from '#dashboard/shared/data-table.tsx'
import { countText, plural } from '#dashboard/shared/format.ts'
import { Facts, Page, Section } from '#dashboard/shared/page.tsx'
import { Loaded } from '#dashboard/shared/view-states.tsx'
import classes from './usage.module.css'

type UsageData = Schemas['Usage']
type ApplicationUsage = Schemas['ApplicationUsage']

/** How much of what it may an organization uses. */
export function Usage() {
  const organizationId = useOrganizationId()
  const usage = useQuery({
    queryKey: ['usage', organizationId],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/usage/organization', { params: { query: { organization_id: organizationId } }, signal })),
  })
  return (
    <Page
      title="Usage and quotas"
      description={
        usage.data &&
        (usage.data.is_enforced ? 'What goes over a quota is refused.' : 'Quotas are not enforced on this server.')
      }
    >
      <Loaded query={usage}>{(loaded) => <About usage={loaded} />}</Loaded>
    </Page>
  )
}

function About({ usage }: { usage: UsageData }) {
  const { events_today, events_this_month, days, days_of_events_retention, members, applications } = usage
  return (
    <>
      <Facts
        items={[
          ['Events today', <Meter key="today" {...events_today} />],
          ['Events this month', countText(events_this_month)],
          ...(members ? ([['Members', <Meter key="members" {...members} />]] as [string, React.ReactNode][]) : []),
          ...(applications
            ? ([['Applications', <Meter key="applications" {...applications} />]] as [string, React.ReactNode][])
            : []),
          [
            'Events are kept',
            days_of_events_retention === null ? 'as the server has it' : plural(days_of_events_retention, 'day'),
          ],
        ]}
      />
      <Section title="Events a day">
        <Days days={days} />
      </Section>
      {applications && (
        <Section title="Today by application">
          <DataTable
            label="Applications"
            columns={COLUMNS}
            rows={applications.items}
            keyOf={({ application_id }) => application_id}
          />
        </Section>
      )}
    </>
  )
}

function Meter({ used, limit }: Schemas['UsageMeter']) {
  if (limit === null) return <>{countText(used)}, no limit</>
  const ratio = Math.min(1, used / Math.max(1, limit))
  return (
    <div>
      {countText(used)} of {countText(limit)}
      <div className={classes.meter} aria-hidden>
        <div className={classes.used} data-full={ratio >= 1 || undefined} style={{ width: `${ratio * 100}%` }} />
      </div>
    </div>
  )
}

function Days({ days }: { days: UsageData['days'] }) {
  const most = Math.max(1, ...days.map(({ events }) => events))
  const summary = `${plural(days.length, 'day')}, at the most ${countText(most)} events a day`
  return (
    <div className={classes.days} role="img" aria-label={summary}>
      {days.map(({ date, events }) => (
        <div
          key={date}
          className={classes.day}
          style={{ height: `${(events / most) * 100}%` }}
          title={`${date}: ${plural(events, 'event')}`}
        />
      ))}
    </div>
  )
}

const COLUMNS: Column<ApplicationUsage>[] = [
  {
    id: 'name',
    header: 'Application',
    cell: ({ application_id, name }) => (
      <Link to="/apps/$applicationId/overview" params={{ applicationId: application_id }} className={rowLink}>
        {name}
      </Link>
    ),
  },
  { id: 'events', header: 'Events today', cell: ({ events_today }) => countText(events_today), align: 'end' },
]
