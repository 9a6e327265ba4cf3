import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function EventTypes() {
  return (
    <Page title="Event types">
      <Empty title="Not there yet" />
    </Page>
  )
}
