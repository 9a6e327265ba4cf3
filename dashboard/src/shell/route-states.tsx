import type { ErrorComponentProps } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { LinkButton } from '#dashboard/shared/link-button.tsx'
import { Page } from '#dashboard/shared/page.tsx'
import { Empty, Failed } from '#dashboard/shared/view-states.tsx'

export function NotFound() {
  return (
    <Page title="Not found">
      <Empty
        icon={Compass}
        title="There is nothing at this address"
        action={
          <LinkButton to="/" variant="default">
            Go to the start
          </LinkButton>
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
