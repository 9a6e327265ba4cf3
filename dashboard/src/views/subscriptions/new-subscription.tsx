import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function NewSubscription() {
  return (
    <Page title="New subscription">
      <Empty title="Not there yet" />
    </Page>
  )
}
