import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseUuid } from '#shared/domain/ids.ts'
import type { RateLimit } from '#shared/domain/rate-limit.ts'
import type { TargetRules } from '#shared/domain/target-url.ts'
import { type Settings, SettingsError } from '#shared/runtime/config.ts'
import { type MailConfig, mailConfig } from '#shared/runtime/mail/mail-config.ts'
import type { ResolverOptions } from '#shared/runtime/sender/resolver.ts'
import { resolverOptions } from '#shared/runtime/sender/sender-config.ts'
import { targetRules } from '#shared/runtime/target-rules.ts'

/** Where a build leaves the dashboard. */
const BUILT_DASHBOARD = fileURLToPath(new URL('../../dashboard/dist', import.meta.url))

export interface GatewayConfig {
  host: string
  port: number
  /** Base of links in answers; null: wherever it listens. */
  appUrl: string | null
  corsOrigins: string[]
  /** Directory of all local state. */
  home: string
  /** Absolute. */
  dashboardFolder: string
  trustedProxies: string[]
  readYourWritesTimeoutMs: number
  duplicateWindowMs: number
  /** For how long EVENTS keeps an event. */
  eventsKeptMs: number
  /** Of redrives and replays that don't say it. */
  jobRatePerSecond: number
  /** After so long an event that isn't on disk is given up. */
  appendTimeoutMs: number
  shutdownTimeoutMs: number
  /** A receiver of a test delivery has so long, unless its subscription says otherwise. */
  deliveryTimeoutMs: number
  /** Null: there is no health check; empty: it is open to all. */
  healthCheckKey: string | null
  laneCount: number
  hasSecurityHeaders: boolean
  hasHstsHeader: boolean
  /** 0: requests are never refused for it. */
  overloadDelayMs: number
  schemaCheckTimeoutMs: number
  auth: AuthConfig
  mail: MailConfig
  quotas: QuotaConfig
  rateLimits: RateLimits
  targets: TargetsConfig
  /** Whether what messages say of their publishers was written by the server. */
  isRequestInfoTrusted: boolean
}

/** Where subscriptions may lead. */
export interface TargetsConfig {
  rules: TargetRules
  /** Null: names are not looked up here. */
  dns: ResolverOptions | null
}

export interface AuthConfig {
  /** A UUID in its usual form, or null. */
  masterKey: string | null
  areApplicationSecretsTaken: boolean
  isRegistrationDisabled: boolean
  passwordMinimumLength: number
  accessTokenLifetimeMs: number
  refreshTokenLifetimeMs: number
}

export interface QuotaConfig {
  isEnforced: boolean
  members: number
  applications: number
  eventsPerDay: number
  daysOfEventsRetention: number
  subscriptionsPerApplication: number
  eventTypesPerApplication: number
  /** Percent of the events of a day at which an organisation is warned. */
  warningThreshold: number
  /** Whether the warning is also sent by mail. */
  areWarningsMailed: boolean
}

/** Null: there is no such limit. */
export interface RateLimits {
  global: RateLimit | null
  ip: RateLimit | null
  token: RateLimit | null
  ingest: RateLimit | null
}

/** @throws {SettingsError} when a setting can't be used. */
export function gatewayConfig(settings: Settings): GatewayConfig {
  return {
    host: settings.IP,
    port: settings.PORT,
    appUrl: settings.APP_URL || null,
    home: resolve(settings.JETHOOK_HOME),
    dashboardFolder: settings.DASHBOARD_FOLDER === '' ? BUILT_DASHBOARD : resolve(settings.DASHBOARD_FOLDER),
    corsOrigins: listOf(settings.CORS_ALLOWED_ORIGINS),
    trustedProxies: listOf(settings.REVERSE_PROXY_IPS),
    readYourWritesTimeoutMs: settings.READ_YOUR_WRITES_TIMEOUT_MS,
    duplicateWindowMs: settings.DUPLICATE_WINDOW_MS,
    jobRatePerSecond: settings.JOB_RATE_PER_SECOND,
    eventsKeptMs: settings.EVENTS_MAX_AGE_DAYS * 24 * 60 * 60 * 1_000,
    appendTimeoutMs: settings.APPEND_TIMEOUT_MS,
    shutdownTimeoutMs: settings.SHUTDOWN_TIMEOUT_MS,
    deliveryTimeoutMs: settings.DELIVERY_TIMEOUT_MS,
    healthCheckKey: settings.HEALTH_CHECK_KEY ?? null,
    laneCount: settings.LANES,
    isRequestInfoTrusted: settings.NATS_REQUEST_INFO_TRUSTED,
    hasSecurityHeaders: settings.ENABLE_SECURITY_HEADERS,
    hasHstsHeader: settings.ENABLE_HSTS_HEADER,
    overloadDelayMs: settings.OVERLOAD_EVENT_LOOP_DELAY_MS,
    schemaCheckTimeoutMs: settings.SCHEMA_CHECK_TIMEOUT_MS,
    auth: authConfig(settings),
    mail: mailConfig(settings),
    quotas: quotaConfig(settings),
    rateLimits: rateLimits(settings),
    targets: {
      rules: targetRules(settings),
      // Behind a proxy names mean what they mean to the proxy.
      dns: settings.EGRESS_PROXY_URL === '' ? resolverOptions(settings) : null,
    },
  }
}

function authConfig(settings: Settings): AuthConfig {
  const masterKey = parseUuid(settings.MASTER_API_KEY)
  if (settings.MASTER_API_KEY !== '' && masterKey === null)
    throw new SettingsError('Settings: MASTER_API_KEY must be a UUID.')
  return {
    masterKey,
    areApplicationSecretsTaken: settings.ENABLE_APPLICATION_SECRET_COMPATIBILITY,
    isRegistrationDisabled: settings.DISABLE_REGISTRATION,
    passwordMinimumLength: settings.PASSWORD_MINIMUM_LENGTH,
    accessTokenLifetimeMs: settings.ACCESS_TOKEN_LIFETIME_MS,
    refreshTokenLifetimeMs: settings.REFRESH_TOKEN_LIFETIME_MS,
  }
}

function quotaConfig(settings: Settings): QuotaConfig {
  return {
    isEnforced: settings.ENABLE_QUOTA_ENFORCEMENT,
    members: settings.QUOTA_GLOBAL_MEMBERS_PER_ORGANIZATION_LIMIT,
    applications: settings.QUOTA_GLOBAL_APPLICATIONS_PER_ORGANIZATION_LIMIT,
    eventsPerDay: settings.QUOTA_GLOBAL_EVENTS_PER_DAY_LIMIT,
    daysOfEventsRetention: settings.QUOTA_GLOBAL_DAYS_OF_EVENTS_RETENTION_LIMIT,
    subscriptionsPerApplication: settings.QUOTA_GLOBAL_SUBSCRIPTIONS_PER_APPLICATION_LIMIT,
    eventTypesPerApplication: settings.QUOTA_GLOBAL_EVENT_TYPES_PER_APPLICATION_LIMIT,
    warningThreshold: settings.QUOTA_NOTIFICATION_EVENTS_PER_DAY_THRESHOLD,
    areWarningsMailed: settings.ENABLE_QUOTA_BASED_EMAIL_NOTIFICATIONS,
  }
}

function rateLimits(settings: Settings): RateLimits {
  const isOff = settings.DISABLE_API_RATE_LIMITING
  const limit = (burst: number, periodMs: number, isThisOff: boolean) =>
    isOff || isThisOff ? null : { burst, periodMs }
  return {
    global: limit(
      settings.API_RATE_LIMITING_GLOBAL_BURST_SIZE,
      settings.API_RATE_LIMITING_GLOBAL_REPLENISH_PERIOD_IN_MS,
      settings.DISABLE_API_RATE_LIMITING_GLOBAL,
    ),
    ip: limit(
      settings.API_RATE_LIMITING_IP_BURST_SIZE,
      settings.API_RATE_LIMITING_IP_REPLENISH_PERIOD_IN_MS,
      settings.DISABLE_API_RATE_LIMITING_IP,
    ),
    token: limit(
      settings.API_RATE_LIMITING_TOKEN_BURST_SIZE,
      settings.API_RATE_LIMITING_TOKEN_REPLENISH_PERIOD_IN_MS,
      settings.DISABLE_API_RATE_LIMITING_TOKEN,
    ),
    ingest: limit(
      settings.API_RATE_LIMITING_INGEST_BURST_SIZE,
      settings.API_RATE_LIMITING_INGEST_REPLENISH_PERIOD_IN_MS,
      settings.DISABLE_API_RATE_LIMITING_TOKEN,
    ),
  }
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
