import { Page } from '#dashboard/shared/page.tsx'
import { Empty } from '#dashboard/shared/view-states.tsx'

export function AuditLog() {
  return (
    <Page title="Audit log">
      <Empty title="Not there yet" />
    </Page>
  )
}
