import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function EditSubscription() {
  return (
    <Page title="Edit subscription">
      <Empty title="Not there yet" />
    </Page>
  )
}
