import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function JobDetail() {
  return (
    <Page title="Job detail">
      <Empty title="Not there yet" />
    </Page>
  )
}
