import { useMantineColorScheme } from '@mantine/core'
import type { SpotlightActionData } from '@mantine/spotlight'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ArrowRight, LogOut, Moon, SquareStack, Sun } from 'lucide-react'
import { useWorkspace } from '#dashboard/api/workspace.ts'
import { signOut } from '#dashboard/session/sign-out.ts'
import { lastApplication } from './last-application.ts'

const VIEWS = [
  ['overview', 'Overview'],
  ['events', 'Events'],
  ['live', 'Live tail'],
  ['dead-letters', 'Dead letters'],
  ['replays', 'Replays'],
  ['subscriptions', 'Subscriptions'],
  ['event-types', 'Event types'],
  ['send', 'Send an event'],
] as const

/** Where one may go and what one may do from anywhere. */
export function usePaletteCommands(): SpotlightActionData[] {
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const { setColorScheme } = useMantineColorScheme()
  const { applications, application } = useWorkspace()
  const applicationId = application?.application_id ?? lastApplication() ?? applications[0]?.application_id
  const views = applicationId
    ? VIEWS.map(([view, label]) => ({
        id: view,
        label,
        leftSection: <ArrowRight size={16} />,
        onClick: () => void navigate({ to: `/apps/$applicationId/${view}`, params: { applicationId } }),
      }))
    : []
  const switches = applications.map(({ application_id, name }) => ({
    id: application_id,
    label: name,
    description: 'Switch to this application',
    leftSection: <SquareStack size={16} />,
    onClick: () => void navigate({ to: '/apps/$applicationId/overview', params: { applicationId: application_id } }),
  }))
  return [
    ...views,
    ...switches,
    { id: 'light', label: 'Light appearance', leftSection: <Sun size={16} />, onClick: () => setColorScheme('light') },
    { id: 'dark', label: 'Dark appearance', leftSection: <Moon size={16} />, onClick: () => setColorScheme('dark') },
    { id: 'sign-out', label: 'Sign out', leftSection: <LogOut size={16} />, onClick: () => void signOut(queryClient) },
  ]
}
