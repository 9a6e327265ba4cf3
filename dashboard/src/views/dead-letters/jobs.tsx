import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function Jobs() {
  return (
    <Page title="Jobs">
      <Empty title="Not there yet" />
    </Page>
  )
}
