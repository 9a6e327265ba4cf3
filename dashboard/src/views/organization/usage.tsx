import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function Usage() {
  return (
    <Page title="Usage">
      <Empty title="Not there yet" />
    </Page>
  )
}
