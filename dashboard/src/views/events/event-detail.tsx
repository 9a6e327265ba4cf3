import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function EventDetail() {
  return (
    <Page title="Event detail">
      <Empty title="Not there yet" />
    </Page>
  )
}
