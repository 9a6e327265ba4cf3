import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function Attempts() {
  return (
    <Page title="Attempts">
      <Empty title="Not there yet" />
    </Page>
  )
}
