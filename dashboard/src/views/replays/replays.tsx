import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { History, Plus } from 'lucide-react'
import { useApplicationId, useMayEdit } from '#dashboard/api/workspace.ts'
import { useFilters } from '#dashboard/shared/filters.tsx'
import { Page } from '#dashboard/shared/page.tsx'
import { Empty, Loaded } from '#dashboard/shared/view-states.tsx'
import { jobsQuery } from '#dashboard/views/dead-letters/job-queries.ts'
import { JobTable } from '#dashboard/views/dead-letters/job-table.tsx'
import { NewReplay } from './new-replay.tsx'

const route = getRouteApi('/shell/apps/$applicationId/replays')

/** Events of the past, sent once more. */
export function Replays() {
  const applicationId = useApplicationId()
  const mayEdit = useMayEdit()
  const { make } = route.useSearch()
  const setFilters = useFilters()
  const jobs = useQuery(jobsQuery(applicationId, 'replays'))
  const begin = (
    <Button leftSection={<Plus size={14} />} onClick={() => setFilters({ make: 'new' })}>
      New replay
    </Button>
  )
  return (
    <Page
      title="Replays"
      description="Events of a time, matched anew: for a subscription that is younger, or was disabled, or lost what it got."
      actions={mayEdit && begin}
    >
      <Loaded query={jobs}>
        {(loaded) =>
          loaded.length === 0 ? (
            <Empty icon={History} title="No replays yet" action={mayEdit && begin}>
              A replay shows first what it would send, and nothing is sent before that is confirmed.
            </Empty>
          ) : (
            <JobTable jobs={loaded} />
          )
        }
      </Loaded>
      {mayEdit && (
        <NewReplay
          applicationId={applicationId}
          isOpen={make === 'new'}
          onClose={() => setFilters({ make: undefined })}
        />
      )}
    </Page>
  )
}
