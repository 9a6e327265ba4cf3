import { type Static, Type } from 'typebox'
import { Int32, nullable, Timestamp, Uuid, UuidAnswer } from './primitives.ts'

const Email = Type.String({ examples: ['ada@example.com'] })
const Password = Type.String({ 'x-format': 'password' })
const RoleName = Type.String({ examples: ['editor'], description: 'viewer or editor' })
const OrganizationName = Type.String({ examples: ['Acme'], description: '2 to 50 characters' })

// -- users -----------------------------------------------------------------------------------------------------------

export const LoginPost = Type.Object({ email: Email, password: Password }, { title: 'LoginPost' })

export const LoginAnswer = Type.Object(
  {
    access_token: Type.String(),
    access_token_expiration: Timestamp,
    refresh_token: Type.String(),
    refresh_token_expiration: Timestamp,
    user_id: UuidAnswer,
    email: Email,
    first_name: Type.String(),
    last_name: Type.String(),
  },
  { title: 'LoginResponse' },
)
export type LoginAnswer = Static<typeof LoginAnswer>

export const RegistrationPost = Type.Object(
  {
    first_name: Type.String({ examples: ['Ada'] }),
    last_name: Type.String({ examples: ['Lovelace'] }),
    email: Email,
    password: Password,
    turnstile_token: Type.Optional(nullable(Type.String())),
    gclid: Type.Optional(nullable(Type.String())),
    signup_channel: Type.Optional(nullable(Type.String())),
  },
  { title: 'RegistrationPost' },
)
export type RegistrationPost = Static<typeof RegistrationPost>

export const RegistrationAnswer = Type.Object(
  { organization_id: UuidAnswer, user_id: UuidAnswer },
  { title: 'Registration' },
)

export const EmailPost = Type.Object({ email: Email }, { title: 'EmailPost' })
export const TokenPost = Type.Object({ token: Type.String() }, { title: 'TokenPost' })
export const OneTimeCodePost = Type.Object(
  { code: Type.String({ description: 'What stands behind #/enter/ in the link', examples: ['jhsi_…'] }) },
  { title: 'OneTimeCodePost' },
)
export const NewPasswordPost = Type.Object({ new_password: Password }, { title: 'NewPasswordPost' })
export const ResetPasswordPost = Type.Object(
  { token: Type.String(), new_password: Password },
  { title: 'ResetPasswordPost' },
)
export const DeleteUserPost = Type.Object({ password: Password }, { title: 'DeleteUserPost' })

// -- organizations ---------------------------------------------------------------------------------------------------

const Plan = nullable(Type.Object({ name: Type.String(), label: Type.String() }))
const Step = Type.Enum(['ToDo', 'Done'])

export const OrganizationPost = Type.Object({ name: OrganizationName }, { title: 'OrganizationPost' })
export type OrganizationPost = Static<typeof OrganizationPost>

export const OrganizationAnswer = Type.Object(
  { organization_id: UuidAnswer, name: OrganizationName, role: RoleName, plan: Plan },
  { title: 'Organization' },
)
export type OrganizationAnswer = Static<typeof OrganizationAnswer>

export const OrganizationInfo = Type.Object(
  {
    organization_id: UuidAnswer,
    name: OrganizationName,
    plan: Plan,
    users: Type.Array(
      Type.Object({
        user_id: UuidAnswer,
        email: Email,
        first_name: Type.String(),
        last_name: Type.String(),
        role: RoleName,
      }),
    ),
    quotas: Type.Object({
      members_per_organization_limit: Int32,
      applications_per_organization_limit: Int32,
      events_per_day_limit: Int32,
      days_of_events_retention_limit: Int32,
    }),
    consumption: Type.Object({
      members: Type.Integer({ 'x-format': 'int64' }),
      applications: Type.Integer({ 'x-format': 'int64' }),
      events_per_day: Type.Integer({ 'x-format': 'int64' }),
    }),
    onboarding_steps: Type.Object({ application: Step, event_type: Step, subscription: Step, event: Step }),
  },
  { title: 'OrganizationInfo' },
)
export type OrganizationInfo = Static<typeof OrganizationInfo>

export const InvitePost = Type.Object({ email: Email, role: RoleName }, { title: 'InvitePost' })
export const RevokePost = Type.Object({ user_id: Uuid }, { title: 'RevokePost' })
export const EditRolePost = Type.Object({ user_id: Uuid, role: RoleName }, { title: 'EditRolePost' })

const Quota = Type.Optional(nullable(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })))
export const OrganizationQuotasPut = Type.Object(
  {
    members_per_organization_limit: Quota,
    applications_per_organization_limit: Quota,
    events_per_day_limit: Quota,
    days_of_events_retention_limit: Quota,
    subscriptions_per_application_limit: Quota,
    event_types_per_application_limit: Quota,
  },
  { title: 'OrganizationQuotasPut', description: 'null or absent: the default of the server' },
)
export type OrganizationQuotasPut = Static<typeof OrganizationQuotasPut>

export const ApplicationQuotasPut = Type.Object(
  {
    events_per_day_limit: Quota,
    days_of_events_retention_limit: Quota,
    days_of_attempts_retention_limit: Quota,
    days_of_dead_letters_retention_limit: Quota,
  },
  { title: 'ApplicationQuotasPut', description: 'null or absent: the limit of the organization' },
)
export type ApplicationQuotasPut = Static<typeof ApplicationQuotasPut>

// -- service tokens, applications and their secrets ------------------------------------------------------------------

export const ServiceTokenPost = Type.Object(
  { organization_id: Uuid, name: Type.String({ examples: ['CI'], description: '1 to 50 characters' }) },
  { title: 'ServiceTokenPost' },
)
export const ServiceTokenAnswer = Type.Object(
  {
    token_id: UuidAnswer,
    name: Type.String(),
    biscuit: Type.String({ description: 'The token itself, opaque', examples: ['jhst_…'] }),
    created_at: Timestamp,
  },
  { title: 'ServiceToken' },
)
export type ServiceTokenAnswer = Static<typeof ServiceTokenAnswer>

export const ApplicationPost = Type.Object(
  { organization_id: Uuid, name: Type.String({ examples: ['Shop'], description: '2 to 50 characters' }) },
  { title: 'ApplicationPost' },
)
export type ApplicationPost = Static<typeof ApplicationPost>

export const ApplicationAnswer = Type.Object(
  {
    application_id: UuidAnswer,
    organization_id: UuidAnswer,
    name: Type.String({ examples: ['Shop'] }),
    is_operational: Type.Optional(
      Type.Boolean({ description: "There and true: it holds jethook's own events, see docs/operational-webhooks.md" }),
    ),
  },
  { title: 'Application' },
)
export type ApplicationAnswer = Static<typeof ApplicationAnswer>

export const ApplicationInfo = Type.Object(
  {
    application_id: UuidAnswer,
    organization_id: UuidAnswer,
    name: Type.String({ examples: ['Shop'] }),
    is_operational: Type.Optional(Type.Boolean()),
    quotas: Type.Object({ events_per_day_limit: Int32, days_of_events_retention_limit: Int32 }),
    consumption: Type.Object({ events_per_day: Int32 }),
    onboarding_steps: Type.Object({ event_type: Step, subscription: Step, event: Step }),
  },
  { title: 'ApplicationInfo' },
)
export type ApplicationInfo = Static<typeof ApplicationInfo>

export const ApplicationSecretPost = Type.Object(
  { application_id: Uuid, name: Type.Optional(nullable(Type.String({ description: 'up to 50 characters' }))) },
  { title: 'ApplicationSecretPost' },
)
export type ApplicationSecretPost = Static<typeof ApplicationSecretPost>

export const ApplicationSecretAnswer = Type.Object(
  {
    name: nullable(Type.String()),
    token: UuidAnswer,
    created_at: Timestamp,
    deleted_at: nullable(Timestamp),
  },
  { title: 'ApplicationSecret' },
)
export type ApplicationSecretAnswer = Static<typeof ApplicationSecretAnswer>

export const OfOrganization = Type.Object({ organization_id: Uuid })

// -- counts and the audit log ----------------------------------------------------------------------------------------

export const EventsPerDayEntry = Type.Object(
  {
    application_id: UuidAnswer,
    application_name: Type.String(),
    date: Type.String({ 'x-format': 'date', examples: ['2026-01-31'] }),
    amount: Int32,
    is_provisional: Type.Boolean({ description: 'The day is not over' }),
  },
  { title: 'EventsPerDayEntry' },
)
export type EventsPerDayEntry = Static<typeof EventsPerDayEntry>

const AnyObject = Type.Unsafe<Record<string, unknown>>(Type.Object({}, { additionalProperties: true }))

export const AUDIT_ACTIONS = [
  'created',
  'updated',
  'deleted',
  'revealed',
  'replayed',
  'withdrawn',
  'cancelled',
  'skipped',
] as const

export const AuditEntryAnswer = Type.Object(
  {
    audit_id: Type.String({ description: 'Grows with time' }),
    at: Timestamp,
    actor: Type.Object({ kind: Type.String({ examples: ['user'] }), id: Type.String(), name: nullable(Type.String()) }),
    action: Type.Enum([...AUDIT_ACTIONS]),
    resource: Type.Object({
      kind: Type.String({ examples: ['subscription'] }),
      id: Type.String(),
      application_id: nullable(Type.String()),
    }),
    changes: Type.Array(Type.Object({ field: Type.String(), before: Type.Unknown(), after: Type.Unknown() }), {
      description: 'What differs from the state before; secrets are never shown',
    }),
    state: AnyObject,
  },
  { title: 'AuditEntry' },
)
export type AuditEntryAnswer = Static<typeof AuditEntryAnswer>
