import type { SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { showDeliveryOptions } from '#shared/domain/delivery-options.ts'
import { publicKeyText } from '#shared/domain/standard-signature.ts'
import { showRetryPolicy } from '#shared/domain/validate-retry-policy.ts'
import type { SubscriptionSecrets, SubscriptionState } from '#shared/facts/control.ts'
import { timeText } from './time.ts'

/**
 * A subscription in the contract's form: the older pair of label fields shows one of the labels. What the contract doesn't
 * know is left out when it isn't used.
 */
export function presentSubscription(state: SubscriptionState, secrets: SubscriptionSecrets): SubscriptionAnswer {
  const [label] = Object.entries(state.labels)
  const url = secrets.targetUrl ?? state.target.url
  return {
    application_id: state.applicationId,
    subscription_id: state.subscriptionId,
    is_enabled: state.isEnabled,
    event_types: state.eventTypes,
    description: state.description,
    secret: secrets.secret,
    metadata: state.metadata,
    label_key: label?.[0] ?? '',
    label_value: label?.[1] ?? '',
    labels: state.labels,
    target: { type: 'http', method: state.target.method, url, headers: secrets.targetHeaders },
    created_at: timeText(state.createdAtMs),
    updated_at: timeText(state.updatedAtMs),
    dedicated_workers: [],
    max_retries: state.maxRetries,
    ...(state.retryPolicy ? { retry_policy: showRetryPolicy(state.retryPolicy, state.maxRetries) } : {}),
    ...(state.filter ? { filter: state.filter } : {}),
    ...showDeliveryOptions(state),
    ...(state.pausedAtMs === null ? {} : { paused_at: timeText(state.pausedAtMs) }),
    ...(state.drainPerSecond === null ? {} : { drain_per_second: state.drainPerSecond }),
    ...(state.disabledBecause ? { disabled_because: disabledBecause(state.disabledBecause) } : {}),
    ...(state.signatures ? { signatures: state.signatures } : {}),
    ...(state.signatures?.includes('standard-v1a') && secrets.standard
      ? { public_key: publicKeyText(secrets.standard) }
      : {}),
    ...(secrets.tls ? { tls: { ca: secrets.tls.ca, client_certificate: secrets.tls.certificate } } : {}),
  }
}

function disabledBecause({ reason, sinceMs }: NonNullable<SubscriptionState['disabledBecause']>) {
  return { reason, since: timeText(sinceMs) }
}
