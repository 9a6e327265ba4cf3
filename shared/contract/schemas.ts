import { type Static, Type } from 'typebox'

/** Any UUID form that the contract takes; it is brought to lower case with hyphens afterwards. */
const UUID_PATTERN =
  '^[0-9a-fA-F]{32}$|^([uU][rR][nN]:[uU][uU][iI][dD]:)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$|^\\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\}$'
export const Uuid = Type.String({ pattern: UUID_PATTERN, description: 'UUID' })
const Timestamp = Type.String({ description: 'RFC 3339, UTC' })
/** Text without U+0000, which no name that is looked up can hold. */
export const StorableText = Type.String({ pattern: '^[^\\u0000]*$' })
/** Not `Type.Record`: its key pattern `.*` passes over keys that hold a line break. */
const TextMap = Type.Unsafe<Record<string, string>>(Type.Object({}, { additionalProperties: Type.String() }))
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])

// -- requests: their shape. What a value may be is checked after authorization (shared/domain/validate-*.ts). --------

export const EventPost = Type.Object({
  application_id: Uuid,
  event_id: Type.Optional(nullable(Uuid)),
  event_type: Type.String(),
  payload: Type.String(),
  payload_content_type: Type.String(),
  metadata: Type.Optional(nullable(TextMap)),
  occurred_at: Timestamp,
  labels: TextMap,
})
export type EventPost = Static<typeof EventPost>

export const EventTypePost = Type.Object({
  application_id: Uuid,
  service: Type.String(),
  resource_type: Type.String(),
  verb: Type.String(),
})
export type EventTypePost = Static<typeof EventTypePost>

export const TargetPost = Type.Object({
  type: Type.Literal('http'),
  method: Type.String(),
  url: Type.String(),
  headers: Type.Unsafe<Record<string, string | string[]>>(
    Type.Object({}, { additionalProperties: Type.Union([Type.String(), Type.Array(Type.String())]) }),
  ),
})

export const SubscriptionPost = Type.Object({
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
})
export type SubscriptionPost = Static<typeof SubscriptionPost>

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
})
export type RequestAttemptsQuery = Static<typeof RequestAttemptsQuery>

// -- answers ---------------------------------------------------------------------------------------------------------

export const IngestedEvent = Type.Object({
  application_id: Type.String(),
  event_id: Type.String(),
  received_at: Timestamp,
})

export type IngestedEvent = Static<typeof IngestedEvent>

export const EventTypeAnswer = Type.Object({
  service_name: Type.String(),
  resource_type_name: Type.String(),
  verb_name: Type.String(),
  event_type_name: Type.String(),
})
export type EventTypeAnswer = Static<typeof EventTypeAnswer>

export const EventAnswer = Type.Object({
  event_id: Type.String(),
  event_type_name: Type.String(),
  payload_content_type: Type.String(),
  ip: Type.String(),
  metadata: TextMap,
  occurred_at: Timestamp,
  received_at: Timestamp,
  labels: TextMap,
})
export type EventAnswer = Static<typeof EventAnswer>

export const EventWithPayload = Type.Object({
  ...EventAnswer.properties,
  payload: Type.String({ description: 'Base64' }),
})
export type EventWithPayload = Static<typeof EventWithPayload>

export const SubscriptionAnswer = Type.Object({
  application_id: Type.String(),
  subscription_id: Type.String(),
  is_enabled: Type.Boolean(),
  event_types: Type.Array(Type.String()),
  description: nullable(Type.String()),
  secret: Type.String(),
  metadata: TextMap,
  label_key: Type.String(),
  label_value: Type.String(),
  labels: TextMap,
  target: Type.Object({ type: Type.Literal('http'), method: Type.String(), url: Type.String(), headers: TextMap }),
  created_at: Timestamp,
  updated_at: Timestamp,
  dedicated_workers: Type.Array(Type.String()),
  max_retries: nullable(Type.Integer()),
})
export type SubscriptionAnswer = Static<typeof SubscriptionAnswer>

export const AttemptStatus = Type.Object({
  type: Type.Enum(['waiting', 'pending', 'in_progress', 'successful', 'failed']),
  since: Type.Optional(Timestamp),
  until: Type.Optional(Timestamp),
  at: Type.Optional(Timestamp),
  full_processing_ms: Type.Optional(Type.Integer()),
})
export type AttemptStatus = Static<typeof AttemptStatus>

export const RequestAttempt = Type.Object({
  request_attempt_id: Type.String(),
  event_id: Type.String(),
  event: Type.Object({ event_id: Type.String(), event_type_name: Type.String() }),
  subscription: Type.Object({ subscription_id: Type.String(), description: nullable(Type.String()) }),
  created_at: Timestamp,
  picked_at: nullable(Timestamp),
  failed_at: nullable(Timestamp),
  succeeded_at: nullable(Timestamp),
  delay_until: nullable(Timestamp),
  response_id: nullable(Type.String()),
  retry_count: Type.Integer(),
  http_response_status: nullable(Type.Integer()),
  status: AttemptStatus,
  attempt_number: Type.Integer(),
  status_code: nullable(Type.Integer()),
  error_message: nullable(Type.String()),
  duration_ms: nullable(Type.Integer()),
  outcome: nullable(Type.String()),
  delivery_id: Type.String(),
  next_attempt_at: nullable(Timestamp),
})
export type RequestAttempt = Static<typeof RequestAttempt>

export const ResponseAnswer = Type.Object({
  response_id: Type.String(),
  response_error_name: nullable(Type.String()),
  http_code: nullable(Type.Integer()),
  headers: nullable(TextMap),
  body: nullable(Type.String()),
  elapsed_time_ms: nullable(Type.Integer()),
  is_body_cut: Type.Boolean(),
})
export type ResponseAnswer = Static<typeof ResponseAnswer>

const Integers = <const Names extends readonly string[]>(names: Names) =>
  Type.Object(Object.fromEntries(names.map((name) => [name, Type.Integer()])) as Record<Names[number], Type.TInteger>)

export const QuotasResponse = Type.Object({
  enabled: Type.Boolean(),
  limits: Integers([
    'global_members_per_organization_limit',
    'global_applications_per_organization_limit',
    'global_events_per_day_limit',
    'global_days_of_events_retention_limit',
    'global_subscriptions_per_application_limit',
    'global_event_types_per_application_limit',
  ]),
})
export type QuotasResponse = Static<typeof QuotasResponse>

export const InstanceConfig = Type.Object({
  biscuit_public_key: Type.String(),
  registration_disabled: Type.Boolean(),
  password_minimum_length: Type.Integer(),
  auto_db_migration: Type.Boolean(),
  application_secret_compatibility: Type.Boolean(),
  quota_enforcement: Type.Boolean(),
  matomo: nullable(Type.Object({ url: Type.String(), site_id: Type.Integer() })),
  formbricks: nullable(Type.Object({ api_host: Type.String(), environment_id: Type.String() })),
  support_email_address: Type.String(),
  cloudflare_turnstile_site_key: nullable(Type.String()),
})
export type InstanceConfig = Static<typeof InstanceConfig>

export const EnvironmentVariable = Type.Object({
  name: Type.String(),
  env_var: Type.String(),
  description: nullable(Type.String()),
  default: nullable(Type.String()),
  sensitive: Type.Boolean(),
  required: Type.Boolean(),
  group: nullable(Type.String()),
})
export type EnvironmentVariable = Static<typeof EnvironmentVariable>

export const Problem = Type.Object({
  type: Type.String(),
  id: Type.String(),
  title: Type.String(),
  detail: Type.String(),
  status: Type.Integer(),
  validation: nullable(Type.Record(Type.String(), Type.Unknown())),
})
