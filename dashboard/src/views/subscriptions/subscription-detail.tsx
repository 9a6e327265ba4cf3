import { Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useApplicationId, useMayEdit } from '#dashboard/api/workspace.ts'
import { useFilters } from '#dashboard/shared/filters.tsx'
import { Page } from '#dashboard/shared/page.tsx'
import { Loaded } from '#dashboard/shared/view-states.tsx'
import { nameOfSubscription } from '#dashboard/views/choices/subscriptions.ts'
import { FilterTab } from './filter-tab.tsx'
import { HealthTab } from './health-tab.tsx'
import { SecretTab } from './secret-tab.tsx'
import { SubscriptionActions } from './subscription-actions.tsx'
import { healthQuery, type Subscription, subscriptionQuery } from './subscription-queries.ts'
import { SubscriptionState, stateOf } from './subscription-state.tsx'
import { TestTab } from './test-tab.tsx'
import { VerifyTab } from './verify-tab.tsx'

const route = getRouteApi('/shell/apps/$applicationId/subscriptions/$subscriptionId')

/** One subscription: how it fares, its secrets, how its receiver verifies, and a try of it. */
export function SubscriptionDetail() {
  const applicationId = useApplicationId()
  const { subscriptionId } = route.useParams()
  const subscription = useQuery(subscriptionQuery(applicationId, subscriptionId))
  const { data: health } = useQuery(healthQuery(applicationId, subscriptionId))
  const { data } = subscription
  return (
    <Page
      title={data ? nameOfSubscription(data) : 'Subscription'}
      above={
        <Link to="/apps/$applicationId/subscriptions" params={{ applicationId }}>
          ← Subscriptions
        </Link>
      }
      beside={data && <SubscriptionState name={stateOf(data, health?.[0])} isFilled />}
      description={
        data && (
          <span className="jh-mono">
            {data.target.method} {data.target.url}
          </span>
        )
      }
      actions={data && <SubscriptionActions applicationId={applicationId} subscription={data} />}
    >
      <Loaded query={subscription}>{(loaded) => <Parts applicationId={applicationId} subscription={loaded} />}</Loaded>
    </Page>
  )
}

function Parts({ applicationId, subscription }: { applicationId: string; subscription: Subscription }) {
  const { tab = 'health' } = route.useSearch()
  const setFilters = useFilters()
  const mayEdit = useMayEdit()
  const props = { applicationId, subscription }
  return (
    <Tabs value={tab} onChange={(next) => setFilters({ tab: next === 'health' ? undefined : (next ?? undefined) })}>
      <Tabs.List mb="md">
        <Tabs.Tab value="health">Health</Tabs.Tab>
        {mayEdit && <Tabs.Tab value="test">Test</Tabs.Tab>}
        <Tabs.Tab value="filter">Filter</Tabs.Tab>
        {mayEdit && <Tabs.Tab value="secret">Secrets</Tabs.Tab>}
        <Tabs.Tab value="verify">Verify</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="health">
        <HealthTab {...props} />
      </Tabs.Panel>
      <Tabs.Panel value="test">
        <TestTab {...props} />
      </Tabs.Panel>
      <Tabs.Panel value="filter">
        <FilterTab {...props} />
      </Tabs.Panel>
      <Tabs.Panel value="secret">
        <SecretTab {...props} />
      </Tabs.Panel>
      <Tabs.Panel value="verify">
        <VerifyTab {...props} />
      </Tabs.Panel>
    </Tabs>
  )
}
