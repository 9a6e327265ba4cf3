import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'

export type Subscription = Schemas['Subscription']

/** All subscriptions of an application: other views name them, and offer them to choose from. */
export const subscriptionsQuery = (applicationId: string) =>
  queryOptions({
    queryKey: ['subscriptions', applicationId],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/subscriptions/', { params: { query: { application_id: applicationId } }, signal })),
  })

/** What a person calls a subscription: its description, else where it leads. */
export function nameOfSubscription({ description, target }: Pick<Subscription, 'description' | 'target'>): string {
  return description !== null && description !== '' ? description : target.url.replace(/^https?:\/\//, '')
}

export function useSubscriptionChoices(applicationId: string): { value: string; label: string }[] {
  const { data = [] } = useQuery(subscriptionsQuery(applicationId))
  return data.map((subscription) => ({
    value: subscription.subscription_id,
    label: nameOfSubscription(subscription),
  }))
}

/** Names by id; the id itself while they are read, or of one that was deleted. */
export function useSubscriptionNames(applicationId: string): (id: string) => string {
  const { data = [] } = useQuery(subscriptionsQuery(applicationId))
  const names = new Map(data.map((subscription) => [subscription.subscription_id, nameOfSubscription(subscription)]))
  return (id) => names.get(id) ?? id
}
