import { ChoiceFilter } from '#dashboard/shared/filters.tsx'
import { useEventTypeNames } from './event-types.ts'
import { useSubscriptionChoices } from './subscriptions.ts'

interface Props {
  applicationId: string
  value: string | undefined
  onChange: (value: string | undefined) => void
}

/** One of the application's event types, or any. */
export function EventTypeFilter({ applicationId, value, onChange }: Props) {
  const choices = useEventTypeNames(applicationId).map((name) => ({ value: name, label: name }))
  return (
    <ChoiceFilter label="Event type" any="Any type" value={value} choices={choices} onChange={onChange} isSearchable />
  )
}

/** One of the application's subscriptions, or any. */
export function SubscriptionFilter({ applicationId, value, onChange }: Props) {
  const choices = useSubscriptionChoices(applicationId)
  return (
    <ChoiceFilter
      label="Subscription"
      any="Any subscription"
      value={value}
      choices={choices}
      onChange={onChange}
      isSearchable
    />
  )
}
