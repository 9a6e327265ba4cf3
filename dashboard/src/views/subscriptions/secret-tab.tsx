import { Button, Group, Select, Stack, Text } from '@mantine/core'
import { Eye, EyeOff, RefreshCw } from 'lucide-react'
import { useState } from 'react'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'
import { Confirm } from '#dashboard/shared/confirm.tsx'
import { Id } from '#dashboard/shared/copy.tsx'
import { Facts, Section } from '#dashboard/shared/page.tsx'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import type { Subscription } from './subscription-queries.ts'

interface Props {
  applicationId: string
  subscription: Subscription
}

type Secret = Schemas['SubscriptionSecret']

const GRACE = [
  { value: '0s', label: 'None: it has leaked' },
  { value: '1h', label: 'One hour' },
  { value: '24h', label: 'One day' },
  { value: '168h', label: 'One week' },
]

/** The signing secrets: shown when somebody asks, which is written into the audit log; and new ones without a gap. */
export function SecretTab({ applicationId, subscription }: Props) {
  const [secret, setSecret] = useState<Secret | null>(null)
  const [asked, setAsked] = useState<'rotate' | 'end' | null>(null)
  const [grace, setGrace] = useState('24h')
  const path = { subscription_id: subscription.subscription_id }
  const reveal = useAction({
    run: () =>
      dataOf(
        api.GET('/api/v1/subscriptions/{subscription_id}/secret', {
          params: { path, query: { application_id: applicationId } },
        }),
      ),
    onDone: setSecret,
    isErrorShown: true,
  })
  const rotate = useAction({
    run: () =>
      dataOf(
        api.POST('/api/v1/subscriptions/{subscription_id}/secret/rotate', {
          params: { path },
          body: { application_id: applicationId, grace_period: grace },
        }),
      ),
    done: 'There are new secrets',
    onDone: (made) => {
      setSecret(made)
      setAsked(null)
    },
    isErrorShown: true,
  })
  const end = useAction({
    run: () =>
      dataOf(
        api.DELETE('/api/v1/subscriptions/{subscription_id}/secret/previous', {
          params: { path, query: { application_id: applicationId } },
        }),
      ),
    done: 'The secrets before no longer sign',
    onDone: () => {
      setSecret(null)
      setAsked(null)
    },
    isErrorShown: true,
  })
  return (
    <Section
      title="Signing secrets"
      description="Receivers verify with them that a webhook is genuine. Each look at them is a line in the audit log."
    >
      <Stack gap="md">
        <Group gap="xs">
          {secret === null ? (
            <Button
              variant="default"
              leftSection={<Eye size={14} />}
              loading={reveal.isPending}
              onClick={() => reveal.mutate()}
            >
              Reveal the secrets
            </Button>
          ) : (
            <Button variant="default" leftSection={<EyeOff size={14} />} onClick={() => setSecret(null)}>
              Hide
            </Button>
          )}
          <Button variant="default" leftSection={<RefreshCw size={14} />} onClick={() => setAsked('rotate')}>
            Rotate …
          </Button>
        </Group>
        <ProblemNotice error={reveal.error} />
        {secret && <Facts items={factsOf(secret)} />}
        {secret?.previous && (
          <>
            <Text size="sm">
              The secrets before sign too, until <Time at={secret.previous.expires_at} />.{' '}
              <Button variant="default" size="compact-xs" onClick={() => setAsked('end')}>
                End that now …
              </Button>
            </Text>
            <Facts items={factsOf(secret.previous)} />
          </>
        )}
      </Stack>
      <Confirm
        isOpen={asked === 'rotate'}
        title="Make new secrets?"
        verb="Rotate"
        isBusy={rotate.isPending}
        error={rotate.error}
        onConfirm={() => rotate.mutate()}
        onClose={() => setAsked(null)}
      >
        <Stack gap="sm">
          <span>
            For the time of grace the secrets before sign too, so that the receiver can take the new ones when it suits.
          </span>
          <Select
            label="Time of grace"
            data={GRACE}
            value={grace}
            onChange={(next) => setGrace(next ?? '24h')}
            allowDeselect={false}
          />
        </Stack>
      </Confirm>
      <Confirm
        isOpen={asked === 'end'}
        title="End the time of grace?"
        verb="End it"
        isHarmful
        isBusy={end.isPending}
        error={end.error}
        onConfirm={() => end.mutate()}
        onClose={() => setAsked(null)}
      >
        A receiver that still has the secrets before will refuse what comes from now on.
      </Confirm>
    </Section>
  )
}

function factsOf({
  secret,
  webhook_secret,
  public_key,
}: Pick<Secret, 'secret' | 'webhook_secret' | 'public_key'>): [string, React.ReactNode][] {
  return [
    ['Hook0', <Id key="hook0" id={secret} label="secret" isWhole />],
    [
      'Standard Webhooks',
      webhook_secret ? (
        <Id key="standard" id={webhook_secret} label="Standard Webhooks secret" isWhole />
      ) : (
        'made when the subscription is next saved'
      ),
    ],
    [
      'Public key (ed25519)',
      public_key ? (
        <Id key="public" id={public_key} label="public key" isWhole />
      ) : (
        'made when the subscription is next saved'
      ),
    ],
  ]
}
