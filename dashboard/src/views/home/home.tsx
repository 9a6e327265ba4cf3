import { Button, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { Navigate, useNavigate } from '@tanstack/react-router'
import { Rocket } from 'lucide-react'
import { api, dataOf } from '#dashboard/api/client.ts'
import { useWorkspace } from '#dashboard/api/workspace.ts'
import { Page } from '#dashboard/shared/page.tsx'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { Empty, Failed, LoadingRows } from '#dashboard/shared/view-states.tsx'
import { lastApplication } from '#dashboard/shell/last-application.ts'

/** Leads to where one was last, or helps to make a first application. */
export function Home() {
  const { applications, organizations, isLoading, error } = useWorkspace()
  const last = applications.find(({ application_id }) => application_id === lastApplication()) ?? applications[0]
  if (last)
    return <Navigate to="/apps/$applicationId/overview" params={{ applicationId: last.application_id }} replace />
  if (isLoading) return <LoadingRows />
  if (error) return <Failed error={error} />
  const editable = organizations.find(({ role }) => role !== 'viewer')
  return (
    <Page title="Welcome">
      {editable ? (
        <FirstApplication organizationId={editable.organization_id} />
      ) : (
        <Empty title="There is no application yet">An editor of your organization can make one.</Empty>
      )}
    </Page>
  )
}

function FirstApplication({ organizationId }: { organizationId: string }) {
  const navigate = useNavigate()
  const form = useForm({ initialValues: { name: '' } })
  const create = useAction({
    run: ({ name }: { name: string }) =>
      dataOf(api.POST('/api/v1/applications/', { body: { name, organization_id: organizationId } })),
    onDone: ({ application_id }) =>
      void navigate({ to: '/apps/$applicationId/overview', params: { applicationId: application_id } }),
    isErrorShown: true,
  })
  return (
    <Empty
      icon={Rocket}
      title="Make your first application"
      action={
        <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
          <TextInput label="Name" placeholder="Shop" required {...form.getInputProps('name')} />
          <Button type="submit" mt="sm" loading={create.isPending}>
            Make it
          </Button>
          <ProblemNotice error={create.error} />
        </form>
      }
    >
      Events, their types and the subscriptions that get them belong to an application.
    </Empty>
  )
}
