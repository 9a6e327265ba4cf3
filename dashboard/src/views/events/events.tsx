import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function Events() {
  return (
    <Page title="Events">
      <Empty title="Not there yet" />
    </Page>
  )
}
