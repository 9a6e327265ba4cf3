import { SegmentedControl, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { useApplicationId } from '#dashboard/api/workspace.ts'
import { useFilters } from '#dashboard/shared/filters.tsx'
import { Page, Section } from '#dashboard/shared/page.tsx'
import { Loaded } from '#dashboard/shared/view-states.tsx'
import { Causes } from './causes.tsx'
import { FirstSteps } from './first-steps.tsx'
import { Numbers } from './numbers.tsx'
import classes from './overview.module.css'
import { DEFAULT_RANGE, type OverviewData, overviewQuery } from './overview-query.ts'
import { WorstEndpoints } from './worst-endpoints.tsx'

const Charts = lazy(() => import('./charts.tsx'))
const Forecast = lazy(() => import('./forecast.tsx'))

const route = getRouteApi('/shell/apps/$applicationId/overview')
const RANGES = ['1h', '6h', '24h', '7d', '30d']

/** How deliveries fare: each number leads to the list behind it. */
export function Overview() {
  const applicationId = useApplicationId()
  const { range = DEFAULT_RANGE } = route.useSearch()
  const setFilters = useFilters()
  const overview = useQuery(overviewQuery(applicationId, range))
  return (
    <Page
      title="Overview"
      actions={
        <SegmentedControl
          aria-label="Time range"
          value={range}
          onChange={(next) => setFilters({ range: next === DEFAULT_RANGE ? undefined : next })}
          data={RANGES}
        />
      }
    >
      <FirstSteps applicationId={applicationId} />
      <Loaded query={overview} loading={<Skeleton height={520} radius="lg" />}>
        {(data) => <Figures applicationId={applicationId} data={data} range={range} />}
      </Loaded>
    </Page>
  )
}

function Figures({ applicationId, data, range }: { applicationId: string; data: OverviewData; range: string }) {
  return (
    <>
      <Numbers applicationId={applicationId} data={data} range={range} />
      <Suspense fallback={<Skeleton height={236} radius="lg" />}>
        <Charts data={data} />
      </Suspense>
      <div className={classes.columns}>
        <Section title="Endpoints with most trouble">
          <WorstEndpoints applicationId={applicationId} endpoints={data.worst_endpoints} />
        </Section>
        <div className={classes.stack}>
          <Section title="Dead letters by cause">
            <Causes applicationId={applicationId} causes={data.dead_letters_by_cause} />
          </Section>
          <Section
            title="Retries due in the next hours"
            actions={
              <Link
                className="jh-link"
                to="/apps/$applicationId/attempts"
                params={{ applicationId }}
                search={{ outcome: 'open' }}
              >
                Show them
              </Link>
            }
          >
            <Suspense fallback={<Skeleton height={110} radius="lg" />}>
              <Forecast steps={data.forecast} />
            </Suspense>
          </Section>
        </div>
      </div>
    </>
  )
}
