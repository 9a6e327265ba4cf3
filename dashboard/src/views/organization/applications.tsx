import { ActionIcon, Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Ellipsis, KeyRound, Pencil, Plus, SquareStack, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { api, dataOf } from '#dashboard/api/client.ts'
import { type Application, applicationsQuery, useMayEdit, useOrganizationId } from '#dashboard/api/workspace.ts'
import { Confirm } from '#dashboard/shared/confirm.tsx'
import { Id } from '#dashboard/shared/copy.tsx'
import { type Column, DataTable, rowLink } from '#dashboard/shared/data-table.tsx'
import { NameForm } from '#dashboard/shared/name-form.tsx'
import { Page } from '#dashboard/shared/page.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { Empty, Loaded } from '#dashboard/shared/view-states.tsx'
import { ApplicationSecrets } from './application-secrets.tsx'

type Doing = { kind: 'rename' | 'delete' | 'secrets'; application: Application }

/** The products of an organization: each with events, types, subscriptions and secrets of its own. */
export function Applications() {
  const organizationId = useOrganizationId()
  const mayEdit = useMayEdit()
  const applications = useQuery(applicationsQuery(organizationId))
  const [isMaking, setIsMaking] = useState(false)
  const [doing, setDoing] = useState<Doing>()
  const make = (
    <Button leftSection={<Plus size={14} />} onClick={() => setIsMaking(true)}>
      New application
    </Button>
  )
  return (
    <Page title="Applications" actions={mayEdit && make}>
      <Loaded query={applications}>
        {(loaded) =>
          loaded.length === 0 ? (
            <Empty icon={SquareStack} title="No application yet" action={mayEdit && make} />
          ) : (
            <DataTable
              label="Applications"
              columns={columnsOf(mayEdit, setDoing)}
              rows={loaded}
              keyOf={({ application_id }) => application_id}
            />
          )
        }
      </Loaded>
      <Create organizationId={organizationId} isOpen={isMaking} onClose={() => setIsMaking(false)} />
      {doing?.kind === 'rename' && <Rename application={doing.application} onClose={() => setDoing(undefined)} />}
      {doing?.kind === 'delete' && <Delete application={doing.application} onClose={() => setDoing(undefined)} />}
      {doing?.kind === 'secrets' && (
        <ApplicationSecrets application={doing.application} onClose={() => setDoing(undefined)} />
      )}
    </Page>
  )
}

function columnsOf(mayEdit: boolean, onDo: (doing: Doing) => void): Column<Application>[] {
  return [
    {
      id: 'name',
      header: 'Name',
      cell: ({ application_id, name }) => (
        <Link to="/apps/$applicationId/overview" params={{ applicationId: application_id }} className={rowLink}>
          {name}
        </Link>
      ),
    },
    {
      id: 'id',
      header: 'Id',
      cell: ({ application_id }) => <Id id={application_id} label="application id" />,
      width: 200,
      hideBelow: 'sm',
    },
    ...(mayEdit
      ? [
          {
            id: 'menu',
            header: '',
            cell: (application: Application) => <RowMenu application={application} onDo={onDo} />,
            width: 56,
            align: 'end',
          } satisfies Column<Application>,
        ]
      : []),
  ]
}

function RowMenu({ application, onDo }: { application: Application; onDo: (doing: Doing) => void }) {
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          aria-label={`What to do with ${application.name}`}
          style={{ position: 'relative', zIndex: 1 }}
        >
          <Ellipsis size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<KeyRound size={14} />} onClick={() => onDo({ kind: 'secrets', application })}>
          Secrets
        </Menu.Item>
        <Menu.Item leftSection={<Pencil size={14} />} onClick={() => onDo({ kind: 'rename', application })}>
          Rename
        </Menu.Item>
        <Menu.Item leftSection={<Trash2 size={14} />} onClick={() => onDo({ kind: 'delete', application })}>
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function Create({ organizationId, isOpen, onClose }: { organizationId: string; isOpen: boolean; onClose: () => void }) {
  const create = useAction({
    run: (name: string) =>
      dataOf(api.POST('/api/v1/applications/', { body: { organization_id: organizationId, name } })),
    done: ({ name }) => `${name} is there`,
    onDone: onClose,
    isErrorShown: true,
  })
  return (
    <NameForm
      isOpen={isOpen}
      title="New application"
      placeholder="Shop"
      verb="Make it"
      isBusy={create.isPending}
      error={create.error}
      onSubmit={(name) => create.mutate(name)}
      onClose={onClose}
    />
  )
}

function Rename({ application, onClose }: { application: Application; onClose: () => void }) {
  const { application_id, organization_id, name } = application
  const rename = useAction({
    run: (next: string) =>
      dataOf(
        api.PUT('/api/v1/applications/{application_id}', {
          params: { path: { application_id } },
          body: { organization_id, name: next },
        }),
      ),
    onDone: onClose,
    isErrorShown: true,
  })
  return (
    <NameForm
      isOpen
      title={`Rename ${name}`}
      initial={name}
      verb="Rename"
      isBusy={rename.isPending}
      error={rename.error}
      onSubmit={(next) => rename.mutate(next)}
      onClose={onClose}
    />
  )
}

function Delete({ application: { application_id, name }, onClose }: { application: Application; onClose: () => void }) {
  const remove = useAction({
    run: () => dataOf(api.DELETE('/api/v1/applications/{application_id}', { params: { path: { application_id } } })),
    done: `${name} is deleted`,
    onDone: onClose,
    isErrorShown: true,
  })
  return (
    <Confirm
      isOpen
      title={`Delete ${name}?`}
      verb="Delete"
      isHarmful
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      Its subscriptions go with it, and everything that it has under way is called off. This cannot be undone.
    </Confirm>
  )
}
