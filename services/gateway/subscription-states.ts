import { ProblemError } from '#shared/contract/problems.ts'
import type { SubscriptionPost } from '#shared/contract/schemas.ts'
import { readDeliveryOptions } from '#shared/domain/delivery-options.ts'
import type { RegisteredSubscription } from '#shared/domain/registry.ts'
import type { SecretBox } from '#shared/domain/secret-box.ts'
import { keptSecrets, readSignatures } from '#shared/domain/subscription-secrets.ts'
import { readTargetTls, type TargetTls } from '#shared/domain/target-tls.ts'
import { readRetryPolicy } from '#shared/domain/validate-retry-policy.ts'
import { isHttpMethod, type ParsedTarget, parseTarget, wantedLabels } from '#shared/domain/validate-subscription.ts'
import { createValidation } from '#shared/domain/validation.ts'
import {
  type Actor,
  type ApplicationState,
  cancelledBeforeSeq,
  type SubscriptionSecrets,
  type SubscriptionState,
} from '#shared/facts/control.ts'
import { newSigningSecrets } from './credentials.ts'
import { badBody } from './request-values.ts'

/** A post whose form is right; whether it is allowed and its values are valid is still to be seen. */
export interface ReadSubscription {
  post: SubscriptionPost
  target: ParsedTarget
  labels: Record<string, string>
}

/** @throws {ProblemError} JsonPayload or LabelsAmbiguity: the contract's first checks (behaviour.md §4). */
export function readSubscription(post: SubscriptionPost): ReadSubscription {
  const target = parseTarget(post.target)
  if (typeof target === 'string') throw badBody(target)
  const labels = wantedLabels(post)
  if (labels === null) throw new ProblemError('LabelsAmbiguity')
  return { post, target, labels }
}

export interface NextSubscription {
  read: ReadSubscription
  application: ApplicationState
  subscriptionId: string
  before: RegisteredSubscription | null
  nowMs: number
  by: Actor
}

/**
 * The whole next state: a PUT replaces everything but what is the subscription's own (secrets, creation time). How it signs
 * is kept too when the PUT doesn't say: a client that knows nothing of it must not lock receivers out.
 */
export function nextSubscription(
  { read, application, subscriptionId, before, nowMs, by }: NextSubscription,
  secretBox: SecretBox,
): SubscriptionState {
  const { post, target, labels } = read
  const secretsBefore = before ? openSubscription(secretBox, before.state) : null
  const fresh = newSigningSecrets()
  const tls = targetTls(post, secretsBefore)
  const isSameTarget = before !== null && (secretsBefore?.targetUrl ?? before.state.target.url) === target.url
  const secrets: SubscriptionSecrets = {
    ...(before && secretsBefore ? keptSecrets(before.state, secretsBefore, fresh, nowMs) : fresh),
    targetHeaders: target.headers,
    targetUrl: target.url,
    ...(tls === null ? {} : { tls }),
  }
  const readPolicy = post.retry_policy ? readRetryPolicy(post.retry_policy) : null
  if (typeof readPolicy === 'string') throw new TypeError('the retry policy must have been checked')
  const options = readDeliveryOptions(post)
  if (Array.isArray(options)) throw new TypeError('the delivery options must have been checked')
  const signatures = post.signatures === undefined ? before?.state.signatures : readSignatures(post.signatures)
  if (typeof signatures === 'string') throw new TypeError('the signatures must have been checked')
  return {
    v: 1,
    type: 'subscription',
    subscriptionId,
    applicationId: application.applicationId,
    organizationId: application.organizationId,
    isEnabled: post.is_enabled,
    eventTypes: [...new Set(post.event_types)],
    labels,
    description: post.description ?? null,
    metadata: post.metadata ?? {},
    target: { method: isHttpMethod(target.method) ? target.method : 'POST', url: new URL(target.url).origin },
    sealed: sealSubscription(secretBox, subscriptionId, secrets),
    ...(signatures ? { signatures } : {}),
    ...(before?.state.secretRotation ? { secretRotation: before.state.secretRotation } : {}),
    maxRetries: post.max_retries ?? readPolicy?.maxRetries ?? null,
    retryPolicy: readPolicy?.policy ?? null,
    filter: post.filter ?? null,
    pausedAtMs: before?.state.pausedAtMs ?? null,
    drainPerSecond: before?.state.drainPerSecond ?? null,
    ...options,
    targetVersion: (before?.state.targetVersion ?? 0) + (isSameTarget ? 0 : 1),
    disabledBecause: null,
    createdAtMs: before?.state.createdAtMs ?? nowMs,
    updatedAtMs: nowMs,
    deletedAtMs: null,
    lastCancelledSeq: before ? cancelledBeforeSeq(before.state, before.seq) : 0,
    changedAtMs: nowMs,
    changedBy: by,
  }
}

export function sealSubscription(secretBox: SecretBox, subscriptionId: string, secrets: SubscriptionSecrets): string {
  return secretBox.seal(JSON.stringify(secrets), contextOf(subscriptionId))
}

/** @throws {ProblemError} Validation when the certificates can't be used. */
function targetTls(post: SubscriptionPost, before: SubscriptionSecrets | null): TargetTls | null {
  const tls = readTargetTls(post.tls, before?.tls ?? null)
  if (typeof tls !== 'string') return tls
  const validation = createValidation()
  validation.add('tls', { code: 'subscription-tls', message: tls, params: {} })
  throw new ProblemError('Validation', { validation: validation.errors()!, detail: `tls: ${tls}` })
}

export function openSubscription(secretBox: SecretBox, state: SubscriptionState): SubscriptionSecrets {
  return JSON.parse(secretBox.open(state.sealed, contextOf(state.subscriptionId))) as SubscriptionSecrets
}

function contextOf(subscriptionId: string): string {
  return `subscription:${subscriptionId}`
}
