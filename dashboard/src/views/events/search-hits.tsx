import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { SearchX } from 'lucide-react'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'
import { type Column, DataTable, rowLink } from '#dashboard/shared/data-table.tsx'
import { wordsOf } from '#dashboard/shared/format.ts'
import { Time } from '#dashboard/shared/time.tsx'
import { Empty, Loaded } from '#dashboard/shared/view-states.tsx'
import { hitAddress } from './hit-address.ts'

const HITS_MAX = 50

type SearchHit = Schemas['SearchHit']

const columnsOf = (applicationId: string): Column<SearchHit>[] => [
  {
    id: 'title',
    header: 'Found',
    cell: (hit) => (
      <Link {...hitAddress(applicationId, hit)} className={rowLink}>
        {hit.title}
      </Link>
    ),
  },
  { id: 'kind', header: 'What', cell: ({ kind }) => wordsOf(kind), width: 120 },
  { id: 'detail', header: 'Detail', cell: ({ detail }) => detail, hideBelow: 'sm' },
  { id: 'at', header: 'Time', cell: ({ at }) => (at ? <Time at={at} /> : null), width: 160, hideBelow: 'md' },
]

/** Whatever the server finds for a text, each with the way there. */
export function SearchHits({ applicationId, query }: { applicationId: string; query: string }) {
  const found = useQuery({
    queryKey: ['search', applicationId, query],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/v1/search', {
          params: { query: { application_id: applicationId, q: query, limit: HITS_MAX } },
          signal,
        }),
      ),
  })
  return (
    <Loaded query={found}>
      {({ hits, is_partial, looked_back_to }) =>
        hits.length === 0 ? (
          <Empty icon={SearchX} title={`Nothing found for “${query}”`}>
            Try an id or its first eight characters, an event type, a label as name:value, a part of a URL, or words of
            an error.
          </Empty>
        ) : (
          <>
            <DataTable
              label="Found"
              columns={columnsOf(applicationId)}
              rows={hits}
              keyOf={({ kind, id }) => `${kind} ${id}`}
            />
            <Text size="sm" c="dimmed">
              {is_partial && 'The read model does not answer: only event types and subscriptions were searched. '}
              {looked_back_to && (
                <>
                  Labels and errors were looked for back to <Time at={looked_back_to} />.
                </>
              )}
            </Text>
          </>
        )
      }
    </Loaded>
  )
}
