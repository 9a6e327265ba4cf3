import { Button } from '@mantine/core'
import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { Page } from '#dashboard/shared/page.tsx'
import { Empty, Failed } from '#dashboard/shared/view-states.tsx'

export function NotFound() {
  return (
    <Page title="Not found">
      <Empty
        icon={Compass}
        title="There is nothing at this address"
        action={
          <Button component={Link} to="/" variant="default">
            Go to the start
          </Button>
        }
      />
    </Page>
  )
}

/** A view that broke: the rest of the page goes on. A part that could not be loaded may be one of an older build. */
export function ViewFailed({ error }: ErrorComponentProps) {
  return (
    <Page title="This view failed">
      <Failed error={error} onRetry={() => location.reload()} />
    </Page>
  )
}
