import type { Orm } from '#shared/runtime/postgres.ts'

/** What became of a job's deliveries, as far as the read model has come. */
export interface JobOutcomes {
  succeeded: number
  failedAgain: number
  cancelled: number
  underWay: number
}

export async function readJobOutcomes(orm: Orm, jobId: string): Promise<JobOutcomes> {
  const rows = await orm.em
    .getConnection()
    .execute<{ status: string; count: number }[]>(
      'SELECT status, count(*)::int AS count FROM deliveries WHERE job_id = ? GROUP BY 1',
      [jobId],
    )
  const of = (status: string) => rows.find((row) => row.status === status)?.count ?? 0
  return {
    succeeded: of('succeeded'),
    failedAgain: of('dead-lettered'),
    cancelled: of('cancelled'),
    underWay: of('pending'),
  }
}
