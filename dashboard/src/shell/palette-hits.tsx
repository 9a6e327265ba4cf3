import { useDebouncedValue } from '@mantine/hooks'
import type { SpotlightActionData } from '@mantine/spotlight'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Braces, type LucideIcon, MailX, Send, Webhook, Zap } from 'lucide-react'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'
import { useWorkspace } from '#dashboard/api/workspace.ts'
import { wordsOf } from '#dashboard/shared/format.ts'
import { hitAddress } from '#dashboard/views/events/hit-address.ts'
import { lastApplication } from './last-application.ts'

const TYPING_PAUSE_MS = 200
/** A shorter text finds too much to be of use. */
const TEXT_MIN = 3
const HITS_MAX = 8

const ICONS: Record<Schemas['SearchHit']['kind'], LucideIcon> = {
  event: Zap,
  attempt: Send,
  delivery: Send,
  dead_letter: MailX,
  subscription: Webhook,
  event_type: Braces,
}

/** What the server finds for a text: events, types, subscriptions, attempts, dead letters. */
export function usePaletteHits(query: string): SpotlightActionData[] {
  const navigate = useNavigate()
  const { applications, application } = useWorkspace()
  const applicationId = application?.application_id ?? lastApplication() ?? applications[0]?.application_id
  const [text] = useDebouncedValue(query.trim(), TYPING_PAUSE_MS)
  const isAsked = applicationId !== undefined && text.length >= TEXT_MIN
  const found = useQuery({
    queryKey: ['search', applicationId, text, HITS_MAX],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/v1/search', {
          params: { query: { application_id: applicationId!, q: text, limit: HITS_MAX } },
          signal,
        }),
      ),
    enabled: isAsked,
    placeholderData: keepPreviousData,
  })
  if (!isAsked || query.trim().length < TEXT_MIN) return []
  return (found.data?.hits ?? []).map((hit) => {
    const Icon = ICONS[hit.kind]
    return {
      id: `${hit.kind} ${hit.id}`,
      label: hit.title,
      description: `${wordsOf(hit.kind)} · ${hit.detail}`,
      leftSection: <Icon size={16} />,
      onClick: () => void navigate(hitAddress(applicationId, hit) as never),
    }
  })
}
