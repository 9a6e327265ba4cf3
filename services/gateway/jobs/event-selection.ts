import type { ReplaysPost } from '#shared/contract/job-schemas.ts'
import { isPattern, isValidPattern } from '#shared/domain/event-type-pattern.ts'
import { createValidation } from '#shared/domain/validation.ts'
import type { EventSelection } from '#shared/facts/job.ts'
import { readStreamState, STREAM_NAMES } from '#shared/runtime/streams.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { timeOfBody, uuidOfBody } from '../request-values.ts'
import { refuseInvalid } from '../routes/route.ts'

type Needs = Pick<RouteDependencies, 'nats' | 'registry'>

/**
 * Which events are meant, up to where EVENTS has come. Postgres is not asked.
 * @throws {ProblemError} 422 for ranges that end before they begin, and subscriptions that nothing can be sent to.
 */
export async function selectEvents(needs: Needs, applicationId: string, post: ReplaysPost): Promise<EventSelection> {
  const receivedFromMs = msOf('received_from', post.received_from)
  const receivedToMs = msOf('received_to', post.received_to)
  const { firstSeq, lastSeq } = await readStreamState(needs.nats, STREAM_NAMES.events)
  const fromSeq = Math.max(1, firstSeq, post.from_seq ?? 1)
  const throughSeq = Math.min(lastSeq, post.to_seq ?? lastSeq)
  const subscriptionIds = post.subscription_ids?.map(uuidOfBody) ?? null
  const validation = createValidation()
  const add = (field: string, message: string) => validation.add(field, { code: 'invalid', message, params: {} })
  if (receivedFromMs !== null && receivedToMs !== null && receivedToMs < receivedFromMs)
    add('received_to', 'The range ends before it begins')
  if (post.from_seq !== undefined && post.to_seq !== undefined && post.to_seq < post.from_seq)
    add('to_seq', 'The range ends before it begins')
  for (const name of post.event_types ?? [])
    if (isPattern(name) && !isValidPattern(name)) add('event_types', '** stands for the rest of a name and comes last')
  for (const id of subscriptionIds ?? []) {
    const why = whyNotTo(needs, applicationId, id)
    if (why !== null) add('subscription_ids', `Subscription ${id} ${why}`)
  }
  const isForNats = post.target === 'nats'
  if (isForNats && subscriptionIds !== null)
    add('subscription_ids', 'Events for a NATS client go to no subscription: leave it out, or the target')
  if (isForNats && post.only_undelivered)
    add('only_undelivered', 'What subscriptions have got says nothing of a NATS client: leave it out, or the target')
  refuseInvalid(validation.errors())
  return {
    type: 'events',
    fromSeq,
    throughSeq,
    receivedFromMs,
    receivedToMs,
    eventTypes: post.event_types ?? [],
    labels: post.labels ?? {},
    subscriptionIds,
    isOnlyUndelivered: post.only_undelivered ?? false,
    ...(isForNats ? { target: 'nats' } : {}),
  }
}

function whyNotTo({ registry }: Needs, applicationId: string, subscriptionId: string): string | null {
  const subscription = registry.subscriptions.get(subscriptionId)?.state
  if (subscription === undefined || subscription.applicationId !== applicationId || subscription.deletedAtMs !== null)
    return 'does not exist'
  return subscription.isEnabled ? null : 'is disabled: enable it first'
}

function msOf(field: string, text: string | undefined): number | null {
  return text === undefined ? null : Date.parse(timeOfBody(field, text))
}
