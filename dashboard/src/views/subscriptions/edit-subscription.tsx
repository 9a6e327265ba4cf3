import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { api, dataOf } from '#dashboard/api/client.ts'
import { useApplicationId } from '#dashboard/api/workspace.ts'
import { Page } from '#dashboard/shared/page.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { Loaded } from '#dashboard/shared/view-states.tsx'
import { nameOfSubscription } from '#dashboard/views/choices/subscriptions.ts'
import { postOf, type SubscriptionValues, valuesOf } from './form-values.ts'
import { SubscriptionForm } from './subscription-form.tsx'
import { type Subscription, subscriptionQuery } from './subscription-queries.ts'
import { warn } from './warn.ts'

const route = getRouteApi('/shell/apps/$applicationId/subscriptions/$subscriptionId/edit')

export function EditSubscription() {
  const applicationId = useApplicationId()
  const { subscriptionId } = route.useParams()
  // What is being edited does not change under one's hands.
  const subscription = useQuery({ ...subscriptionQuery(applicationId, subscriptionId), refetchInterval: false })
  return (
    <Page
      title="Edit subscription"
      above={
        <Link to="/apps/$applicationId/subscriptions/$subscriptionId" params={{ applicationId, subscriptionId }}>
          ← {subscription.data ? nameOfSubscription(subscription.data) : 'Subscription'}
        </Link>
      }
    >
      <Loaded query={subscription}>{(loaded) => <Edit applicationId={applicationId} subscription={loaded} />}</Loaded>
    </Page>
  )
}

function Edit({ applicationId, subscription }: { applicationId: string; subscription: Subscription }) {
  const navigate = useNavigate()
  const { subscription_id } = subscription
  // biome-ignore lint/correctness/useExhaustiveDependencies: later states of it don't overwrite what is typed
  const initial = useMemo(() => valuesOf(subscription), [subscription_id])
  const leave = () =>
    void navigate({
      to: '/apps/$applicationId/subscriptions/$subscriptionId',
      params: { applicationId, subscriptionId: subscription_id },
    })
  const save = useAction({
    run: (values: SubscriptionValues) =>
      dataOf(
        api.PUT('/api/v1/subscriptions/{subscription_id}', {
          params: { path: { subscription_id } },
          body: postOf(applicationId, values, subscription),
        }),
      ),
    done: 'The subscription is changed',
    onDone: (changed) => {
      warn(changed.warnings)
      leave()
    },
    isErrorShown: true,
  })
  return (
    <SubscriptionForm
      applicationId={applicationId}
      initial={initial}
      verb="Save"
      isBusy={save.isPending}
      error={save.error}
      onSubmit={(values) => save.mutate(values)}
      onCancel={leave}
    />
  )
}
