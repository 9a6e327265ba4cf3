import { QueryClient } from '@tanstack/react-query'
import { isPassing } from '#dashboard/api/problem.ts'

const FRESH_MS = 5_000
const KEPT_MS = 30 * 60_000

/** What was read stays to be seen while something is down; a refusal is not asked for again. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      gcTime: KEPT_MS,
      retry: (failures, error) => isPassing(error) && failures < 2,
      retryDelay: (failures) => 400 * 2 ** failures,
      // The browser's own idea of being offline says nothing of a server on this machine.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
})
