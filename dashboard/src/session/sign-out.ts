import type { QueryClient } from '@tanstack/react-query'
import { api } from '#dashboard/api/client.ts'
import { forget, session } from '#dashboard/api/session.ts'

/** Ends the session here and on the server; what was read is forgotten, too. Works without a server. */
export async function signOut(queryClient: QueryClient): Promise<void> {
  if (session.get()?.kind === 'user') await api.POST('/api/v1/auth/logout').catch(() => {})
  forget()
  queryClient.clear()
}
