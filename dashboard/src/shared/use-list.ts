import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import type { Page } from '#dashboard/api/client.ts'

const REFRESH_MS = 10_000

interface ListOptions<T> {
  queryKey: readonly unknown[]
  /** @param cursor undefined: the first page. */
  readPage: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>
  isEnabled?: boolean
  /** How often the first page is read anew, ms; false: never. Further pages keep still while somebody reads them. */
  refreshMs?: number | false
}

export interface PagedList<T> {
  rows: T[]
  /** Nothing has come yet. */
  isLoading: boolean
  error: unknown
  hasMore: boolean
  isLoadingMore: boolean
  /** Rows of another filter are shown until those of this one come. */
  isOutdated: boolean
  loadMore: () => void
  refetch: () => void
}

/** A list that is read page by page, as far as somebody wants to see. */
export function useList<T>({
  queryKey,
  readPage,
  isEnabled = true,
  refreshMs = REFRESH_MS,
}: ListOptions<T>): PagedList<T> {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => readPage(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ cursor }) => cursor ?? undefined,
    enabled: isEnabled,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.pages.length === 1 ? refreshMs : false),
  })
  return {
    rows: query.data?.pages.flatMap(({ items }) => items) ?? [],
    isLoading: query.isPending && isEnabled,
    error: query.data === undefined ? query.error : null,
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    isOutdated: query.isPlaceholderData,
    loadMore: () => void query.fetchNextPage(),
    refetch: () => void query.refetch(),
  }
}
