import { ActionIcon, Button, Modal, Select, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useQuery } from '@tanstack/react-query'
import { UserMinus, UserPlus } from 'lucide-react'
import { useState } from 'react'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'
import { useMayEdit, useOrganizationId } from '#dashboard/api/workspace.ts'
import { Confirm } from '#dashboard/shared/confirm.tsx'
import { type Column, DataTable } from '#dashboard/shared/data-table.tsx'
import { Page } from '#dashboard/shared/page.tsx'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { Loaded } from '#dashboard/shared/view-states.tsx'

type Member = Schemas['OrganizationInfo']['users'][number]

const ROLES = [
  { value: 'viewer', label: 'Viewer' },
  { value: 'editor', label: 'Editor' },
]

/** Who belongs to an organization, and what they may do. */
export function Members() {
  const organizationId = useOrganizationId()
  const mayEdit = useMayEdit()
  const [isInviting, setIsInviting] = useState(false)
  const [removed, setRemoved] = useState<Member>()
  const organization = useQuery({
    queryKey: ['organization', organizationId],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/v1/organizations/{organization_id}/', {
          params: { path: { organization_id: organizationId } },
          signal,
        }),
      ),
  })
  const changeRole = useAction({
    run: ({ user_id, role }: { user_id: string; role: string }) =>
      dataOf(
        api.PUT('/api/v1/organizations/{organization_id}/invite', {
          params: { path: { organization_id: organizationId } },
          body: { user_id, role },
        }),
      ),
    done: 'The role is changed',
  })
  return (
    <Page
      title="Members"
      description="Viewers look; editors also change things."
      actions={
        mayEdit && (
          <Button leftSection={<UserPlus size={14} />} onClick={() => setIsInviting(true)}>
            Invite
          </Button>
        )
      }
    >
      <Loaded query={organization}>
        {({ users }) => (
          <DataTable
            label="Members"
            columns={columnsOf(mayEdit, (user_id, role) => changeRole.mutate({ user_id, role }), setRemoved)}
            rows={users}
            keyOf={({ user_id }) => user_id}
          />
        )}
      </Loaded>
      <Invite organizationId={organizationId} isOpen={isInviting} onClose={() => setIsInviting(false)} />
      {removed && <Remove organizationId={organizationId} member={removed} onClose={() => setRemoved(undefined)} />}
    </Page>
  )
}

function columnsOf(
  mayEdit: boolean,
  onRole: (userId: string, role: string) => void,
  onRemove: (member: Member) => void,
): Column<Member>[] {
  const columns: Column<Member>[] = [
    { id: 'name', header: 'Name', cell: ({ first_name, last_name }) => `${first_name} ${last_name}` },
    { id: 'email', header: 'Address', cell: ({ email }) => email, hideBelow: 'sm' },
    {
      id: 'role',
      header: 'Role',
      cell: (member) =>
        mayEdit ? (
          <Select
            aria-label={`Role of ${member.email}`}
            data={ROLES}
            value={member.role}
            allowDeselect={false}
            onChange={(role) => role && role !== member.role && onRole(member.user_id, role)}
          />
        ) : (
          member.role
        ),
      width: 130,
    },
  ]
  if (!mayEdit) return columns
  return [
    ...columns,
    {
      id: 'remove',
      header: '',
      cell: (member) => (
        <ActionIcon variant="subtle" aria-label={`Remove ${member.email}`} onClick={() => onRemove(member)}>
          <UserMinus size={15} />
        </ActionIcon>
      ),
      width: 56,
      align: 'end',
    },
  ]
}

function Invite({ organizationId, isOpen, onClose }: { organizationId: string; isOpen: boolean; onClose: () => void }) {
  const form = useForm({ initialValues: { email: '', role: 'viewer' } })
  const invite = useAction({
    run: (body: { email: string; role: string }) =>
      dataOf(
        api.POST('/api/v1/organizations/{organization_id}/invite', {
          params: { path: { organization_id: organizationId } },
          body,
        }),
      ),
    done: ({ email }) => `${email} belongs to the organization now`,
    onDone: () => {
      form.reset()
      onClose()
    },
    isErrorShown: true,
  })
  return (
    <Modal opened={isOpen} onClose={onClose} title={<Text fw={600}>Invite somebody</Text>}>
      <form onSubmit={form.onSubmit((values) => invite.mutate(values))}>
        <Stack gap="sm">
          <Text size="sm">They need an account here first.</Text>
          <TextInput label="Address" type="email" required data-autofocus {...form.getInputProps('email')} />
          <Select label="Role" data={ROLES} allowDeselect={false} {...form.getInputProps('role')} />
          <ProblemNotice error={invite.error} />
          <Button type="submit" loading={invite.isPending}>
            Invite
          </Button>
        </Stack>
      </form>
    </Modal>
  )
}

function Remove({ organizationId, member, onClose }: { organizationId: string; member: Member; onClose: () => void }) {
  const remove = useAction({
    run: () =>
      dataOf(
        api.DELETE('/api/v1/organizations/{organization_id}/invite', {
          params: { path: { organization_id: organizationId } },
          body: { user_id: member.user_id },
        }),
      ),
    done: `${member.email} is no longer a member`,
    onDone: onClose,
    isErrorShown: true,
  })
  return (
    <Confirm
      isOpen
      title={`Remove ${member.email}?`}
      verb="Remove"
      isHarmful
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      They lose access at once. Their account stays, and they can be invited again.
    </Confirm>
  )
}
