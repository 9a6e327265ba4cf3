import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function SubscriptionDetail() {
  return (
    <Page title="Subscription detail">
      <Empty title="Not there yet" />
    </Page>
  )
}
