import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function EventTypeDetail() {
  return (
    <Page title="Event type detail">
      <Empty title="Not there yet" />
    </Page>
  )
}
