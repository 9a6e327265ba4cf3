import { type Static, Type } from 'typebox'
import { nullable, Timestamp, Uuid, UuidAnswer } from './primitives.ts'

/** How a subscription's deliveries are paced and put in order: optional fields of a subscription, beyond the contract. */

export const RateLimitValue = Type.Object(
  {
    requests: Type.Integer({ examples: [10] }),
    per: Type.Enum(['second', 'minute']),
  },
  { title: 'DeliveryRateLimit' },
)

export const OrderingValue = Type.Object(
  {
    by: Type.Enum(['subscription', 'label', 'field'], { description: 'What must be in order with each other' }),
    label: Type.Optional(nullable(Type.String({ description: 'With by=label: the name of the label' }))),
    field: Type.Optional(
      nullable(
        Type.String({ description: 'With by=field: where the value stands', examples: ['payload.customer.id'] }),
      ),
    ),
    on_dead_letter: Type.Optional(
      Type.Enum(['block', 'pass'], { description: 'Whether those behind a dead letter wait for it; default block' }),
    ),
  },
  { title: 'DeliveryOrdering' },
)
export type OrderingValue = Static<typeof OrderingValue>

export const HandshakeValue = Type.Object(
  {
    request_rate: Type.Optional(
      nullable(Type.Integer({ description: 'Requests a minute that the receiver is asked for' })),
    ),
  },
  { title: 'DeliveryHandshake', description: "CloudEvents' validation request, before anything is sent" },
)

export const DELIVERY_OPTION_FIELDS = {
  max_concurrency: Type.Optional(
    nullable(Type.Integer({ description: 'Requests under way at once; null: the default' })),
  ),
  rate_limit: Type.Optional(nullable(RateLimitValue)),
  ordering: Type.Optional(nullable(OrderingValue)),
  handshake: Type.Optional(nullable(HandshakeValue)),
}
export const DeliveryOptions = Type.Object(DELIVERY_OPTION_FIELDS)
export type DeliveryOptions = Static<typeof DeliveryOptions>

/** What a subscription's answer has besides, where there is something to say. */
export const DELIVERY_STATE_FIELDS = {
  paused_at: Type.Optional(Timestamp),
  drain_per_second: Type.Optional(Type.Integer({ description: 'What had piled up is sent at this rate' })),
  disabled_because: Type.Optional(
    Type.Object({ reason: Type.Enum(['failing', 'gone']), since: Timestamp }, { title: 'DisabledBecause' }),
  ),
}

export const ResumePost = Type.Object(
  {
    application_id: Uuid,
    drain_per_second: Type.Optional(
      nullable(
        Type.Integer({ description: 'How many requests a second what has piled up is sent with; null: no limit' }),
      ),
    ),
  },
  { title: 'ResumeSubscription' },
)

export const OfApplicationPost = Type.Object({ application_id: Uuid }, { title: 'OfApplication' })

/** How deliveries to a subscription fare right now. */
export const SubscriptionStatus = Type.Object(
  {
    subscription_id: UuidAnswer,
    paused_at: nullable(Timestamp),
    breaker: Type.Object({
      state: Type.Enum(['closed', 'open']),
      since: nullable(Timestamp),
      reason: nullable(Type.Enum(['failures', 'time-outs'])),
    }),
    held_until: nullable(Timestamp),
    failing_since: nullable(Timestamp),
    backlog: Type.Object({
      parked: Type.Integer({ description: 'Due, and waiting on disk for the receiver' }),
      scheduled: Type.Integer({ description: 'Retries whose time has not come' }),
    }),
    handshake: nullable(
      Type.Object({
        state: Type.Enum(['pending', 'granted', 'refused']),
        rate_per_minute: nullable(Type.Integer()),
        reason: nullable(Type.String()),
        retry_at: nullable(Timestamp),
      }),
    ),
    blocked_by: Type.Array(
      Type.Object({ delivery_id: UuidAnswer, event_id: UuidAnswer }, { title: 'BlockingDeadLetter' }),
      { description: 'Dead letters that others wait behind, at most 100' },
    ),
  },
  { title: 'SubscriptionStatus' },
)
export type SubscriptionStatus = Static<typeof SubscriptionStatus>

export const TestDeliveryPost = Type.Object(
  {
    application_id: Uuid,
    event_type: Type.Optional(nullable(Type.String({ description: 'Default: the first one of the subscription' }))),
    payload: Type.Optional(nullable(Type.String({ examples: ['{"test":true}'] }))),
    payload_content_type: Type.Optional(nullable(Type.String({ examples: ['application/json'] }))),
  },
  { title: 'TestDelivery' },
)

export const TestDeliveryAnswer = Type.Object(
  {
    outcome: Type.Enum(['success', 'failed', 'timeout']),
    status_code: nullable(Type.Integer()),
    headers: nullable(Type.Unsafe<Record<string, string>>(Type.Object({}, { additionalProperties: Type.String() }))),
    body: nullable(Type.String({ description: 'The first bytes, as text' })),
    is_body_cut: Type.Boolean(),
    duration_ms: Type.Integer(),
    error_name: nullable(Type.String()),
    error_message: nullable(Type.String()),
  },
  { title: 'TestDeliveryResult' },
)
export type TestDeliveryAnswer = Static<typeof TestDeliveryAnswer>
