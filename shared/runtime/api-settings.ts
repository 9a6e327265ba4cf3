import { Type } from 'typebox'
import { flag, integer, type SettingExtras, text } from './setting.ts'

const LIMIT_MAX = 2_147_483_647
const quota = (defaultValue: number, what: string) =>
  integer(defaultValue, { minimum: 0, maximum: LIMIT_MAX }, { group: 'Quotas', description: `Quota: ${what}` })
const burst = (defaultValue: number, of: string) =>
  integer(
    defaultValue,
    { minimum: 1, maximum: 10_000_000 },
    { group: 'Rate Limiting', description: `Requests ${of} that may come at once` },
  )
const period = (defaultValue: number, of: string) =>
  Type.Number({
    default: defaultValue,
    minimum: 0.001,
    maximum: 3_600_000,
    group: 'Rate Limiting',
    description: `Milliseconds after which one more request ${of} is allowed`,
  } satisfies SettingExtras & Record<string, unknown>)
const off = (of: string) => flag(false, { group: 'Rate Limiting', description: `Switches ${of} off` })

/** Settings of the API beyond where it listens: accounts, mail, quotas, rate limits. */
export const API_SETTINGS = {
  MASTER_API_KEY: text('', {
    group: 'Auth',
    sensitive: true,
    description: 'UUID that may do everything but what only users can; not set: there is none',
  }),
  ENABLE_APPLICATION_SECRET_COMPATIBILITY: flag(true, {
    group: 'Auth',
    description: 'Whether application secrets are taken as credentials',
  }),
  DISABLE_REGISTRATION: flag(false, { group: 'Auth', description: 'Whether new users are refused' }),
  PASSWORD_MINIMUM_LENGTH: integer(
    12,
    { minimum: 8, maximum: 100 },
    { group: 'Auth', description: 'Characters that a password must have at the least' },
  ),
  ACCESS_TOKEN_LIFETIME_MS: integer(
    300_000,
    { minimum: 1_000, maximum: 86_400_000 },
    { group: 'Auth', description: 'Milliseconds that a user access token is valid' },
  ),
  REFRESH_TOKEN_LIFETIME_MS: integer(
    1_800_000,
    { minimum: 1_000, maximum: 2_592_000_000 },
    { group: 'Auth', description: 'Milliseconds that a refresh token is valid' },
  ),
  SMTP_URL: text('', {
    group: 'Email',
    sensitive: true,
    description: 'SMTP server, such as smtps://user:password@host; not set: no mail, users are verified at once',
  }),
  EMAIL_SENDER_ADDRESS: text('', { group: 'Email', description: 'Address that mails come from' }),
  EMAIL_SENDER_NAME: text('jethook', { group: 'Email', description: 'Name that mails come from' }),
  SUPPORT_EMAIL_ADDRESS: text('', { group: 'Email', description: 'Address that users are shown for help' }),
  ENABLE_DISABLED_SUBSCRIPTION_MAILS: flag(true, {
    group: 'Email',
    description: 'Whether editors are told by mail when jethook disables a subscription',
  }),
  ENABLE_QUOTA_ENFORCEMENT: flag(false, { group: 'Quotas', description: 'Whether quotas are enforced' }),
  QUOTA_GLOBAL_MEMBERS_PER_ORGANIZATION_LIMIT: quota(1, 'members of an organization'),
  QUOTA_GLOBAL_APPLICATIONS_PER_ORGANIZATION_LIMIT: quota(1, 'applications of an organization'),
  QUOTA_GLOBAL_EVENTS_PER_DAY_LIMIT: quota(100, 'events of an organization on a day (UTC)'),
  QUOTA_GLOBAL_DAYS_OF_EVENTS_RETENTION_LIMIT: quota(7, 'days that events are kept'),
  QUOTA_GLOBAL_SUBSCRIPTIONS_PER_APPLICATION_LIMIT: quota(10, 'subscriptions of an application'),
  QUOTA_GLOBAL_EVENT_TYPES_PER_APPLICATION_LIMIT: quota(10, 'event types of an application'),
  ENABLE_QUOTA_BASED_EMAIL_NOTIFICATIONS: flag(false, {
    group: 'Quotas',
    description: 'Whether members are warned by mail when the events of a day run out',
  }),
  QUOTA_NOTIFICATION_EVENTS_PER_DAY_THRESHOLD: integer(
    80,
    { minimum: 1, maximum: 100 },
    { group: 'Quotas', description: 'Percent of the events of a day at which members are warned' },
  ),
  DISABLE_API_RATE_LIMITING: off('all rate limits'),
  DISABLE_API_RATE_LIMITING_GLOBAL: off('the global rate limit'),
  DISABLE_API_RATE_LIMITING_IP: off('the rate limit of each address'),
  DISABLE_API_RATE_LIMITING_TOKEN: off('the rate limit of each token'),
  API_RATE_LIMITING_GLOBAL_BURST_SIZE: burst(2_000, 'in all'),
  API_RATE_LIMITING_GLOBAL_REPLENISH_PERIOD_IN_MS: period(1, 'in all'),
  API_RATE_LIMITING_IP_BURST_SIZE: burst(200, 'of one address'),
  API_RATE_LIMITING_IP_REPLENISH_PERIOD_IN_MS: period(10, 'of one address'),
  API_RATE_LIMITING_TOKEN_BURST_SIZE: burst(20, 'of one token'),
  API_RATE_LIMITING_TOKEN_REPLENISH_PERIOD_IN_MS: period(100, 'of one token'),
  API_RATE_LIMITING_INGEST_BURST_SIZE: burst(100_000, 'that post events with one token'),
  API_RATE_LIMITING_INGEST_REPLENISH_PERIOD_IN_MS: period(0.02, 'that posts events with one token'),
  ENABLE_SECURITY_HEADERS: flag(true, { group: 'Web Server', description: 'Whether answers carry security headers' }),
  ENABLE_HSTS_HEADER: flag(false, {
    group: 'Web Server',
    description: 'Whether browsers are told to come by https only (Strict-Transport-Security)',
  }),
  OVERLOAD_EVENT_LOOP_DELAY_MS: integer(
    2_000,
    { minimum: 0, maximum: 60_000 },
    {
      group: 'Web Server',
      description: 'Milliseconds that the event loop may lag before requests are answered 503; 0: never',
    },
  ),
  SCHEMA_CHECK_TIMEOUT_MS: integer(
    500,
    { minimum: 10, maximum: 10_000 },
    { group: 'Web Server', description: 'Milliseconds that checking a payload against its JSON Schema may take' },
  ),
}
