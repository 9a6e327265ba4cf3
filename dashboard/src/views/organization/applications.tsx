import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function Applications() {
  return (
    <Page title="Applications">
      <Empty title="Not there yet" />
    </Page>
  )
}
