import { SegmentedControl } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useApplicationId, useMayEdit } from '#dashboard/api/workspace.ts'
import { ChoiceFilter, FilterBar, RangeFilter, TextFilter, useFilters } from '#dashboard/shared/filters.tsx'
import { LinkButton } from '#dashboard/shared/link-button.tsx'
import { Page } from '#dashboard/shared/page.tsx'
import { EventTypeFilter, SubscriptionFilter } from '#dashboard/views/choices/choice-filters.tsx'
import { CAUSES } from './dead-letter-filter.ts'
import { DeadLetterGroups } from './dead-letter-groups.tsx'
import { DeadLetterList } from './dead-letter-list.tsx'

const route = getRouteApi('/shell/apps/$applicationId/dead-letters')

const CAUSE_CHOICES = Object.entries(CAUSES).map(([value, { label }]) => ({ value, label }))
const STATUS_CHOICES = [
  { value: 'redriven', label: 'Redriven' },
  { value: 'discarded', label: 'Discarded' },
  { value: 'all', label: 'All' },
]

/** What was given up: by cause, or one by one; and the way to send it again. */
export function DeadLetters() {
  const applicationId = useApplicationId()
  const search = route.useSearch()
  const setFilters = useFilters()
  const mayEdit = useMayEdit()
  const isList = search.view === 'list'
  return (
    <Page
      title="Dead letters"
      description="Deliveries that were given up. Mend the receiver, then send them again."
      actions={
        <>
          <SegmentedControl
            aria-label="How they are shown"
            value={isList ? 'list' : 'groups'}
            onChange={(view) => setFilters({ view: view === 'list' ? 'list' : undefined })}
            data={[
              { value: 'groups', label: 'By cause' },
              { value: 'list', label: 'One by one' },
            ]}
          />
          {mayEdit && (
            <LinkButton to="/apps/$applicationId/jobs" params={{ applicationId }} variant="default">
              Jobs
            </LinkButton>
          )}
        </>
      }
    >
      <FilterBar>
        <SubscriptionFilter
          applicationId={applicationId}
          value={search.subscription}
          onChange={(subscription) => setFilters({ subscription })}
        />
        <ChoiceFilter
          label="Cause"
          any="Any cause"
          value={search.cause}
          choices={CAUSE_CHOICES}
          onChange={(cause) => setFilters({ cause })}
        />
        <EventTypeFilter applicationId={applicationId} value={search.type} onChange={(type) => setFilters({ type })} />
        <RangeFilter value={search.range} onChange={(range) => setFilters({ range })} />
        <ChoiceFilter
          label="Whether resolved"
          any="Open"
          value={search.status}
          choices={STATUS_CHOICES}
          onChange={(status) => setFilters({ status })}
        />
        <TextFilter
          label="Label"
          placeholder="Label, tenant:42"
          value={search.label}
          onChange={(label) => setFilters({ label })}
        />
      </FilterBar>
      {isList ? (
        <DeadLetterList applicationId={applicationId} search={search} />
      ) : (
        <DeadLetterGroups applicationId={applicationId} search={search} />
      )}
    </Page>
  )
}
