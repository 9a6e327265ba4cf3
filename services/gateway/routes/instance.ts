import { Type } from 'typebox'
import { EnvironmentVariable, InstanceConfig, QuotasResponse } from '#shared/contract/schemas.ts'
import { SETTINGS } from '#shared/runtime/config.ts'
import type { GatewayServer } from '../app.ts'
import type { GatewayConfig } from '../config.ts'
import { route } from './route.ts'

/** What a client may know about this installation, without a credential. */
export function registerInstanceRoutes(server: GatewayServer, { config }: { config: GatewayConfig }): void {
  const tags = ['Instance']
  const instance = instanceOf(config)
  const quotas = quotasOf(config)
  const variables = environmentVariables()

  server.get(
    '/instance',
    route('public', {
      operationId: 'instance.get',
      tags,
      summary: 'Get what clients may know of this server',
      response: { 200: InstanceConfig },
    }),
    async () => instance,
  )

  server.get(
    '/quotas',
    route('public', {
      operationId: 'quotas.get',
      tags,
      summary: 'Get the quotas of this server, enforced or not',
      response: { 200: QuotasResponse },
    }),
    async () => quotas,
  )

  server.get(
    '/environment_variables',
    route('public', {
      operationId: 'environmentVariables.list',
      tags,
      summary: 'List the settings of this server',
      response: { 200: Type.Array(EnvironmentVariable) },
    }),
    async () => variables,
  )
}

/** Tokens are opaque here, so there is no key that they could be attenuated with. */
function instanceOf({ auth, quotas, mail }: GatewayConfig): InstanceConfig {
  return {
    biscuit_public_key: '',
    registration_disabled: auth.isRegistrationDisabled,
    password_minimum_length: auth.passwordMinimumLength,
    auto_db_migration: true,
    application_secret_compatibility: auth.areApplicationSecretsTaken,
    quota_enforcement: quotas.isEnforced,
    matomo: null,
    formbricks: null,
    support_email_address: mail.supportAddress,
    cloudflare_turnstile_site_key: null,
  }
}

function quotasOf({ quotas }: GatewayConfig): QuotasResponse {
  return {
    enabled: quotas.isEnforced,
    limits: {
      global_members_per_organization_limit: quotas.members,
      global_applications_per_organization_limit: quotas.applications,
      global_events_per_day_limit: quotas.eventsPerDay,
      global_days_of_events_retention_limit: quotas.daysOfEventsRetention,
      global_subscriptions_per_application_limit: quotas.subscriptionsPerApplication,
      global_event_types_per_application_limit: quotas.eventTypesPerApplication,
    },
  }
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
