import { Type } from 'typebox'
import { ProblemError } from '#shared/contract/problems.ts'
import { OfApplication, SecretRotation, SubscriptionSecretAnswer } from '#shared/contract/schemas.ts'
import type { RegisteredSubscription } from '#shared/domain/registry.ts'
import {
  endOfGracePeriod,
  previousSecrets,
  readGracePeriod,
  rotatedSecrets,
  withoutPrevious,
} from '#shared/domain/subscription-secrets.ts'
import {
  cancelledBeforeSeq,
  controlSubject,
  type SecretReveal,
  type SubscriptionSecrets,
  type SubscriptionState,
} from '#shared/facts/control.ts'
import type { GatewayServer } from '../app.ts'
import { actorOf, type Principal } from '../authentication.ts'
import { changeControl } from '../change-control.ts'
import { newSigningSecrets } from '../credentials.ts'
import type { RouteDependencies } from '../dependencies.ts'
import { presentSubscriptionSecret } from '../presenters/subscription-secret.ts'
import { uuidOfPath } from '../request-values.ts'
import { openSubscription, sealSubscription } from '../subscription-states.ts'
import { refuseInvalid, route } from './route.ts'

const params = Type.Object({ subscription_id: Type.String({ 'x-format': 'uuid' }) })
const tags = ['Subscriptions']

/** What subscriptions' requests are signed with: shown, replaced; every time with a line in the audit log. */
export function registerSubscriptionSecretRoutes(server: GatewayServer, deps: RouteDependencies): void {
  const { registry, secretBox, clock, freshRegistry, authorize, appenders } = deps

  server.get(
    '/subscriptions/:subscription_id/secret',
    route('subscription.reveal_secret', {
      operationId: 'subscriptionSecret.reveal',
      tags,
      summary: 'Show what a subscription signs with: the audit log says who has looked',
      params,
      querystring: OfApplication,
      response: { 200: SubscriptionSecretAnswer },
    }),
    async ({ principal, params, query }, reply) => {
      const subscriptionId = uuidOfPath(params.subscription_id)
      const { applicationId } = await authorize.application(
        principal,
        query.application_id,
        'subscription.reveal_secret',
      )
      await freshRegistry.catchUp()
      const { state } = find(subscriptionId, applicationId)
      await recordReveal(state, principal)
      reply.header('cache-control', 'no-store')
      return presentSubscriptionSecret(state, openSubscription(secretBox, state), clock.nowMs())
    },
  )

  /** On disk before anything is shown. */
  async function recordReveal(
    { subscriptionId, applicationId, organizationId }: SubscriptionState,
    principal: Principal,
  ): Promise<void> {
    const place = { subscriptionId, applicationId, organizationId }
    const changed = { changedAtMs: clock.nowMs(), changedBy: actorOf(principal) }
    const fact: SecretReveal = { v: 1, type: 'secret_reveal', ...place, ...changed }
    await appenders.control.append({ subject: controlSubject(fact), body: JSON.stringify(fact) })
  }

  server.post(
    '/subscriptions/:subscription_id/secret/rotate',
    route('subscription.rotate_secret', {
      operationId: 'subscriptionSecret.rotate',
      tags,
      summary: 'Replace what a subscription signs with; for a time the secrets before sign too',
      params,
      body: SecretRotation,
      response: { 200: SubscriptionSecretAnswer },
    }),
    async ({ principal, params, body }, reply) => {
      const subscriptionId = uuidOfPath(params.subscription_id)
      const { applicationId } = await authorize.application(
        principal,
        body.application_id,
        'subscription.rotate_secret',
      )
      const graceMs = gracePeriod(body.grace_period)
      const nowMs = clock.nowMs()
      const state = await changeSecrets({ subscriptionId, applicationId, principal, nowMs }, (before, secrets) => {
        if (graceMs > 0 && previousSecrets(before, secrets, nowMs) !== null)
          throw new ProblemError('SecretRotationUnderWay')
        const untilMs = endOfGracePeriod(nowMs, graceMs)
        return {
          secrets: rotatedSecrets(secrets, newSigningSecrets(), { nowMs, untilMs }),
          secretRotation: { atMs: nowMs, previousUntilMs: untilMs },
        }
      })
      reply.header('cache-control', 'no-store')
      return presentSubscriptionSecret(state!, withoutPrevious(openSubscription(secretBox, state!)), nowMs)
    },
  )

  server.delete(
    '/subscriptions/:subscription_id/secret/previous',
    route('subscription.rotate_secret', {
      operationId: 'subscriptionSecret.endPrevious',
      tags,
      summary: 'End the time in which the secrets before a rotation sign too; no error when it is over',
      params,
      querystring: OfApplication,
      response: { 204: Type.Null() },
    }),
    async ({ principal, params, query }, reply) => {
      const subscriptionId = uuidOfPath(params.subscription_id)
      const { applicationId } = await authorize.application(
        principal,
        query.application_id,
        'subscription.rotate_secret',
      )
      const nowMs = clock.nowMs()
      await changeSecrets({ subscriptionId, applicationId, principal, nowMs }, (before, secrets) => {
        if (previousSecrets(before, secrets, nowMs) === null) return null
        const { atMs } = before.secretRotation!
        return { secrets: withoutPrevious(secrets), secretRotation: { atMs, previousUntilMs: nowMs } }
      })
      return reply.code(204).send(null)
    },
  )

  interface Asked {
    subscriptionId: string
    applicationId: string
    principal: Principal
    nowMs: number
  }
  type NextSecrets = Required<Pick<SubscriptionState, 'secretRotation'>> & { secrets: SubscriptionSecrets }

  /**
   * @param decide Null: there is nothing to do.
   * @returns the state that was written, or null.
   */
  async function changeSecrets(
    { subscriptionId, applicationId, principal, nowMs }: Asked,
    decide: (before: SubscriptionState, secrets: SubscriptionSecrets) => NextSecrets | null,
  ): Promise<SubscriptionState | null> {
    const changed = await changeControl<SubscriptionState>(deps, () => {
      const { state: before, seq } = find(subscriptionId, applicationId)
      const next = decide(before, openSubscription(secretBox, before))
      if (next === null) return null
      const fact: SubscriptionState = {
        ...before,
        sealed: sealSubscription(secretBox, subscriptionId, next.secrets),
        secretRotation: next.secretRotation,
        updatedAtMs: nowMs,
        changedAtMs: nowMs,
        changedBy: actorOf(principal),
        lastCancelledSeq: cancelledBeforeSeq(before, seq),
      }
      return { fact, seq }
    })
    return changed?.fact ?? null
  }

  /** @throws {ProblemError} NotFound when the application has no such live subscription. */
  function find(subscriptionId: string, applicationId: string): RegisteredSubscription {
    const found = registry.subscriptions.get(subscriptionId)
    if (!found || found.state.applicationId !== applicationId || found.state.deletedAtMs !== null)
      throw new ProblemError('NotFound')
    return found
  }
}

/** @returns ms. @throws {ProblemError} Validation. */
function gracePeriod(text: string | null | undefined): number {
  const graceMs = readGracePeriod(text)
  if (typeof graceMs === 'number') return graceMs
  refuseInvalid({ grace_period: [{ code: 'grace-period', message: graceMs, params: {} }] })
  throw new TypeError('a wrong grace period is refused')
}
