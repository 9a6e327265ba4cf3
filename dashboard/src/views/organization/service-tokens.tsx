import { ActionIcon, Button } from '@mantine/core'
import { KeyRound, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { api, dataOf, pageOf, type Schemas } from '#dashboard/api/client.ts'
import { useMayEdit, useOrganizationId } from '#dashboard/api/workspace.ts'
import { Confirm } from '#dashboard/shared/confirm.tsx'
import { type Column, PagedTable } from '#dashboard/shared/data-table.tsx'
import { NameForm } from '#dashboard/shared/name-form.tsx'
import { Page } from '#dashboard/shared/page.tsx'
import { SecretText } from '#dashboard/shared/secret-text.tsx'
import { Time } from '#dashboard/shared/time.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { useList } from '#dashboard/shared/use-list.ts'
import { Empty } from '#dashboard/shared/view-states.tsx'

const PAGE_SIZE = 100

type ServiceToken = Schemas['ServiceToken']

/** Credentials of programs: they act as an editor of the organization. */
export function ServiceTokens() {
  const organizationId = useOrganizationId()
  const mayEdit = useMayEdit()
  const [isMaking, setIsMaking] = useState(false)
  const [revoked, setRevoked] = useState<ServiceToken>()
  const list = useList({
    queryKey: ['service-tokens', organizationId],
    readPage: (cursor, signal) =>
      pageOf(
        api.GET('/api/v1/service_token/', {
          params: {
            query: {
              organization_id: organizationId,
              limit: PAGE_SIZE,
              ...(cursor ? { pagination_cursor: cursor } : {}),
            },
          },
          signal,
        }),
      ),
    isEnabled: mayEdit,
  })
  const make = (
    <Button leftSection={<Plus size={14} />} onClick={() => setIsMaking(true)}>
      New token
    </Button>
  )
  if (!mayEdit)
    return (
      <Page title="Service tokens">
        <Empty icon={KeyRound} title="Editors see these" />
      </Page>
    )
  return (
    <Page title="Service tokens" description="For programs. Each acts as an editor of the organization." actions={make}>
      <PagedTable
        label="Service tokens"
        list={list}
        columns={columnsOf(setRevoked)}
        keyOf={({ token_id }) => token_id}
        empty={<Empty icon={KeyRound} title="No service token yet" action={make} />}
      />
      <Create organizationId={organizationId} isOpen={isMaking} onClose={() => setIsMaking(false)} />
      {revoked && <Revoke organizationId={organizationId} token={revoked} onClose={() => setRevoked(undefined)} />}
    </Page>
  )
}

const columnsOf = (onRevoke: (token: ServiceToken) => void): Column<ServiceToken>[] => [
  { id: 'name', header: 'Name', cell: ({ name }) => name },
  {
    id: 'token',
    header: 'Token',
    cell: ({ name, biscuit }) => <SecretText secret={biscuit} label={`token ${name}`} />,
  },
  {
    id: 'made',
    header: 'Made',
    cell: ({ created_at }) => <Time at={created_at} isRelative />,
    width: 120,
    hideBelow: 'sm',
  },
  {
    id: 'revoke',
    header: '',
    cell: (token) => (
      <ActionIcon variant="subtle" aria-label={`Revoke ${token.name}`} onClick={() => onRevoke(token)}>
        <Trash2 size={15} />
      </ActionIcon>
    ),
    width: 56,
    align: 'end',
  },
]

function Create({ organizationId, isOpen, onClose }: { organizationId: string; isOpen: boolean; onClose: () => void }) {
  const create = useAction({
    run: (name: string) =>
      dataOf(api.POST('/api/v1/service_token/', { body: { organization_id: organizationId, name } })),
    done: ({ name }) => `Token ${name} is there`,
    onDone: onClose,
    isErrorShown: true,
  })
  return (
    <NameForm
      isOpen={isOpen}
      title="New service token"
      placeholder="billing service"
      verb="Make it"
      isBusy={create.isPending}
      error={create.error}
      onSubmit={(name) => create.mutate(name)}
      onClose={onClose}
    />
  )
}

function Revoke({
  organizationId,
  token,
  onClose,
}: {
  organizationId: string
  token: ServiceToken
  onClose: () => void
}) {
  const revoke = useAction({
    run: () =>
      dataOf(
        api.DELETE('/api/v1/service_token/{service_token_id}', {
          params: { path: { service_token_id: token.token_id }, query: { organization_id: organizationId } },
        }),
      ),
    done: `${token.name} is revoked`,
    onDone: onClose,
    isErrorShown: true,
  })
  return (
    <Confirm
      isOpen
      title={`Revoke ${token.name}?`}
      verb="Revoke"
      isHarmful
      isBusy={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate()}
      onClose={onClose}
    >
      Whoever uses it is refused within seconds.
    </Confirm>
  )
}
