import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function LiveTail() {
  return (
    <Page title="Live tail">
      <Empty title="Not there yet" />
    </Page>
  )
}
