import { Type } from 'typebox'
import {
  OfApplicationPost,
  ResumePost,
  SubscriptionStatus,
  TestDeliveryAnswer,
  TestDeliveryPost,
} from '#shared/contract/delivery-options.ts'
import { ProblemError } from '#shared/contract/problems.ts'
import { OfApplication, SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { DRAIN_PER_SECOND_MAX } from '#shared/domain/delivery-options.ts'
import { newEventId } from '#shared/domain/ids.ts'
import type { RegisteredSubscription } from '#shared/domain/registry.ts'
import { decodePayload } from '#shared/domain/validate-event.ts'
import {
  type Actor,
  type CancellationState,
  cancelledBeforeSeq,
  controlSubject,
  type SubscriptionState,
} from '#shared/facts/control.ts'
import type { GatewayServer } from '../app.ts'
import { actorOf } from '../authentication.ts'
import { countBacklog, listHeads } from '../backlog.ts'
import { cancelDeliveries, endOfWaiting, purgeSubscription } from '../cancel-deliveries.ts'
import { changeControl } from '../change-control.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { presentSubscription } from '../presenters/subscription.ts'
import { presentSubscriptionStatus } from '../presenters/subscription-status.ts'
import { listDeadAmong } from '../queries/open-deliveries.ts'
import { createRateLimiter } from '../rate-limiter.ts'
import { uuidOfPath } from '../request-values.ts'
import { openSubscription } from '../subscription-states.ts'
import { askForTestDelivery } from '../test-delivery.ts'
import { refuseInvalid, route } from './route.ts'

const tags = ['Subscriptions']
const IdParams = Type.Object({ subscription_id: Type.String({ 'x-format': 'uuid' }) })
const HEADS_MAX = 100
const FOLD_WAIT_MS = 5_000
/** Of one subscription: so many at once, then one every six seconds. */
const TEST_LIMIT = { burst: 10, periodMs: 6_000 }
const TEST_PAYLOAD_BYTES_MAX = 65_536
/** Beside the receiver's own time: for the way to the deliverer and back. */
const TEST_MARGIN_MS = 5_000

/** What a person does to the flow of a subscription's deliveries, and sees of it. */
export function registerSubscriptionControlRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, secretBox, clock, freshRegistry, authorize, appenders, controlReader, logger, orm, config } = deps
  const testLimiter = createRateLimiter({ limit: TEST_LIMIT, clock })

  const present = (state: SubscriptionState): SubscriptionAnswer =>
    presentSubscription(state, openSubscription(secretBox, state))

  /** @throws {ProblemError} NotFound when the application has no such live subscription. */
  function find(subscriptionId: string, applicationId: string): RegisteredSubscription {
    const found = registry.subscriptions.get(subscriptionId)
    if (!found || found.state.applicationId !== applicationId || found.state.deletedAtMs !== null)
      throw new ProblemError('NotFound')
    return found
  }

  /** @param next Null: it is as wanted already. */
  async function change(
    subscriptionId: string,
    applicationId: string,
    by: Actor,
    next: (state: SubscriptionState, nowMs: number) => Partial<SubscriptionState> | null,
  ): Promise<SubscriptionState> {
    const changed = await changeControl<SubscriptionState>(deps, () => {
      const before = find(subscriptionId, applicationId)
      const nowMs = clock.nowMs()
      const more = next(before.state, nowMs)
      if (more === null) return null
      const lastCancelledSeq = cancelledBeforeSeq(before.state, before.seq)
      const times = { updatedAtMs: nowMs, changedAtMs: nowMs, changedBy: by }
      return { fact: { ...before.state, ...more, ...times, lastCancelledSeq }, seq: before.seq }
    })
    return changed?.fact ?? find(subscriptionId, applicationId).state
  }

  server.post(
    '/subscriptions/:subscription_id/pause',
    route('subscription.pause', {
      operationId: 'subscriptions.pause',
      tags,
      summary: 'Hold everything back; no attempt is used up meanwhile',
      params: IdParams,
      body: OfApplicationPost,
      response: { 200: SubscriptionAnswer },
    }),
    async ({ params, body, principal }) => {
      const subscriptionId = uuidOfPath(params.subscription_id)
      const { applicationId } = await authorize.application(principal, body.application_id, 'subscription.pause')
      const state = await change(subscriptionId, applicationId, actorOf(principal), ({ pausedAtMs }, nowMs) =>
        pausedAtMs === null ? { pausedAtMs: nowMs } : null,
      )
      return present(state)
    },
  )

  server.post(
    '/subscriptions/:subscription_id/resume',
    route('subscription.pause', {
      operationId: 'subscriptions.resume',
      tags,
      summary: 'Let go on what was held back, if wanted at no more than a given rate',
      params: IdParams,
      body: ResumePost,
      response: { 200: SubscriptionAnswer },
    }),
    async ({ params, body, principal }) => {
      const subscriptionId = uuidOfPath(params.subscription_id)
      const { applicationId } = await authorize.application(principal, body.application_id, 'subscription.pause')
      const drainPerSecond = body.drain_per_second ?? null
      if (drainPerSecond !== null && !(drainPerSecond >= 1 && drainPerSecond <= DRAIN_PER_SECOND_MAX)) {
        const message = `drain_per_second must be 1 to ${DRAIN_PER_SECOND_MAX}`
        refuseInvalid({ drain_per_second: [{ code: 'range', message, params: { min: 1, max: DRAIN_PER_SECOND_MAX } }] })
      }
      const state = await change(subscriptionId, applicationId, actorOf(principal), (before) =>
        before.pausedAtMs === null && before.drainPerSecond === drainPerSecond
          ? null
          : { pausedAtMs: null, drainPerSecond },
      )
      return present(state)
    },
  )

  server.get(
    '/subscriptions/:subscription_id/status',
    route('subscription.get', {
      operationId: 'subscriptions.status',
      tags,
      summary: 'See what holds deliveries up: pause, breaker, Retry-After, handshake, dead letters, and how many wait',
      params: IdParams,
      querystring: OfApplication,
      response: { 200: SubscriptionStatus },
    }),
    async (request, reply) => {
      const { params, query, principal } = request
      const subscriptionId = uuidOfPath(params.subscription_id)
      const { applicationId } = await authorize.application(principal, query.application_id, 'subscription.get')
      await freshRegistry.catchUp()
      const { state } = find(subscriptionId, applicationId)
      const [backlog, heads] = await Promise.all([
        countBacklog(deps, subscriptionId),
        state.ordering === null ? [] : listHeads(deps, subscriptionId, HEADS_MAX),
      ])
      if (heads.length > 0) await request.catchUp(reply)
      return presentSubscriptionStatus({
        state,
        receiver: registry.receivers.get(subscriptionId)?.state,
        handshake: registry.handshakes.get(subscriptionId),
        backlog,
        deadHeads: await listDeadAmong(orm, heads),
        nowMs: clock.nowMs(),
      })
    },
  )

  server.post(
    '/subscriptions/:subscription_id/deliveries/cancel',
    route('delivery.cancel', {
      operationId: 'subscriptions.cancelDeliveries',
      tags,
      summary: 'Call off everything that is open; the subscription goes on with what comes next',
      params: IdParams,
      body: OfApplicationPost,
      response: { 204: Type.Null() },
    }),
    async (request, reply) => {
      const { params, body, principal } = request
      const subscriptionId = uuidOfPath(params.subscription_id)
      const { applicationId } = await authorize.application(principal, body.application_id, 'delivery.cancel')
      await freshRegistry.catchUp()
      const { organizationId } = find(subscriptionId, applicationId).state
      // What was posted before is matched by then, and so called off too.
      await request.catchUp(reply)
      const waitingSeq = await endOfWaiting(deps)
      const atMs = clock.nowMs()
      const fact: CancellationState = {
        v: 1,
        type: 'cancellation',
        subscriptionId,
        applicationId,
        organizationId,
        changedAtMs: atMs,
        changedBy: actorOf(principal),
      }
      const { seq } = await appenders.control.append({ subject: controlSubject(fact), body: JSON.stringify(fact) })
      if (!(await controlReader.waitFor(seq, FOLD_WAIT_MS))) logger.warn({ seq }, 'an own change is not read back yet')
      await cancelDeliveries(deps, { applicationId, subscriptionId }, { controlSeq: seq, atMs })
      await purgeSubscription(deps, subscriptionId, waitingSeq)
      await request.catchUp(reply)
      return reply.code(204).send(null)
    },
  )

  server.post(
    '/subscriptions/:subscription_id/test',
    route('subscription.test', {
      operationId: 'subscriptions.test',
      tags,
      summary: 'Send one signed request to the target now, marked as a test, and see what came of it',
      params: IdParams,
      body: TestDeliveryPost,
      response: { 200: TestDeliveryAnswer },
    }),
    async ({ params, body, principal }, reply) => {
      const subscriptionId = uuidOfPath(params.subscription_id)
      const application = await authorize.application(principal, body.application_id, 'subscription.test')
      const { applicationId, organizationId } = application
      await freshRegistry.catchUp()
      const { state } = find(subscriptionId, applicationId)
      const contentType = body.payload_content_type ?? 'application/json'
      const payload = decodePayload(body.payload ?? '{"test":true}', contentType)
      if (typeof payload === 'string') throw new ProblemError(payload)
      if (payload.length > TEST_PAYLOAD_BYTES_MAX) {
        const message = `The payload of a test has at most ${TEST_PAYLOAD_BYTES_MAX} bytes`
        refuseInvalid({ payload: [{ code: 'length', message, params: { max: TEST_PAYLOAD_BYTES_MAX } }] })
      }
      const waitMs = testLimiter.take(subscriptionId)
      if (waitMs !== null) {
        reply.header('retry-after', Math.ceil(waitMs / 1_000))
        throw new ProblemError('RateLimited', { detail: 'Too many tests of this subscription. Wait a few seconds.' })
      }
      const nowMs = clock.nowMs()
      const event = {
        v: 1 as const,
        eventId: newEventId(nowMs),
        applicationId,
        organizationId,
        eventType: body.event_type ?? state.eventTypes[0] ?? '',
        payloadContentType: contentType,
        labels: state.labels,
        metadata: {},
        occurredAt: new Date(nowMs).toISOString(),
        receivedAtMs: nowMs,
        ip: '',
        controlSeq: registry.seq,
        appendId: '',
      }
      const result = await askForTestDelivery(
        deps,
        { subscriptionId, controlSeq: registry.seq, event, payloadBase64: payload.toString('base64') },
        Math.max(config.deliveryTimeoutMs, state.retryPolicy?.timeoutMs ?? 0) + TEST_MARGIN_MS,
      )
      return {
        outcome: result.outcome,
        status_code: result.statusCode,
        headers: result.headers,
        body: result.bodyBase64 === null ? null : Buffer.from(result.bodyBase64, 'base64').toString('utf8'),
        is_body_cut: result.isBodyCut,
        duration_ms: result.durationMs,
        error_name: result.errorName,
        error_message: result.errorMessage,
      }
    },
  )
}
