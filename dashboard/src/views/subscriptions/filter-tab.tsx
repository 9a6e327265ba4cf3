import { Stack } from '@mantine/core'
import { useState } from 'react'
import { CodeEditor } from '#dashboard/shared/code-editor.tsx'
import { Section } from '#dashboard/shared/page.tsx'
import { FilterTrial } from './filter-trial.tsx'
import type { Subscription } from './subscription-queries.ts'

interface Props {
  applicationId: string
  subscription: Subscription
}

/** The filter, and one to try: nothing is changed here. */
export function FilterTab({ applicationId, subscription }: Props) {
  const [filter, setFilter] = useState(() => (subscription.filter ? JSON.stringify(subscription.filter, null, 2) : ''))
  return (
    <Section
      title="Try a filter"
      description="Against the newest events of its types. Edit the subscription to keep it."
    >
      <Stack gap="sm" maw={760}>
        <CodeEditor label="Filter" height={160} value={filter} onChange={setFilter} />
        <FilterTrial applicationId={applicationId} filter={filter} eventTypes={subscription.event_types} />
      </Stack>
    </Section>
  )
}
