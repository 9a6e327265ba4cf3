import { Type } from 'typebox'
import { EnvironmentVariable, InstanceConfig, QuotasResponse } from '#shared/contract/schemas.ts'
import { SETTINGS } from '#shared/runtime/config.ts'
import type { GatewayServer } from '../app.ts'

/** Quotas are not enforced yet, and that is what the answer says; no limit is the contract's largest number. */
const NO_LIMIT = 2_147_483_647

const QUOTAS: QuotasResponse = {
  enabled: false,
  limits: {
    global_members_per_organization_limit: NO_LIMIT,
    global_applications_per_organization_limit: NO_LIMIT,
    global_events_per_day_limit: NO_LIMIT,
    global_days_of_events_retention_limit: NO_LIMIT,
    global_subscriptions_per_application_limit: NO_LIMIT,
    global_event_types_per_application_limit: NO_LIMIT,
  },
}

/** Tokens are opaque here, so there is no key that they could be attenuated with. */
const INSTANCE: InstanceConfig = {
  biscuit_public_key: '',
  registration_disabled: true,
  password_minimum_length: 12,
  auto_db_migration: true,
  application_secret_compatibility: true,
  quota_enforcement: false,
  matomo: null,
  formbricks: null,
  support_email_address: '',
  cloudflare_turnstile_site_key: null,
}

/** What a client may know about this installation, without a credential. */
export function registerInstanceRoutes(server: GatewayServer): void {
  const isPublic = { config: { isPublic: true } } as const
  const tags = ['Instance']

  server.get(
    '/instance',
    { ...isPublic, schema: { operationId: 'instance.get', tags, response: { 200: InstanceConfig } } },
    async () => INSTANCE,
  )

  server.get(
    '/quotas',
    { ...isPublic, schema: { operationId: 'quotas.get', tags, response: { 200: QuotasResponse } } },
    async () => QUOTAS,
  )

  const variables = environmentVariables()
  server.get(
    '/environment_variables',
    {
      ...isPublic,
      schema: { operationId: 'environmentVariables.list', tags, response: { 200: Type.Array(EnvironmentVariable) } },
    },
    async () => variables,
  )
}

interface SettingDescription {
  type?: unknown
  anyOf?: unknown
  description?: string
  default?: unknown
  group?: string
  sensitive?: boolean
}

/** The table of settings in the contract's form. */
function environmentVariables(): EnvironmentVariable[] {
  return Object.entries<SettingDescription>(SETTINGS.properties).map(([name, setting]) => ({
    name: name.toLowerCase(),
    env_var: name,
    description: setting.description ?? null,
    default: setting.default === undefined || setting.default === '' ? null : String(setting.default),
    sensitive: setting.sensitive ?? false,
    required: false,
    group: setting.group ?? null,
  }))
}
