import { randomUUID } from 'node:crypto'
import { Type } from 'typebox'
import { ProblemError } from '#shared/contract/problems.ts'
import { OfApplication, SubscriptionAnswer, SubscriptionPost } from '#shared/contract/schemas.ts'
import type { RegisteredSubscription } from '#shared/domain/registry.ts'
import {
  isHttpMethod,
  type ParsedTarget,
  parseTarget,
  validateSubscriptionPost,
  wantedLabels,
} from '#shared/domain/validate-subscription.ts'
import { describeErrors } from '#shared/domain/validation.ts'
import { cancelledBeforeSeq, type SubscriptionSecrets, type SubscriptionState } from '#shared/facts/control.ts'
import type { DeliveriesCancelled } from '#shared/facts/ledger.ts'
import { LEDGER_SUBJECTS } from '#shared/facts/subjects.ts'
import type { GatewayServer } from '../app.ts'
import { actorOf, authorizeApplication, type Principal } from '../authentication.ts'
import { changeControl } from '../change-control.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { presentSubscription } from '../presenters/subscription.ts'
import { findSubscription, listSubscriptions, type SubscriptionRecord } from '../queries/subscriptions.ts'
import { uuidOfBody, uuidOfPath, uuidOfQuery } from '../request-values.ts'

const IdParams = Type.Object({ subscription_id: Type.String() })
const TAGS = ['Subscriptions']

export function registerSubscriptionRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { orm, registry, secretBox, clock, appenders, freshRegistry } = deps
  const contextOf = (subscriptionId: string) => `subscription:${subscriptionId}`
  const secretsOf = (subscriptionId: string, sealed: string) =>
    JSON.parse(secretBox.open(sealed, contextOf(subscriptionId))) as SubscriptionSecrets

  /** What a POST and a PUT have in common, in the contract's order of checks (behaviour.md §4). */
  function readPost(post: SubscriptionPost, principal: Principal) {
    const target = parseTarget(post.target)
    if (typeof target === 'string')
      throw new ProblemError('JsonPayload', { detail: `JSON deserialization error: ${target}` })
    const labels = wantedLabels(post)
    if (labels === null) throw new ProblemError('LabelsAmbiguity')
    const application = authorizeApplication(principal, uuidOfBody(post.application_id), registry)
    const errors = validateSubscriptionPost(post, target)
    if (errors !== null) throw new ProblemError('Validation', { validation: errors, detail: describeErrors(errors) })
    return { target, labels, application }
  }

  function refuseUnknownReferences(post: SubscriptionPost, applicationId: string): void {
    const unknown = post.event_types.filter((name) => registry.eventType(applicationId, name) === undefined)
    if (unknown.length > 0) {
      throw new ProblemError('EventTypeDoesNotExist', {
        detail: `These event types do not exist: ${unknown.join(', ')}.`,
      })
    }
    const workers = post.dedicated_workers ?? []
    if (workers.length > 0)
      throw new ProblemError('UnauthorizedWorkers', { detail: `These workers may not be used: ${workers.join(', ')}.` })
  }

  interface NextState {
    post: SubscriptionPost
    target: ParsedTarget
    labels: Record<string, string>
    before: { state: SubscriptionState; seq: number } | null
    subscriptionId: string
    principal: Principal
    organizationId: string
  }

  /** The whole next state: a PUT replaces everything but what is the subscription's own (secret, creation time). */
  function nextState({
    post,
    target,
    labels,
    before,
    subscriptionId,
    principal,
    organizationId,
  }: NextState): SubscriptionState {
    const nowMs = clock.nowMs()
    const secret = before ? secretsOf(subscriptionId, before.state.sealed).secret : randomUUID()
    const secrets: SubscriptionSecrets = { secret, targetHeaders: target.headers }
    return {
      v: 1,
      type: 'subscription',
      subscriptionId,
      applicationId: before?.state.applicationId ?? uuidOfBody(post.application_id),
      organizationId,
      isEnabled: post.is_enabled,
      eventTypes: [...new Set(post.event_types)],
      labels,
      description: post.description ?? null,
      metadata: post.metadata ?? {},
      target: { method: isHttpMethod(target.method) ? target.method : 'POST', url: target.url },
      sealed: secretBox.seal(JSON.stringify(secrets), contextOf(subscriptionId)),
      maxRetries: post.max_retries ?? null,
      createdAtMs: before?.state.createdAtMs ?? nowMs,
      updatedAtMs: nowMs,
      deletedAtMs: null,
      lastCancelledSeq: before ? cancelledBeforeSeq(before.state, before.seq) : 0,
      changedAtMs: nowMs,
      changedBy: actorOf(principal),
    }
  }

  /** After CONTROL says that the subscription is off, LEDGER says that what it still had open is cancelled. */
  async function cancelOpenDeliveries(
    { subscriptionId, applicationId, changedAtMs }: SubscriptionState,
    controlSeq: number,
  ): Promise<void> {
    const fact: DeliveriesCancelled = {
      v: 1,
      type: 'cancelled',
      subscriptionId,
      applicationId,
      controlSeq,
      cancelledAtMs: changedAtMs,
    }
    await appenders.ledger.append({
      subject: LEDGER_SUBJECTS.cancelled,
      body: JSON.stringify(fact),
      msgId: `cancel:${subscriptionId}:${controlSeq}`,
    })
  }

  function presentState(state: SubscriptionState) {
    const record: SubscriptionRecord = {
      ...state,
      targetMethod: state.target.method,
      targetUrl: state.target.url,
      createdAt: new Date(state.createdAtMs),
      updatedAt: new Date(state.updatedAtMs),
      deletedAt: null,
    }
    return present(record)
  }

  function present(record: SubscriptionRecord): SubscriptionAnswer {
    return presentSubscription(record, secretsOf(record.subscriptionId, record.sealed))
  }

  server.post(
    '/subscriptions',
    {
      schema: {
        operationId: 'subscriptions.create',
        tags: TAGS,
        body: SubscriptionPost,
        response: { 201: SubscriptionAnswer },
      },
    },
    async (request, reply) => {
      const { body: post, principal } = request
      const { target, labels, application } = await freshRegistry.decide(() => readPost(post, principal))
      await freshRegistry.decide(() => refuseUnknownReferences(post, application.applicationId))
      const subscriptionId = randomUUID()
      const fact = nextState({
        post,
        target,
        labels,
        before: null,
        subscriptionId,
        principal,
        organizationId: application.organizationId,
      })
      const changed = await changeControl(deps, () => ({ fact, seq: 0 }))
      if (!post.is_enabled) await cancelOpenDeliveries(fact, changed!.seq)
      reply.code(201)
      return presentState(fact)
    },
  )

  server.put(
    '/subscriptions/:subscription_id',
    {
      schema: {
        operationId: 'subscriptions.update',
        tags: TAGS,
        params: IdParams,
        body: SubscriptionPost,
        response: { 200: SubscriptionAnswer },
      },
    },
    async (request) => {
      const subscriptionId = uuidOfPath(request.params.subscription_id)
      const { body: post, principal } = request
      const { target, labels, application } = await freshRegistry.decide(() => readPost(post, principal))
      const { applicationId, organizationId } = application
      const changed = await changeControl<SubscriptionState>(deps, () => {
        const before = registry.subscriptions.get(subscriptionId)
        if (!before || before.state.applicationId !== applicationId || before.state.deletedAtMs !== null)
          throw new ProblemError('NotFound')
        refuseUnknownReferences(post, applicationId)
        return {
          fact: nextState({ post, target, labels, before, subscriptionId, principal, organizationId }),
          seq: before.seq,
        }
      })
      if (!post.is_enabled) await cancelOpenDeliveries(changed!.fact, changed!.seq)
      return presentState(changed!.fact)
    },
  )

  server.delete(
    '/subscriptions/:subscription_id',
    { schema: { operationId: 'subscriptions.delete', tags: TAGS, params: IdParams, querystring: OfApplication } },
    async (request, reply) => {
      const subscriptionId = uuidOfPath(request.params.subscription_id)
      const { applicationId } = authorizeApplication(
        request.principal,
        uuidOfQuery(request.query.application_id),
        registry,
      )
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
          changedBy: actorOf(request.principal),
          lastCancelledSeq: cancelledBeforeSeq(before.state, before.seq),
        }
        return { fact, seq: before.seq }
      })
      // Deleting twice is no error; the second time makes up for a first one that ended half-way.
      const { state, seq } = deletedBefore ?? { state: changed!.fact, seq: changed!.seq }
      await cancelOpenDeliveries(state, seq)
      reply.code(204)
    },
  )

  server.get(
    '/subscriptions',
    {
      schema: {
        operationId: 'subscriptions.list',
        tags: TAGS,
        querystring: OfApplication,
        response: { 200: Type.Array(SubscriptionAnswer) },
      },
    },
    async (request, reply) => {
      const { applicationId } = authorizeApplication(
        request.principal,
        uuidOfQuery(request.query.application_id),
        registry,
      )
      await request.catchUp(reply)
      return (await listSubscriptions(orm, applicationId)).map(present)
    },
  )

  server.get(
    '/subscriptions/:subscription_id',
    {
      schema: { operationId: 'subscriptions.get', tags: TAGS, params: IdParams, response: { 200: SubscriptionAnswer } },
    },
    async (request, reply) => {
      const subscriptionId = uuidOfPath(request.params.subscription_id)
      await request.catchUp(reply)
      const record = await findSubscription(orm, subscriptionId)
      if (record === null) throw new ProblemError('NotFound')
      authorizeApplication(request.principal, record.applicationId, registry)
      return present(record)
    },
  )
}
