import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Plus, Webhook } from 'lucide-react'
import { useApplicationId, useMayEdit } from '#dashboard/api/workspace.ts'
import { type Column, DataTable, rowLink } from '#dashboard/shared/data-table.tsx'
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from '#dashboard/shared/filters.tsx'
import { countText, percentText } from '#dashboard/shared/format.ts'
import { LinkButton } from '#dashboard/shared/link-button.tsx'
import { Page } from '#dashboard/shared/page.tsx'
import { Empty, Loaded } from '#dashboard/shared/view-states.tsx'
import { nameOfSubscription, subscriptionsQuery } from '#dashboard/views/choices/subscriptions.ts'
import { type Health, healthQuery, type Subscription } from './subscription-queries.ts'
import { HealthSpark, STATE_CHOICES, SubscriptionState, stateOf } from './subscription-state.tsx'

const route = getRouteApi('/shell/apps/$applicationId/subscriptions')

interface Row {
  subscription: Subscription
  health: Health | undefined
}

const COLUMNS: Column<Row>[] = [
  {
    id: 'name',
    header: 'Subscription',
    cell: ({ subscription }) => (
      <Link
        to="/apps/$applicationId/subscriptions/$subscriptionId"
        params={{ applicationId: subscription.application_id, subscriptionId: subscription.subscription_id }}
        className={rowLink}
        title={subscription.target.url}
      >
        {nameOfSubscription(subscription)}
      </Link>
    ),
  },
  {
    id: 'types',
    header: 'Event types',
    cell: ({ subscription }) => subscription.event_types.join(', '),
    hideBelow: 'md',
  },
  {
    id: 'spark',
    header: 'Last 24 hours',
    cell: ({ health }) => <HealthSpark health={health} />,
    width: 150,
    hideBelow: 'sm',
  },
  {
    id: 'errors',
    header: 'Errors',
    cell: ({ health }) => (health?.error_rate == null ? '–' : percentText(health.error_rate)),
    width: 84,
    align: 'end',
    hideBelow: 'sm',
  },
  {
    id: 'waiting',
    header: 'Waiting',
    cell: ({ health }) => (health ? countText(health.waiting) : ''),
    width: 84,
    align: 'end',
    hideBelow: 'md',
  },
  {
    id: 'state',
    header: 'State',
    cell: ({ subscription, health }) => <SubscriptionState name={stateOf(subscription, health)} />,
    width: 130,
  },
]

/** Who gets which events, and how that goes. */
export function Subscriptions() {
  const applicationId = useApplicationId()
  const { q, type, state } = route.useSearch()
  const setFilters = useFilters()
  const mayEdit = useMayEdit()
  const subscriptions = useQuery(subscriptionsQuery(applicationId))
  const { data: health = [] } = useQuery(healthQuery(applicationId))
  const healthById = new Map(health.map((each) => [each.subscription_id, each]))
  const types = [...new Set(subscriptions.data?.flatMap(({ event_types }) => event_types))].sort()
  const add = mayEdit && (
    <LinkButton to="/apps/$applicationId/subscriptions/new" params={{ applicationId }} leftSection={<Plus size={14} />}>
      New subscription
    </LinkButton>
  )
  return (
    <Page title="Subscriptions" actions={add}>
      <FilterBar>
        <TextFilter
          label="Search"
          placeholder="Description, URL, id …"
          value={q}
          onChange={(next) => setFilters({ q: next })}
          isWide
        />
        <ChoiceFilter
          label="Event type"
          any="Any type"
          value={type}
          choices={types.map((name) => ({ value: name, label: name }))}
          onChange={(next) => setFilters({ type: next })}
          isSearchable
        />
        <ChoiceFilter
          label="State"
          any="Any state"
          value={state}
          choices={STATE_CHOICES}
          onChange={(next) => setFilters({ state: next })}
        />
      </FilterBar>
      <Loaded query={subscriptions}>
        {(loaded) => {
          const rows = loaded
            .map((subscription) => ({ subscription, health: healthById.get(subscription.subscription_id) }))
            .filter(
              (row) =>
                fits(row.subscription, q) &&
                (type === undefined || row.subscription.event_types.includes(type)) &&
                (state === undefined || stateOf(row.subscription, row.health) === state),
            )
          if (loaded.length === 0)
            return (
              <Empty icon={Webhook} title="No subscriptions yet" action={add}>
                A subscription says which events go to which address.
              </Empty>
            )
          if (rows.length === 0) return <Empty title="No subscription fits these filters" />
          return (
            <DataTable
              label="Subscriptions"
              columns={COLUMNS}
              rows={rows}
              keyOf={({ subscription }) => subscription.subscription_id}
            />
          )
        }}
      </Loaded>
    </Page>
  )
}

function fits({ description, target, subscription_id }: Subscription, text: string | undefined): boolean {
  if (text === undefined) return true
  return `${description ?? ''} ${target.url} ${subscription_id}`.toLowerCase().includes(text.toLowerCase())
}
