import { Button } from '@mantine/core'
import { Ban, RotateCcw, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { api, dataOf } from '#dashboard/api/client.ts'
import { useMayEdit } from '#dashboard/api/workspace.ts'
import { Confirm } from '#dashboard/shared/confirm.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import type { Timeline } from './event-queries.ts'

interface Props {
  applicationId: string
  timeline: Timeline
}

const ACTIONS = {
  replay: {
    verb: 'Replay',
    title: 'Replay this event?',
    text: 'It is matched anew with the subscriptions of now, and each that matches gets it again, marked as a replay.',
    done: 'The event is replayed',
  },
  withdraw: {
    verb: 'Withdraw',
    title: 'Withdraw this event?',
    text: 'It waits for its time, and nobody will get it. This cannot be undone.',
    done: 'The event is withdrawn',
  },
  cancel: {
    verb: 'Cancel deliveries',
    title: 'Cancel the open deliveries?',
    text: 'Retries that are scheduled or wait are called off. A request that is on its way keeps its true answer.',
    done: 'The open deliveries are cancelled',
  },
} as const

type Name = keyof typeof ACTIONS

/** What an editor may do with an event; viewers see nothing of it. */
export function EventActions({ applicationId, timeline }: Props) {
  const [asked, setAsked] = useState<Name | null>(null)
  const mayEdit = useMayEdit()
  const run = useRun(applicationId, timeline.event.event_id, () => setAsked(null))
  if (!mayEdit) return null
  const isWaiting = timeline.status === 'waiting'
  const isOpen = timeline.subscriptions.some(({ deliveries }) => deliveries.some(({ status }) => status === 'pending'))
  const action = asked === null ? null : ACTIONS[asked]
  return (
    <>
      {isWaiting && (
        <Button variant="default" leftSection={<Undo2 size={14} />} onClick={() => setAsked('withdraw')}>
          Withdraw
        </Button>
      )}
      {isOpen && (
        <Button variant="default" leftSection={<Ban size={14} />} onClick={() => setAsked('cancel')}>
          Cancel deliveries
        </Button>
      )}
      {!isWaiting && timeline.is_kept && (
        <Button variant="default" leftSection={<RotateCcw size={14} />} onClick={() => setAsked('replay')}>
          Replay
        </Button>
      )}
      <Confirm
        isOpen={action !== null}
        title={action?.title ?? ''}
        verb={action?.verb ?? ''}
        isHarmful={asked !== 'replay'}
        isBusy={run.isPending}
        error={run.error}
        onConfirm={() => asked !== null && run.mutate(asked)}
        onClose={() => setAsked(null)}
      >
        {action?.text}
      </Confirm>
    </>
  )
}

function useRun(applicationId: string, eventId: string, onDone: () => void) {
  const request = { params: { path: { event_id: eventId } }, body: { application_id: applicationId } }
  return useAction({
    run: async (name: Name) => {
      if (name === 'replay') await dataOf(api.POST('/api/v1/events/{event_id}/replay', request))
      else if (name === 'withdraw') await dataOf(api.POST('/api/v1/events/{event_id}/cancel', request))
      else await dataOf(api.POST('/api/v1/events/{event_id}/deliveries/cancel', request))
      return name
    },
    done: (name) => ACTIONS[name].done,
    onDone,
    isErrorShown: true,
  })
}
