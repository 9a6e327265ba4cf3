import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function NewEventType() {
  return (
    <Page title="New event type">
      <Empty title="Not there yet" />
    </Page>
  )
}
