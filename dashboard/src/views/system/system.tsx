import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function System() {
  return (
    <Page title="System">
      <Empty title="Not there yet" />
    </Page>
  )
}
