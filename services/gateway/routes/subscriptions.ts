import { randomUUID } from 'node:crypto'
import { Type } from 'typebox'
import { ProblemError } from '#shared/contract/problems.ts'
import { OfApplication, SubscriptionAnswer, SubscriptionPost, SubscriptionsQuery } from '#shared/contract/schemas.ts'
import { hasLabels } from '#shared/domain/match.ts'
import type { RegisteredSubscription } from '#shared/domain/registry.ts'
import { validateSubscriptionPost } from '#shared/domain/validate-subscription.ts'
import { cancelledBeforeSeq, type SubscriptionState } from '#shared/facts/control.ts'
import type { GatewayServer } from '../app.ts'
import { actorOf } from '../authentication.ts'
import { cancelDeliveries, endOfWaiting, purgeSubscription } from '../cancel-deliveries.ts'
import { changeControl } from '../change-control.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { byKey, creationKey, linkNext, pageOf } from '../paging.ts'
import { presentSubscription } from '../presenters/subscription.ts'
import { refuseFullApplication, refuseUnknownEventTypes } from '../quotas/refuse.ts'
import { changeCounted } from '../quotas/turns.ts'
import { labelsOfQuery, uuidOfPath } from '../request-values.ts'
import { nextSubscription, openSubscription, type ReadSubscription, readSubscription } from '../subscription-states.ts'
import { createTargetWarnings } from '../target-warnings.ts'
import { refuseInvalid, route } from './route.ts'

const IdParams = Type.Object({ subscription_id: Type.String({ 'x-format': 'uuid' }) })
const tags = ['Subscriptions']

export function registerSubscriptionRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, secretBox, clock, freshRegistry, authorize, config } = deps
  const targetWarnings = createTargetWarnings(config.targets)

  const present = (state: SubscriptionState): SubscriptionAnswer =>
    presentSubscription(state, openSubscription(secretBox, state))

  async function refuseUnknownReferences({ post }: ReadSubscription, applicationId: string): Promise<void> {
    await freshRegistry.decide(() => refuseUnknownEventTypes(post.event_types, applicationId, deps))
    const workers = post.dedicated_workers ?? []
    if (workers.length > 0)
      throw new ProblemError('UnauthorizedWorkers', { detail: `These workers may not be used: ${workers.join(', ')}.` })
  }

  /** What a subscription that is off still has open is called off. @param waitingSeq `endOfWaiting` before it was off. */
  async function cancelOpen(state: SubscriptionState, controlSeq: number, waitingSeq: number): Promise<void> {
    const { applicationId, subscriptionId, changedAtMs: atMs } = state
    await cancelDeliveries(deps, { applicationId, subscriptionId }, { controlSeq, atMs })
    if (waitingSeq > 0) await purgeSubscription(deps, subscriptionId, waitingSeq)
  }

  server.post(
    '/subscriptions',
    route('subscription.create', {
      operationId: 'subscriptions.create',
      tags,
      summary: 'Make a subscription',
      body: SubscriptionPost,
      response: { 201: SubscriptionAnswer },
    }),
    async ({ body, principal }, reply) => {
      const read = readSubscription(body)
      const application = await authorize.application(principal, body.application_id, 'subscription.create')
      refuseInvalid(validateSubscriptionPost(body, read.target, config.targets.rules))
      refuseFullApplication(application, deps)
      await refuseUnknownReferences(read, application.applicationId)
      const [subscriptionId, nowMs, by] = [randomUUID(), clock.nowMs(), actorOf(principal)]
      const fact = nextSubscription({ read, application, subscriptionId, before: null, nowMs, by }, secretBox)
      const seq = await changeCounted(deps, application.applicationId, () => {
        refuseFullApplication(application, deps)
        return [{ fact, seq: 0 }]
      })
      if (!body.is_enabled) await cancelOpen(fact, seq, 0)
      reply.code(201)
      return { ...present(fact), ...(await targetWarnings(read.target.url)) }
    },
  )

  server.put(
    '/subscriptions/:subscription_id',
    route('subscription.edit', {
      operationId: 'subscriptions.update',
      tags,
      summary: 'Replace a subscription; what it has open is cancelled when it is disabled',
      params: IdParams,
      body: SubscriptionPost,
      response: { 200: SubscriptionAnswer },
    }),
    async ({ params, body, principal }) => {
      const subscriptionId = uuidOfPath(params.subscription_id)
      const read = readSubscription(body)
      const application = await authorize.application(principal, body.application_id, 'subscription.edit')
      refuseInvalid(validateSubscriptionPost(body, read.target, config.targets.rules))
      await freshRegistry.catchUp()
      find(subscriptionId, application.applicationId)
      await refuseUnknownReferences(read, application.applicationId)
      const waitingSeq = body.is_enabled ? 0 : await endOfWaiting(deps)
      const changed = await changeControl<SubscriptionState>(
        deps,
        () => {
          const before = find(subscriptionId, application.applicationId)
          const next = { read, application, subscriptionId, before, nowMs: clock.nowMs(), by: actorOf(principal) }
          return { fact: nextSubscription(next, secretBox), seq: before.seq }
        },
        { onConflict: 'refuse' },
      )
      if (!body.is_enabled) await cancelOpen(changed!.fact, changed!.seq, waitingSeq)
      return { ...present(changed!.fact), ...(await targetWarnings(read.target.url)) }
    },
  )

  /** @throws {ProblemError} NotFound when the application has no such live subscription. */
  function find(subscriptionId: string, applicationId: string): RegisteredSubscription {
    const found = registry.subscriptions.get(subscriptionId)
    if (!found || found.state.applicationId !== applicationId || found.state.deletedAtMs !== null)
      throw new ProblemError('NotFound')
    return found
  }

  server.delete(
    '/subscriptions/:subscription_id',
    route('subscription.delete', {
      operationId: 'subscriptions.delete',
      tags,
      summary: 'Delete a subscription; what it has open is cancelled',
      params: IdParams,
      querystring: OfApplication,
      response: { 204: Type.Null() },
    }),
    async ({ params, query, principal }, reply) => {
      const subscriptionId = uuidOfPath(params.subscription_id)
      const { applicationId } = await authorize.application(principal, query.application_id, 'subscription.delete')
      const waitingSeq = await endOfWaiting(deps)
      let deletedBefore: RegisteredSubscription | null = null as RegisteredSubscription | null
      const changed = await changeControl<SubscriptionState>(deps, () => {
        const before = registry.subscriptions.get(subscriptionId)
        if (!before || before.state.applicationId !== applicationId) throw new ProblemError('NotFound')
        if (before.state.deletedAtMs !== null) {
          deletedBefore = before
          return null
        }
        const nowMs = clock.nowMs()
        const fact: SubscriptionState = {
          ...before.state,
          isEnabled: false,
          deletedAtMs: nowMs,
          updatedAtMs: nowMs,
          changedAtMs: nowMs,
          changedBy: actorOf(principal),
          lastCancelledSeq: cancelledBeforeSeq(before.state, before.seq),
        }
        return { fact, seq: before.seq }
      })
      // Deleting twice is no error; the second time makes up for a first one that ended half-way.
      const { state, seq } = deletedBefore ?? { state: changed!.fact, seq: changed!.seq }
      await cancelOpen(state, seq, waitingSeq)
      return reply.code(204).send(null)
    },
  )

  server.get(
    '/subscriptions',
    route('subscription.list', {
      operationId: 'subscriptions.list',
      tags,
      summary: 'List the subscriptions of an application, oldest first',
      querystring: SubscriptionsQuery,
      response: { 200: Type.Array(SubscriptionAnswer) },
    }),
    async (request, reply) => {
      const { query, principal } = request
      const { applicationId } = await authorize.application(principal, query.application_id, 'subscription.list')
      const labels = labelsOfQuery(query.label)
      await freshRegistry.catchUp()
      const keyOf = (each: SubscriptionState) => creationKey(each.createdAtMs, each.subscriptionId)
      const wanted = registry
        .allSubscriptionsOf(applicationId)
        .map(({ state }) => state)
        .filter((state) => state.deletedAtMs === null)
        .filter((state) => query.is_enabled === undefined || String(state.isEnabled) === query.is_enabled)
        .filter((state) => query.event_type === undefined || state.eventTypes.includes(query.event_type))
        .filter((state) => labels === null || hasLabels(state.labels, labels))
        .sort(byKey(keyOf))
      const { items, nextCursor } = pageOf(wanted, keyOf, query)
      linkNext(request, reply, nextCursor)
      return items.map(present)
    },
  )

  server.get(
    '/subscriptions/:subscription_id',
    route('subscription.get', {
      operationId: 'subscriptions.get',
      tags,
      summary: 'Get a subscription',
      params: IdParams,
      response: { 200: SubscriptionAnswer },
    }),
    async ({ params, principal }) => {
      const subscriptionId = uuidOfPath(params.subscription_id)
      await freshRegistry.catchUp()
      const state = registry.subscriptions.get(subscriptionId)?.state
      const isThere = state !== undefined && state.deletedAtMs === null && isApplicationLive(state.applicationId)
      if (!isThere) throw new ProblemError('NotFound')
      await authorize.application(principal, state.applicationId, 'subscription.get')
      return present(state)
    },
  )

  const isApplicationLive = (applicationId: string) =>
    registry.applications.get(applicationId)?.state.deletedAtMs === null
}
