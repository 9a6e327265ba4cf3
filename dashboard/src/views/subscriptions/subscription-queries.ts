import { queryOptions } from '@tanstack/react-query'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'

export type Subscription = Schemas['Subscription']
export type Health = Schemas['SubscriptionHealth']

const REFRESH_MS = 10_000

const of = (applicationId: string, subscriptionId: string) => ({
  path: { subscription_id: subscriptionId },
  query: { application_id: applicationId },
})

export const subscriptionQuery = (applicationId: string, subscriptionId: string) =>
  queryOptions({
    queryKey: ['subscriptions', applicationId, subscriptionId],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/v1/subscriptions/{subscription_id}', {
          params: { path: { subscription_id: subscriptionId } },
          signal,
        }),
      ),
  })

/** How deliveries to it fare right now. */
export const statusQuery = (applicationId: string, subscriptionId: string) =>
  queryOptions({
    queryKey: ['subscription-status', applicationId, subscriptionId],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/v1/subscriptions/{subscription_id}/status', {
          params: of(applicationId, subscriptionId),
          signal,
        }),
      ),
    refetchInterval: REFRESH_MS,
  })

/** The last 24 hours of all subscriptions of an application, or of one. */
export const healthQuery = (applicationId: string, subscriptionId?: string) =>
  queryOptions({
    queryKey: ['subscription-health', applicationId, subscriptionId ?? 'all'],
    queryFn: ({ signal }) => {
      const query = { application_id: applicationId, ...(subscriptionId ? { subscription_id: subscriptionId } : {}) }
      return dataOf(api.GET('/api/v1/subscriptions/health', { params: { query }, signal }))
    },
    refetchInterval: REFRESH_MS,
  })
