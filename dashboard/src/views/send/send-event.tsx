import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function SendEvent() {
  return (
    <Page title="Send event">
      <Empty title="Not there yet" />
    </Page>
  )
}
