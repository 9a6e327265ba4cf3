import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ListChecks } from 'lucide-react'
import { useApplicationId } from '#dashboard/api/workspace.ts'
import { Page } from '#dashboard/shared/page.tsx'
import { Empty, Loaded } from '#dashboard/shared/view-states.tsx'
import { jobsQuery } from './job-queries.ts'
import { JobTable } from './job-table.tsx'

/** Every redrive and discard, the latest first. */
export function Jobs() {
  const applicationId = useApplicationId()
  const redrives = useQuery(jobsQuery(applicationId, 'redrives'))
  const discards = useQuery(jobsQuery(applicationId, 'discards'))
  return (
    <Page
      title="Redrives and discards"
      above={
        <Link to="/apps/$applicationId/dead-letters" params={{ applicationId }}>
          ← Dead letters
        </Link>
      }
    >
      <Loaded query={redrives}>
        {(loaded) => {
          const jobs = [...loaded, ...(discards.data ?? [])].sort((a, b) => (a.created_at < b.created_at ? 1 : -1))
          return jobs.length === 0 ? (
            <Empty icon={ListChecks} title="No jobs yet">
              Choose dead letters and redrive or discard them: the job shows here, while it runs and afterwards.
            </Empty>
          ) : (
            <JobTable jobs={jobs} />
          )
        }}
      </Loaded>
    </Page>
  )
}
