import { Outlet } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { useEffect } from 'react'
import { useApplicationId, useWorkspace } from '#dashboard/api/workspace.ts'
import { LinkButton } from '#dashboard/shared/link-button.tsx'
import { Page } from '#dashboard/shared/page.tsx'
import { Empty, Failed } from '#dashboard/shared/view-states.tsx'
import { rememberApplication } from './last-application.ts'

/** Around every view of an application: says when there is none with this id, or none that the session may see. */
export function ApplicationFrame() {
  const applicationId = useApplicationId()
  const { application, isLoading, error } = useWorkspace()
  const isThere = application !== undefined
  useEffect(() => {
    if (isThere) rememberApplication(applicationId)
  }, [applicationId, isThere])
  if (isThere || isLoading) return <Outlet />
  if (error) return <Failed error={error} />
  return (
    <Page title="No such application">
      <Empty
        icon={Compass}
        title="This application cannot be shown"
        action={
          <LinkButton to="/" variant="default">
            Go to another one
          </LinkButton>
        }
      >
        It does not exist, was deleted, or belongs to an organization that you are not a member of.
      </Empty>
    </Page>
  )
}
