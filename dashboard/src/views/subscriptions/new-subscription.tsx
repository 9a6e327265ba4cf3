import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { api, dataOf } from '#dashboard/api/client.ts'
import { useApplicationId } from '#dashboard/api/workspace.ts'
import { Page } from '#dashboard/shared/page.tsx'
import { useAction } from '#dashboard/shared/use-action.ts'
import { postOf, type SubscriptionValues, valuesOf } from './form-values.ts'
import { SubscriptionForm } from './subscription-form.tsx'
import { warn } from './warn.ts'

export function NewSubscription() {
  const applicationId = useApplicationId()
  const navigate = useNavigate()
  const initial = useMemo(() => valuesOf(null), [])
  const create = useAction({
    run: (values: SubscriptionValues) =>
      dataOf(api.POST('/api/v1/subscriptions/', { body: postOf(applicationId, values, null) })),
    done: 'The subscription is made',
    onDone: (made) => {
      warn(made.warnings)
      void navigate({
        to: '/apps/$applicationId/subscriptions/$subscriptionId',
        params: { applicationId, subscriptionId: made.subscription_id },
      })
    },
    isErrorShown: true,
  })
  return (
    <Page
      title="New subscription"
      above={
        <Link to="/apps/$applicationId/subscriptions" params={{ applicationId }}>
          ← Subscriptions
        </Link>
      }
    >
      <SubscriptionForm
        applicationId={applicationId}
        initial={initial}
        verb="Make the subscription"
        isBusy={create.isPending}
        error={create.error}
        onSubmit={(values) => create.mutate(values)}
        onCancel={() => void navigate({ to: '/apps/$applicationId/subscriptions', params: { applicationId } })}
      />
    </Page>
  )
}
