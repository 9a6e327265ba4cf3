import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function Replays() {
  return (
    <Page title="Replays">
      <Empty title="Not there yet" />
    </Page>
  )
}
