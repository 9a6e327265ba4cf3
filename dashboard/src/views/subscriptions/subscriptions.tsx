import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function Subscriptions() {
  return (
    <Page title="Subscriptions">
      <Empty title="Not there yet" />
    </Page>
  )
}
