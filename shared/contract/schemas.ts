import { type Static, Type } from 'typebox'
import { DELIVERY_OPTION_FIELDS, DELIVERY_STATE_FIELDS } from './delivery-options.ts'
import { Int32, nullable, StorableText, TextMap, Timestamp, Uuid, UuidAnswer } from './primitives.ts'
import { ADDED_PROBLEMS, PROBLEMS, type ProblemDocument } from './problems.ts'

// -- requests: their shape. What a value may be is checked after authorization (shared/domain/validate-*.ts). --------

const EVENT_FIELDS = {
  event_id: Type.Optional(nullable(Uuid)),
  event_type: Type.String({ examples: ['billing.invoice.paid'] }),
  payload: Type.String({ examples: ['{"amount":12}'] }),
  payload_content_type: Type.String({ examples: ['application/json'] }),
  metadata: Type.Optional(nullable(TextMap)),
  occurred_at: Timestamp,
  labels: TextMap,
  deliver_at: Type.Optional(nullable(Timestamp)),
  delay_ms: Type.Optional(nullable(Type.Integer({ description: 'Instead of deliver_at: milliseconds from now' }))),
}

export const EventPost = Type.Object({ application_id: Uuid, ...EVENT_FIELDS }, { title: 'EventPost' })
export type EventPost = Static<typeof EventPost>

export const EventBatchPost = Type.Object(
  { application_id: Uuid, events: Type.Array(Type.Object(EVENT_FIELDS)) },
  { title: 'EventBatchPost' },
)
export type EventBatchPost = Static<typeof EventBatchPost>

/** An event of a batch that is published with a NATS client: what a message of its own need not say may be left out, too. */
export const EventOfNatsBatch = Type.Object({
  ...EVENT_FIELDS,
  payload_content_type: Type.Optional(EVENT_FIELDS.payload_content_type),
  occurred_at: Type.Optional(EVENT_FIELDS.occurred_at),
  labels: Type.Optional(EVENT_FIELDS.labels),
})

export const ReplayPost = Type.Object({ application_id: Uuid }, { title: 'ReplayEvent' })

export const JsonSchemaValue = Type.Unsafe<boolean | Record<string, unknown>>({
  type: ['object', 'boolean'],
  additionalProperties: true,
  description: 'JSON Schema, draft 2020-12, that payloads of content type application/json must satisfy',
  examples: [{ type: 'object', required: ['amount'] }],
})

export const EventTypePost = Type.Object(
  {
    application_id: Uuid,
    service: Type.String({ examples: ['billing'] }),
    resource_type: Type.String({ examples: ['invoice'] }),
    verb: Type.String({ examples: ['paid'] }),
    schema: Type.Optional(nullable(JsonSchemaValue)),
  },
  { title: 'EventTypePost' },
)
export type EventTypePost = Static<typeof EventTypePost>

export const TargetPost = Type.Object({
  type: Type.Literal('http'),
  method: Type.String({ examples: ['POST'] }),
  url: Type.String({ 'x-format': 'url', examples: ['https://example.com/webhooks'] }),
  headers: Type.Unsafe<Record<string, string | string[]>>(
    Type.Object({}, { additionalProperties: Type.Union([Type.String(), Type.Array(Type.String())]) }),
  ),
})

const StatusPatterns = Type.Array(Type.Union([Type.Integer(), Type.String()]), {
  description: 'Statuses, or classes such as "4xx"',
  examples: [[409, '4xx']],
})

export const RetryPolicy = Type.Object(
  {
    max_attempts: Type.Optional(nullable(Type.Integer({ description: 'Attempts, the first one included' }))),
    schedule: Type.Optional(
      nullable(
        Type.Array(Type.String(), {
          description: 'Delays before the 1st, 2nd, … retry; the last one repeats',
          examples: [['5s', '5m', '1h']],
        }),
      ),
    ),
    exponential: Type.Optional(
      nullable(
        Type.Object({
          base: Type.String({ examples: ['5s'] }),
          factor: Type.Number({ examples: [2] }),
          cap: Type.String({ examples: ['1h'] }),
        }),
      ),
    ),
    jitter_ratio: Type.Optional(nullable(Type.Number({ examples: [0.1] }))),
    permanent_statuses: Type.Optional(
      nullable(Type.Union([Type.Literal('retry_all'), StatusPatterns], { description: 'Answers that are final' })),
    ),
    retryable_statuses: Type.Optional(nullable(StatusPatterns)),
    timeout_ms: Type.Optional(nullable(Type.Integer({ description: 'Milliseconds for one attempt' }))),
  },
  { title: 'RetryPolicy', description: 'What is left out is as the server has it' },
)
export type RetryPolicy = Static<typeof RetryPolicy>

export const PayloadFilterValue = Type.Unsafe<Record<string, unknown>>(
  Type.Object({}, { additionalProperties: true, examples: [{ 'payload.amount': { $gte: 100 } }] }),
)

const Signatures = Type.Array(Type.String(), {
  description: 'How requests are signed: hook0-v0, hook0-v1, standard-v1, standard-v1a; null: as the server does',
  examples: [['hook0-v1', 'standard-v1']],
})
const pem = (description: string) => nullable(Type.String({ maxLength: 16_384, description }))
export const TargetTlsPost = Type.Object(
  {
    ca: Type.Optional(pem('PEM: the only authorities that are trusted for this target')),
    client_certificate: Type.Optional(pem('PEM, with its chain: shown to a receiver that asks for a certificate')),
    client_key: Type.Optional(
      pem('PEM without a passphrase; never shown again, and left out while the certificate stays the same'),
    ),
  },
  { title: 'TargetTlsPost' },
)
export const TargetTlsAnswer = Type.Object(
  { ca: pem('PEM'), client_certificate: pem('PEM') },
  { title: 'TargetTls', description: 'Certificates of its own; there is no way to see the key' },
)

export const SubscriptionPost = Type.Object(
  {
    application_id: Uuid,
    is_enabled: Type.Boolean(),
    event_types: Type.Array(Type.String()),
    description: Type.Optional(nullable(Type.String())),
    metadata: Type.Optional(nullable(TextMap)),
    label_key: Type.Optional(nullable(Type.String())),
    label_value: Type.Optional(nullable(Type.String())),
    labels: Type.Optional(nullable(TextMap)),
    target: TargetPost,
    dedicated_workers: Type.Optional(nullable(Type.Array(Type.String()))),
    max_retries: Type.Optional(
      nullable(Type.Integer({ description: 'Retries after the first attempt; null: the default' })),
    ),
    retry_policy: Type.Optional(nullable(RetryPolicy)),
    filter: Type.Optional(nullable(PayloadFilterValue)),
    ...DELIVERY_OPTION_FIELDS,
    signatures: Type.Optional(nullable(Signatures)),
    tls: Type.Optional(nullable(TargetTlsPost)),
  },
  { title: 'SubscriptionPost' },
)
export type SubscriptionPost = Static<typeof SubscriptionPost>

export const SecretRotation = Type.Object(
  {
    application_id: Uuid,
    grace_period: Type.Optional(
      nullable(
        Type.String({
          description: 'For how long the secrets before sign too: 0s (not at all) to 168h; default 24h',
          examples: ['24h'],
        }),
      ),
    ),
  },
  { title: 'SecretRotation' },
)

export const FilterTrial = Type.Object(
  {
    application_id: Uuid,
    filter: PayloadFilterValue,
    event_types: Type.Optional(nullable(Type.Array(Type.String()))),
    last: Type.Optional(
      nullable(Type.Integer({ minimum: 1, maximum: 100, description: 'How many of the newest events; default 20' })),
    ),
  },
  { title: 'FilterTrial' },
)

const Limit = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: 1_000,
    description: 'Items of a page; with it the answer has a Link to the next',
  }),
)
const Cursor = Type.Optional(Type.String({ description: 'From the Link of the page before' }))
/** What every list takes beside its own filters. */
export const PAGE_FIELDS = { limit: Limit, pagination_cursor: Cursor }
export const PageOfApplication = Type.Object({ application_id: Uuid, ...PAGE_FIELDS })

export const EVENT_STATUSES = [
  'waiting',
  'withdrawn',
  'unmatched',
  'pending',
  'succeeded',
  'dead_lettered',
  'cancelled',
] as const
export const EventsQuery = Type.Object({
  application_id: Uuid,
  ...PAGE_FIELDS,
  event_types: Type.Optional(StorableText),
  label: Type.Optional(Type.Union([StorableText, Type.Array(StorableText)], { description: 'key:value' })),
  min_received_at: Type.Optional(Type.String()),
  max_received_at: Type.Optional(Type.String()),
  status: Type.Optional(Type.Enum([...EVENT_STATUSES])),
  include: Type.Optional(Type.Enum(['deliveries'], { description: 'Also counts the deliveries of each event' })),
})
export type EventsQuery = Static<typeof EventsQuery>

export const SubscriptionsQuery = Type.Object({
  application_id: Uuid,
  ...PAGE_FIELDS,
  event_type: Type.Optional(Type.String()),
  is_enabled: Type.Optional(Type.Enum(['true', 'false'])),
  label: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())], { description: 'key:value' })),
})

export const EventTypesQuery = Type.Object({
  application_id: Uuid,
  ...PAGE_FIELDS,
  prefix: Type.Optional(Type.String({ description: 'What names begin with' })),
})

export const OfApplication = Type.Object({ application_id: Uuid })
export const MaybeOfApplication = Type.Object({ application_id: Type.Optional(Uuid) })

export const RequestAttemptsQuery = Type.Object({
  application_id: Uuid,
  event_id: Type.Optional(Uuid),
  subscription_id: Type.Optional(Uuid),
  pagination_cursor: Type.Optional(Type.String()),
  min_created_at: Type.Optional(Type.String()),
  max_created_at: Type.Optional(Type.String()),
  'event.event_type_names': Type.Optional(StorableText),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Items of a page; default 50' })),
  outcome: Type.Optional(Type.Enum(['open', 'success', 'failed', 'timeout', 'cancelled'])),
})
export type RequestAttemptsQuery = Static<typeof RequestAttemptsQuery>

// -- answers ---------------------------------------------------------------------------------------------------------

export const IngestedEvent = Type.Object(
  {
    application_id: UuidAnswer,
    event_id: UuidAnswer,
    received_at: Timestamp,
  },
  { title: 'IngestedEvent' },
)

export type IngestedEvent = Static<typeof IngestedEvent>

/** One event's answer within a batch: what its own post would have been answered with. */
export const EventBatchAnswer = Type.Array(
  Type.Object({
    status: Int32,
    event: Type.Optional(IngestedEvent),
    problem: Type.Optional(Type.Unsafe<ProblemDocument>(Type.Object({}, { additionalProperties: true }))),
  }),
)
export type EventBatchAnswer = Static<typeof EventBatchAnswer>

export const FilterTrialAnswer = Type.Array(
  Type.Object({
    event_id: UuidAnswer,
    event_type_name: Type.String(),
    received_at: Timestamp,
    matches: Type.Boolean(),
    reason: nullable(Type.String({ description: 'Why it does not match' })),
  }),
)
export type FilterTrialAnswer = Static<typeof FilterTrialAnswer>

export const EventTypeAnswer = Type.Object(
  {
    service_name: Type.String({ examples: ['billing'] }),
    resource_type_name: Type.String({ examples: ['invoice'] }),
    verb_name: Type.String({ examples: ['paid'] }),
    event_type_name: Type.String({ examples: ['billing.invoice.paid'] }),
    schema: Type.Optional(JsonSchemaValue),
    schema_version: Type.Optional(Int32),
  },
  { title: 'EventType' },
)
export type EventTypeAnswer = Static<typeof EventTypeAnswer>

export const EventAnswer = Type.Object(
  {
    event_id: UuidAnswer,
    event_type_name: Type.String(),
    payload_content_type: Type.String(),
    ip: Type.String(),
    metadata: TextMap,
    occurred_at: Timestamp,
    received_at: Timestamp,
    labels: TextMap,
    deliver_at: Type.Optional(Timestamp),
    deliveries: Type.Optional(
      Type.Object(
        { pending: Int32, succeeded: Int32, dead_lettered: Int32, cancelled: Int32 },
        { title: 'EventDeliveries', description: 'How its deliveries stand; with include=deliveries' },
      ),
    ),
  },
  { title: 'Event' },
)
export type EventAnswer = Static<typeof EventAnswer>

export const EventWithPayload = Type.Object(
  {
    ...EventAnswer.properties,
    payload: Type.String({ description: 'Base64' }),
    client_name: Type.Optional(
      Type.String({ description: 'What the NATS client that published it calls its connection, where that is known' }),
    ),
  },
  { title: 'EventWithPayload' },
)
export type EventWithPayload = Static<typeof EventWithPayload>

export const SubscriptionAnswer = Type.Object(
  {
    application_id: UuidAnswer,
    subscription_id: UuidAnswer,
    is_enabled: Type.Boolean(),
    event_types: Type.Array(Type.String()),
    description: nullable(Type.String()),
    secret: UuidAnswer,
    metadata: TextMap,
    label_key: Type.String(),
    label_value: Type.String(),
    labels: TextMap,
    target: Type.Object({
      type: Type.Literal('http'),
      method: Type.String(),
      url: Type.String({ 'x-format': 'url' }),
      headers: TextMap,
    }),
    created_at: Timestamp,
    updated_at: Timestamp,
    dedicated_workers: Type.Array(Type.String()),
    max_retries: nullable(Int32),
    retry_policy: Type.Optional(nullable(RetryPolicy)),
    filter: Type.Optional(nullable(PayloadFilterValue)),
    ...DELIVERY_OPTION_FIELDS,
    ...DELIVERY_STATE_FIELDS,
    signatures: Type.Optional(nullable(Signatures)),
    public_key: Type.Optional(Type.String({ description: 'Of standard-v1a: whpk_…' })),
    tls: Type.Optional(nullable(TargetTlsAnswer)),
    warnings: Type.Optional(Type.Array(Type.String())),
  },
  { title: 'Subscription' },
)
export type SubscriptionAnswer = Static<typeof SubscriptionAnswer>

const SIGNING_SECRETS = {
  secret: UuidAnswer,
  webhook_secret: nullable(
    Type.String({ description: 'Of standard-v1; null: made when the subscription is next written' }),
  ),
  public_key: nullable(Type.String({ description: 'Of standard-v1a' })),
}
export const SubscriptionSecretAnswer = Type.Object(
  {
    subscription_id: UuidAnswer,
    ...SIGNING_SECRETS,
    rotated_at: nullable(Timestamp),
    previous: nullable(Type.Object({ ...SIGNING_SECRETS, expires_at: Timestamp })),
  },
  { title: 'SubscriptionSecret' },
)
export type SubscriptionSecretAnswer = Static<typeof SubscriptionSecretAnswer>

export const AttemptStatus = Type.Object({
  type: Type.Enum(['waiting', 'pending', 'in_progress', 'successful', 'failed']),
  since: Type.Optional(Timestamp),
  until: Type.Optional(Timestamp),
  at: Type.Optional(Timestamp),
  full_processing_ms: Type.Optional(Type.Integer({ 'x-format': 'int64' })),
})
export type AttemptStatus = Static<typeof AttemptStatus>

export const RequestAttempt = Type.Object(
  {
    request_attempt_id: UuidAnswer,
    event_id: UuidAnswer,
    event: Type.Object({ event_id: UuidAnswer, event_type_name: Type.String() }),
    subscription: Type.Object({ subscription_id: UuidAnswer, description: nullable(Type.String()) }),
    created_at: Timestamp,
    picked_at: nullable(Timestamp),
    failed_at: nullable(Timestamp),
    succeeded_at: nullable(Timestamp),
    delay_until: nullable(Timestamp),
    response_id: nullable(UuidAnswer),
    retry_count: Int32,
    http_response_status: nullable(Int32),
    status: AttemptStatus,
    attempt_number: Int32,
    status_code: nullable(Int32),
    error_message: nullable(Type.String()),
    duration_ms: nullable(Int32),
    outcome: nullable(Type.String()),
    delivery_id: UuidAnswer,
    next_attempt_at: nullable(Timestamp),
    replay_id: nullable(UuidAnswer),
    redrive_of: nullable(UuidAnswer),
  },
  { title: 'RequestAttempt' },
)
export type RequestAttempt = Static<typeof RequestAttempt>

export const ResponseAnswer = Type.Object(
  {
    response_id: UuidAnswer,
    response_error_name: nullable(Type.String()),
    http_code: nullable(Int32),
    headers: nullable(TextMap),
    body: nullable(Type.String()),
    elapsed_time_ms: nullable(Int32),
    is_body_cut: Type.Boolean(),
  },
  { title: 'Response' },
)
export type ResponseAnswer = Static<typeof ResponseAnswer>

const Integers = <const Names extends readonly string[]>(names: Names) =>
  Type.Object(Object.fromEntries(names.map((name) => [name, Int32])) as Record<Names[number], Type.TInteger>)

export const QuotasResponse = Type.Object(
  {
    enabled: Type.Boolean(),
    limits: Integers([
      'global_members_per_organization_limit',
      'global_applications_per_organization_limit',
      'global_events_per_day_limit',
      'global_days_of_events_retention_limit',
      'global_subscriptions_per_application_limit',
      'global_event_types_per_application_limit',
    ]),
  },
  { title: 'QuotasResponse' },
)
export type QuotasResponse = Static<typeof QuotasResponse>

export const InstanceConfig = Type.Object(
  {
    biscuit_public_key: Type.String(),
    registration_disabled: Type.Boolean(),
    password_minimum_length: Int32,
    auto_db_migration: Type.Boolean(),
    application_secret_compatibility: Type.Boolean(),
    quota_enforcement: Type.Boolean(),
    matomo: nullable(Type.Object({ url: Type.String(), site_id: Int32 })),
    formbricks: nullable(Type.Object({ api_host: Type.String(), environment_id: Type.String() })),
    support_email_address: Type.String(),
    cloudflare_turnstile_site_key: nullable(Type.String()),
  },
  { title: 'InstanceConfig' },
)
export type InstanceConfig = Static<typeof InstanceConfig>

export const EnvironmentVariable = Type.Object(
  {
    name: Type.String(),
    env_var: Type.String(),
    description: nullable(Type.String()),
    default: nullable(Type.String()),
    sensitive: Type.Boolean(),
    required: Type.Boolean(),
    group: nullable(Type.String()),
  },
  { title: 'EnvironmentVariable' },
)
export type EnvironmentVariable = Static<typeof EnvironmentVariable>

export const Problem = Type.Object(
  {
    type: Type.String(),
    id: Type.Enum([...Object.keys(PROBLEMS), ...Object.keys(ADDED_PROBLEMS)]),
    title: Type.String(),
    detail: Type.String(),
    status: Int32,
    validation: nullable(Type.Record(Type.String(), Type.Unknown())),
  },
  { title: 'Problem' },
)

const Duration = nullable(Int32)
export const HealthAnswer = Type.Object(
  {
    database: Type.Boolean(),
    database_duration_ms: Duration,
    nats: Type.Boolean(),
    nats_duration_ms: Duration,
    pulsar: nullable(Type.Boolean()),
    pulsar_duration_ms: Duration,
    object_storage: nullable(Type.Boolean()),
    object_storage_duration_ms: Duration,
    total_duration_ms: Int32,
    parts: Type.Unsafe<Record<string, { is_well: boolean; detail: string | null }>>(
      Type.Object(
        {},
        { additionalProperties: Type.Object({ is_well: Type.Boolean(), detail: nullable(Type.String()) }) },
      ),
    ),
  },
  { title: 'Health' },
)
