import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function DeadLetters() {
  return (
    <Page title="Dead letters">
      <Empty title="Not there yet" />
    </Page>
  )
}
