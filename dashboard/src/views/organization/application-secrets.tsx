import { ActionIcon, Button, Drawer, Group, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useQuery } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'
import type { Application } from '#dashboard/api/workspace.ts'
import { Confirm } from '#dashboard/shared/confirm.tsx'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { SecretText } from '#dashboard/shared/secret-text.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { Loaded } from '#dashboard/shared/view-states.tsx'

type Secret = Schemas['ApplicationSecret']

/** The credentials of one application: they open it, and nothing else. */
export function ApplicationSecrets({ application, onClose }: { application: Application; onClose: () => void }) {
  const { application_id, name } = application
  const secrets = useQuery({
    queryKey: ['application-secrets', application_id],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/application_secrets/', { params: { query: { application_id } }, signal })),
  })
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={<Text fw={600}>{`Secrets of ${name}`}</Text>}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          For the application itself: it may do everything within {name}, and nothing outside.
        </Text>
        <NewSecret applicationId={application_id} />
        <Loaded query={secrets}>
          {(loaded) => (
            <Stack gap="sm">
              {loaded
                .filter(({ deleted_at }) => deleted_at === null)
                .map((secret) => (
                  <SecretRow key={secret.token} applicationId={application_id} secret={secret} />
                ))}
            </Stack>
          )}
        </Loaded>
      </Stack>
    </Drawer>
  )
}

function NewSecret({ applicationId }: { applicationId: string }) {
  const form = useForm({ initialValues: { name: '' } })
  const create = useAction({
    run: (name: string) =>
      dataOf(api.POST('/api/v1/application_secrets/', { body: { application_id: applicationId, name } })),
    onDone: () => form.reset(),
    isErrorShown: true,
  })
  return (
    <form onSubmit={form.onSubmit(({ name }) => create.mutate(name))}>
      <Group gap="xs" align="flex-end">
        <TextInput label="New secret" placeholder="production" flex={1} required {...form.getInputProps('name')} />
        <Button type="submit" leftSection={<Plus size={14} />} loading={create.isPending}>
          Make
        </Button>
      </Group>
      <ProblemNotice error={create.error} />
    </form>
  )
}

function SecretRow({ applicationId, secret }: { applicationId: string; secret: Secret }) {
  const [isAsked, setIsAsked] = useState(false)
  const name = secret.name ?? 'Secret without a name'
  const revoke = useAction({
    run: () =>
      dataOf(
        api.DELETE('/api/v1/application_secrets/{application_secret_token}', {
          params: { path: { application_secret_token: secret.token }, query: { application_id: applicationId } },
        }),
      ),
    done: `${name} is revoked`,
    onDone: () => setIsAsked(false),
    isErrorShown: true,
  })
  return (
    <Group justify="space-between" wrap="nowrap" gap="sm">
      <div style={{ minWidth: 0 }}>
        <Text size="sm" fw={500}>
          {name}
        </Text>
        <SecretText secret={secret.token} label={`secret ${name}`} />
        <Text size="xs" c="dimmed">
          made <Time at={secret.created_at} isRelative />
        </Text>
      </div>
      <ActionIcon variant="subtle" aria-label={`Revoke ${name}`} onClick={() => setIsAsked(true)}>
        <Trash2 size={15} />
      </ActionIcon>
      <Confirm
        isOpen={isAsked}
        title={`Revoke ${name}?`}
        verb="Revoke"
        isHarmful
        isBusy={revoke.isPending}
        error={revoke.error}
        onConfirm={() => revoke.mutate()}
        onClose={() => setIsAsked(false)}
      >
        Whoever uses it is refused within seconds.
      </Confirm>
    </Group>
  )
}
