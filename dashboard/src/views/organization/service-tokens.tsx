import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function ServiceTokens() {
  return (
    <Page title="Service tokens">
      <Empty title="Not there yet" />
    </Page>
  )
}
