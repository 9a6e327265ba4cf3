import { Link } from '@tanstack/react-router'
import { useApplicationId } from '#dashboard/api/workspace.ts'
import { type Column, DataTable, rowLink } from '#dashboard/shared/data-table.tsx'
import { countText, wordsOf } from '#dashboard/shared/format.ts'
import { Time } from '#dashboard/shared/time.tsx'
import { JobState } from '#dashboard/shared/tones.tsx'
import { type Job, pathKind } from './job-queries.ts'

/** Jobs of any kind, each with the way to its page. */
export function JobTable({ jobs }: { jobs: Job[] }) {
  const applicationId = useApplicationId()
  const columns: Column<Job>[] = [
    {
      id: 'kind',
      header: 'Job',
      cell: (job) => (
        <Link
          to="/apps/$applicationId/jobs/$kind/$jobId"
          params={{ applicationId, kind: pathKind(job), jobId: job.job_id }}
          className={rowLink}
        >
          {wordsOf(job.kind)}
        </Link>
      ),
    },
    { id: 'status', header: 'Status', cell: ({ status }) => <JobState status={status} />, width: 120 },
    {
      id: 'done',
      header: 'Handed over',
      cell: ({ progress, preview }) => `${countText(progress.done)} of ${countText(preview?.count ?? progress.done)}`,
      width: 150,
      align: 'end',
      hideBelow: 'sm',
    },
    {
      id: 'failed',
      header: 'Failed again',
      cell: ({ progress }) => (progress.failed_again === null ? '' : countText(progress.failed_again)),
      width: 110,
      align: 'end',
      hideBelow: 'md',
    },
    { id: 'at', header: 'Asked for', cell: ({ created_at }) => <Time at={created_at} />, width: 160 },
  ]
  return <DataTable label="Jobs" columns={columns} rows={jobs} keyOf={({ job_id }) => job_id} />
}
