import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, dataOf } from '#dashboard/api/client.ts'

export const eventTypesQuery = (applicationId: string) =>
  queryOptions({
    queryKey: ['event-types', applicationId],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/event_types/', { params: { query: { application_id: applicationId } }, signal })),
  })

export function useEventTypeNames(applicationId: string): string[] {
  const { data = [] } = useQuery(eventTypesQuery(applicationId))
  return data.map(({ event_type_name }) => event_type_name)
}
