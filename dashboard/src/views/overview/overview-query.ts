import { queryOptions } from '@tanstack/react-query'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'
import { rangeMs } from '#dashboard/shared/filters.tsx'

export type OverviewData = Schemas['Overview']

export const DEFAULT_RANGE = '24h'
const REFRESH_MS = 10_000
const BUCKETS = 60

export const overviewQuery = (applicationId: string, range: string) =>
  queryOptions({
    queryKey: ['overview', applicationId, range],
    queryFn: ({ signal }) => {
      const toMs = Date.now()
      const fromMs = toMs - (rangeMs(range) ?? rangeMs(DEFAULT_RANGE)!)
      const query = {
        application_id: applicationId,
        from: new Date(fromMs).toISOString(),
        to: new Date(toMs).toISOString(),
        buckets: BUCKETS,
      }
      return dataOf(api.GET('/api/v1/overview', { params: { query }, signal }))
    },
    refetchInterval: REFRESH_MS,
  })
