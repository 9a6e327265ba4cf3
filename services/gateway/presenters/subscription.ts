import type { SubscriptionAnswer } from '#shared/contract/schemas.ts'
import type { SubscriptionSecrets } from '#shared/facts/control.ts'
import type { SubscriptionRecord } from '../queries/subscriptions.ts'
import { timeText } from './time.ts'

/** A subscription in the contract's form: the older pair of label fields shows one of the labels. */
export function presentSubscription(record: SubscriptionRecord, secrets: SubscriptionSecrets): SubscriptionAnswer {
  const [label] = Object.entries(record.labels)
  return {
    application_id: record.applicationId,
    subscription_id: record.subscriptionId,
    is_enabled: record.isEnabled,
    event_types: record.eventTypes,
    description: record.description ?? null,
    secret: secrets.secret,
    metadata: record.metadata,
    label_key: label?.[0] ?? '',
    label_value: label?.[1] ?? '',
    labels: record.labels,
    target: { type: 'http', method: record.targetMethod, url: record.targetUrl, headers: secrets.targetHeaders },
    created_at: timeText(record.createdAt.getTime()),
    updated_at: timeText(record.updatedAt.getTime()),
    dedicated_workers: [],
    max_retries: record.maxRetries ?? null,
  }
}
