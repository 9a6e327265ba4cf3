import { queryOptions } from '@tanstack/react-query'
import { api, dataOf, type Schemas } from '#dashboard/api/client.ts'

export type Timeline = Schemas['Timeline']
export type TimelineSubscription = Timeline['subscriptions'][number]
export type TimelineDelivery = Schemas['TimelineDelivery']
export type Attempt = Schemas['RequestAttempt']

const SOON_MS = 1_500
const LATER_MS = 10_000

export const eventQuery = (applicationId: string, eventId: string) =>
  queryOptions({
    queryKey: ['event', applicationId, eventId],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/v1/events/{event_id}', {
          params: { path: { event_id: eventId }, query: { application_id: applicationId } },
          signal,
        }),
      ),
    // What was accepted never changes.
    staleTime: Number.POSITIVE_INFINITY,
  })

export const timelineQuery = (applicationId: string, eventId: string) =>
  queryOptions({
    queryKey: ['timeline', applicationId, eventId],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/v1/events/{event_id}/timeline', {
          params: { path: { event_id: eventId }, query: { application_id: applicationId } },
          signal,
        }),
      ),
    refetchInterval: ({ state }) => (state.data && isUnderWay(state.data) ? SOON_MS : LATER_MS),
  })

/** What was sent in an attempt, but for its signature. */
export const requestQuery = (applicationId: string, attemptId: string) =>
  queryOptions({
    queryKey: ['attempt-request', applicationId, attemptId],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/v1/request_attempts/{request_attempt_id}/request', {
          params: { path: { request_attempt_id: attemptId }, query: { application_id: applicationId } },
          signal,
        }),
      ),
  })

export const responseQuery = (applicationId: string, responseId: string) =>
  queryOptions({
    queryKey: ['response', applicationId, responseId],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/v1/responses/{response_id}', {
          params: { path: { response_id: responseId }, query: { application_id: applicationId } },
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  })

/** Whether the next moments bring something: an attempt that is made now, or is due within a minute. */
function isUnderWay({ status, subscriptions }: Timeline): boolean {
  if (status === 'not_matched_yet') return true
  return subscriptions.some(({ deliveries }) =>
    deliveries.some(
      (delivery) =>
        delivery.status === 'pending' &&
        (delivery.next_attempt_at === null || Date.parse(delivery.next_attempt_at) < Date.now() + 60_000),
    ),
  )
}

/** One word for an event: what needs somebody goes before what is well. */
export function statusOf({ status, subscriptions }: Timeline): string {
  if (status !== 'matched') return status
  const all = new Set<string>(subscriptions.flatMap(({ deliveries }) => lastOf(deliveries).map((each) => each.status)))
  return ['pending', 'dead_lettered', 'succeeded', 'cancelled'].find((each) => all.has(each)) ?? 'succeeded'
}

/** Deliveries that no other one sends again: how a series ended. */
function lastOf(deliveries: TimelineDelivery[]): TimelineDelivery[] {
  const sentAgain = new Set(deliveries.map(({ redrive_of }) => redrive_of))
  return deliveries.filter(({ delivery_id }) => !sentAgain.has(delivery_id))
}
