import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function Overview() {
  return (
    <Page title="Overview">
      <Empty title="Not there yet" />
    </Page>
  )
}
