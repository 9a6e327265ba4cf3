import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function DeadLetterDetail() {
  return (
    <Page title="Dead letter detail">
      <Empty title="Not there yet" />
    </Page>
  )
}
