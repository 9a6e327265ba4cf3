import { Alert, Button, Stack } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'
import { useMayEdit } from '#dashboard/api/workspace.ts'
import { shortId } from '#dashboard/shared/format.ts'
import { Time } from '#dashboard/shared/time.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import type { Subscription } from './subscription-queries.ts'

interface Props {
  applicationId: string
  subscription: Subscription
  status: Schemas['SubscriptionStatus']
}

/** Whatever keeps deliveries back, each with what it means. */
export function StatusNotices({ applicationId, subscription, status }: Props) {
  const { disabled_because: disabled } = subscription
  const { breaker, held_until, failing_since, handshake, blocked_by } = status
  return (
    <Stack gap="xs">
      {disabled && (
        <Notice title="It was disabled by itself" tone="red">
          {disabled.reason === 'gone'
            ? 'Its receiver answered that it is gone (410)'
            : 'Its receiver had done nothing but fail'}
          , since <Time at={disabled.since} />. Enable it when the receiver is mended, then replay what it missed.
        </Notice>
      )}
      {status.paused_at && (
        <Notice title="Paused" tone="yellow">
          Since <Time at={status.paused_at} />. What comes meanwhile waits on disk, and is sent when it is resumed.
        </Notice>
      )}
      {breaker.state === 'open' && (
        <Notice title="The breaker is open" tone="red">
          Its receiver gave {breaker.reason ?? 'failures'}
          {breaker.since && (
            <>
              {' '}
              since <Time at={breaker.since} />
            </>
          )}
          . One request is tried from time to time; the first success opens the way again by itself.
        </Notice>
      )}
      {held_until && (
        <Notice title="The receiver asked for a pause" tone="yellow">
          Nothing is sent until <Time at={held_until} /> (Retry-After).
        </Notice>
      )}
      {failing_since && breaker.state === 'closed' && (
        <Notice title="The receiver keeps failing" tone="yellow">
          Since <Time at={failing_since} />.
        </Notice>
      )}
      {handshake && handshake.state !== 'granted' && (
        <Notice
          title={handshake.state === 'refused' ? 'The receiver did not agree' : 'The receiver is being asked'}
          tone="yellow"
        >
          {handshake.reason} Nothing is sent before it agrees.
        </Notice>
      )}
      {blocked_by.map((blocking) => (
        <Blocking key={blocking.delivery_id} applicationId={applicationId} blocking={blocking} />
      ))}
    </Stack>
  )
}

function Blocking({ applicationId, blocking }: { applicationId: string; blocking: Schemas['BlockingDeadLetter'] }) {
  const mayEdit = useMayEdit()
  const skip = useAction({
    run: () =>
      dataOf(
        api.POST('/api/v1/deliveries/{delivery_id}/skip', {
          params: { path: { delivery_id: blocking.delivery_id } },
          body: { application_id: applicationId },
        }),
      ),
    done: 'Those behind it go on',
  })
  return (
    <Notice title="A dead letter blocks those behind it" tone="red">
      <Link
        className="jh-link jh-mono"
        to="/apps/$applicationId/dead-letters/$deliveryId"
        params={{ applicationId, deliveryId: blocking.delivery_id }}
      >
        {shortId(blocking.delivery_id)}
      </Link>{' '}
      has to be redriven, discarded or skipped.{' '}
      {mayEdit && (
        <Button variant="default" size="compact-xs" loading={skip.isPending} onClick={() => skip.mutate()}>
          Skip it
        </Button>
      )}
    </Notice>
  )
}

function Notice({ title, tone, children }: { title: string; tone: 'red' | 'yellow'; children: ReactNode }) {
  return (
    <Alert variant="light" color={tone} title={title}>
      {children}
    </Alert>
  )
}
