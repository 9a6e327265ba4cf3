import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function Members() {
  return (
    <Page title="Members">
      <Empty title="Not there yet" />
    </Page>
  )
}
