import { ActionIcon, Button, Menu } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { Ban, EllipsisVertical, Pause, Pencil, Play, Power, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { api, dataOf } from '#dashboard/api/client.ts'
import { useMayEdit } from '#dashboard/api/workspace.ts'
import { Confirm } from '#dashboard/shared/confirm.tsx'
import { LinkButton } from '#dashboard/shared/link-button.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { postOf, valuesOf } from './form-values.ts'
import type { Subscription } from './subscription-queries.ts'

interface Props {
  applicationId: string
  subscription: Subscription
}

const ASKED = {
  disable: {
    verb: 'Disable',
    title: 'Disable this subscription?',
    text: 'It gets nothing any more, and what is open is cancelled. To hold deliveries back for a while, pause it instead.',
    done: 'The subscription is disabled',
  },
  cancel: {
    verb: 'Cancel deliveries',
    title: 'Cancel everything that is open?',
    text: 'Retries and deliveries that wait are called off. What comes next is delivered as ever. Cancelled events can be replayed.',
    done: 'The open deliveries are cancelled',
  },
  delete: {
    verb: 'Delete',
    title: 'Delete this subscription?',
    text: 'It gets nothing any more, and what is open is cancelled. This cannot be undone.',
    done: 'The subscription is deleted',
  },
} as const

type Asked = keyof typeof ASKED
type Verb = Asked | 'pause' | 'resume' | 'enable'

/** What an editor may do with a subscription. What cannot be taken back is asked for again. */
export function SubscriptionActions({ applicationId, subscription }: Props) {
  const mayEdit = useMayEdit()
  const [asked, setAsked] = useState<Asked | null>(null)
  const change = useChange(applicationId, subscription, () => setAsked(null))
  if (!mayEdit) return null
  const { is_enabled, paused_at, subscription_id } = subscription
  const question = asked === null ? null : ASKED[asked]
  return (
    <>
      {!is_enabled && (
        <Button leftSection={<Power size={14} />} loading={change.isPending} onClick={() => change.mutate('enable')}>
          Enable
        </Button>
      )}
      {is_enabled && (
        <Button
          variant="default"
          leftSection={paused_at ? <Play size={14} /> : <Pause size={14} />}
          loading={change.isPending && asked === null}
          onClick={() => change.mutate(paused_at ? 'resume' : 'pause')}
        >
          {paused_at ? 'Resume' : 'Pause'}
        </Button>
      )}
      <LinkButton
        variant="default"
        leftSection={<Pencil size={14} />}
        to="/apps/$applicationId/subscriptions/$subscriptionId/edit"
        params={{ applicationId, subscriptionId: subscription_id }}
      >
        Edit
      </LinkButton>
      <Menu width={210}>
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label="More actions">
            <EllipsisVertical size={15} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<Ban size={14} />} onClick={() => setAsked('cancel')}>
            Cancel open deliveries
          </Menu.Item>
          {is_enabled && (
            <Menu.Item leftSection={<Power size={14} />} onClick={() => setAsked('disable')}>
              Disable
            </Menu.Item>
          )}
          <Menu.Item leftSection={<Trash2 size={14} />} color="red" onClick={() => setAsked('delete')}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm
        isOpen={question !== null}
        title={question?.title ?? ''}
        verb={question?.verb ?? ''}
        isHarmful
        isBusy={change.isPending}
        error={change.error}
        onConfirm={() => asked !== null && change.mutate(asked)}
        onClose={() => setAsked(null)}
      >
        {question?.text}
      </Confirm>
    </>
  )
}

const DONE: Record<Verb, string> = {
  pause: 'Paused: deliveries wait on disk until it is resumed',
  resume: 'Resumed',
  enable: 'The subscription is enabled',
  disable: ASKED.disable.done,
  cancel: ASKED.cancel.done,
  delete: ASKED.delete.done,
}

function useChange(applicationId: string, subscription: Subscription, onDone: () => void) {
  const navigate = useNavigate()
  const path = { subscription_id: subscription.subscription_id }
  const body = { application_id: applicationId }
  const setEnabled = (is_enabled: boolean) => ({
    ...postOf(applicationId, valuesOf(subscription), subscription),
    is_enabled,
  })
  return useAction({
    run: async (verb: Verb) => {
      switch (verb) {
        case 'pause':
          await dataOf(api.POST('/api/v1/subscriptions/{subscription_id}/pause', { params: { path }, body }))
          break
        case 'resume':
          await dataOf(api.POST('/api/v1/subscriptions/{subscription_id}/resume', { params: { path }, body }))
          break
        case 'cancel':
          await dataOf(
            api.POST('/api/v1/subscriptions/{subscription_id}/deliveries/cancel', { params: { path }, body }),
          )
          break
        case 'enable':
        case 'disable':
          await dataOf(
            api.PUT('/api/v1/subscriptions/{subscription_id}', {
              params: { path },
              body: setEnabled(verb === 'enable'),
            }),
          )
          break
        case 'delete':
          await dataOf(api.DELETE('/api/v1/subscriptions/{subscription_id}', { params: { path, query: body } }))
      }
      return verb
    },
    done: (verb) => DONE[verb],
    onDone: (verb) => {
      onDone()
      if (verb === 'delete') void navigate({ to: '/apps/$applicationId/subscriptions', params: { applicationId } })
    },
    isErrorShown: false,
  })
}
