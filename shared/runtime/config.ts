import { envSchema } from 'env-schema'
import { type Static, Type } from 'typebox'
import { API_SETTINGS } from './api-settings.ts'
import { MONITORING_SETTINGS } from './monitoring-settings.ts'
import { NATS_SETTINGS } from './nats-settings.ts'
import { flag, integer, text } from './setting.ts'
import { TARGET_SETTINGS } from './target-settings.ts'

/**
 * Every setting that jethook reads from its environment: the one table behind parsing, defaults, units, the start-up
 * check and `GET /environment_variables`. An empty default means "not set".
 */
export const SETTINGS = Type.Object({
  IP: text('127.0.0.1', { group: 'Web Server', description: 'Address to listen on' }),
  PORT: integer(
    8081,
    { minimum: 0, maximum: 65535 },
    { group: 'Web Server', description: 'Port to listen on; 0 picks a free one' },
  ),
  APP_URL: text('', { group: 'Web Server', description: 'Public base URL, used in links; default http://IP:PORT' }),
  DASHBOARD_FOLDER: text('', {
    group: 'Web Server',
    description: "Folder of the built dashboard, served at /; default: the one that the project's own build makes",
  }),
  CORS_ALLOWED_ORIGINS: text('', {
    group: 'Web Server',
    description: 'Comma separated origins that browsers may call from',
  }),
  REVERSE_PROXY_IPS: text('', {
    group: 'Web Server',
    description: 'Comma separated proxy addresses or CIDRs whose X-Forwarded-For is trusted',
  }),
  ...API_SETTINGS,
  JETHOOK_HOME: text('./.jethook', {
    group: 'General',
    description: 'Directory of all local state, readable by its owner only',
  }),
  JETHOOK_SECRET_KEY: text('', {
    group: 'Auth',
    sensitive: true,
    description:
      'Keys that seal stored secrets, the current one first: 32 bytes in base64 each, comma separated; default: made once in JETHOOK_HOME/keys',
  }),
  DATABASE_URL: text('', {
    group: 'Database',
    sensitive: true,
    description: 'Postgres connection URL; not set: an embedded server is started',
  }),
  NATS_URL: text('', {
    group: 'NATS',
    sensitive: true,
    description:
      'NATS connection URL with credentials, or those of several servers of one cluster, comma separated; not set: an embedded server is started',
  }),
  ...NATS_SETTINGS,
  STREAM_REPLICAS: Type.Union([Type.Literal(1), Type.Literal(3), Type.Literal(5)], {
    default: 1,
    group: 'NATS',
    description: 'Servers of a NATS cluster that keep a copy of every stream: 1, 3 or 5; never lowered once used',
  }),
  EVENTS_MAX_AGE_DAYS: integer(
    30,
    { minimum: 1, maximum: 3650 },
    { group: 'NATS', description: 'Days that events are kept in the stream EVENTS' },
  ),
  LEDGER_MAX_AGE_DAYS: integer(
    90,
    { minimum: 1, maximum: 3650 },
    { group: 'NATS', description: 'Days that delivery and attempt facts are kept in the stream LEDGER' },
  ),
  INBOX_MAX_MESSAGES: integer(
    1_000_000,
    { minimum: 100, maximum: 1_000_000_000 },
    {
      group: 'NATS',
      description: 'Events published over NATS that may wait to be taken; further ones are refused to their publisher',
    },
  ),
  INBOX_MAX_MESSAGES_PER_SUBJECT: integer(
    100_000,
    { minimum: 10, maximum: 1_000_000_000 },
    { group: 'NATS', description: 'As many of one application and event type' },
  ),
  NATS_REQUEST_INFO_TRUSTED: flag(false, {
    group: 'NATS',
    description:
      'Whether address and name of who requests ingest.… are taken from the header Nats-Request-Info: only where all of them are in another account, whose import has share: true',
  }),
  ENABLE_OUTCOME_EVENTS: flag(true, {
    group: 'NATS',
    description: 'Whether applications are told on NATS what becomes of their events (out.<application_id>.>)',
  }),
  LANES: integer(
    16,
    { minimum: 1, maximum: 64 },
    { group: 'Delivery', description: 'Lanes that deliveries are spread over by subscription; fixed once used' },
  ),
  DELIVERY_CONCURRENCY: integer(
    512,
    { minimum: 1, maximum: 16384 },
    { group: 'Delivery', description: 'Requests that one process has under way at the most' },
  ),
  SUBSCRIPTION_CONCURRENCY: integer(
    64,
    { minimum: 1, maximum: 4096 },
    { group: 'Delivery', description: 'Requests that one process has under way to one subscription at the most' },
  ),
  ORIGIN_CONCURRENCY: integer(
    256,
    { minimum: 1, maximum: 16384 },
    {
      group: 'Delivery',
      description:
        'Requests that one process has under way to one scheme, host and port at the most, all subscriptions together',
    },
  ),
  BREAKER_FAILURES: integer(
    50,
    { minimum: 0, maximum: 100000 },
    {
      group: 'Delivery',
      description: 'Failures of late, and hardly anything else, that open a breaker; 0: they never do',
    },
  ),
  BREAKER_TIMEOUTS: integer(
    5,
    { minimum: 0, maximum: 100000 },
    { group: 'Delivery', description: 'Time-outs in a row that open a breaker; 0: they never do' },
  ),
  BREAKER_PROBE_MS: integer(
    5000,
    { minimum: 10, maximum: 3600000 },
    {
      group: 'Delivery',
      description: 'Milliseconds until an open breaker lets one request through; doubled each time',
    },
  ),
  BREAKER_PROBE_MAX_MS: integer(
    60000,
    { minimum: 10, maximum: 86400000 },
    { group: 'Delivery', description: 'Milliseconds between two such requests at the most' },
  ),
  AUTO_DISABLE_AFTER_HOURS: integer(
    120,
    { minimum: 0, maximum: 8760 },
    {
      group: 'Delivery',
      description: 'Hours of nothing but failures after which a subscription is disabled; 0: never',
    },
  ),
  DISABLE_ON_GONE: Type.Boolean({
    default: true,
    group: 'Delivery',
    description: 'Whether a subscription is disabled when its receiver answers 410',
  }),
  HANDSHAKE_ORIGIN: text('', {
    group: 'Delivery',
    description:
      "WebHook-Request-Origin of CloudEvents' validation request: the DNS name that this jethook goes by; default: the host of APP_URL",
  }),
  LANE_BACKLOG_MAX: integer(
    2000,
    { minimum: 10, maximum: 100000 },
    { group: 'Delivery', description: 'Deliveries of one lane that are held in memory at the most' },
  ),
  CONNECT_TIMEOUT_MS: integer(
    5000,
    { minimum: 10, maximum: 60000 },
    { group: 'Delivery', description: 'Milliseconds to connect to a receiver, TLS not included' },
  ),
  DELIVERY_TIMEOUT_MS: integer(
    15000,
    { minimum: 50, maximum: 600000 },
    { group: 'Delivery', description: 'Milliseconds for a whole attempt, connecting included' },
  ),
  RESPONSE_BODY_MAX_BYTES: integer(
    16384,
    { minimum: 0, maximum: 262144 },
    { group: 'Delivery', description: 'Bytes of a response body that are read; a longer one ends the connection' },
  ),
  ...TARGET_SETTINGS,
  RETRY_SCHEDULE: text('3s,10s,3m,30m,1h,3h,5h,10h', {
    group: 'Delivery',
    description: 'Comma separated delays (ms, s, m, h) before the 1st, 2nd, … retry; the last one repeats',
  }),
  MAX_RETRIES: integer(
    24,
    { minimum: 0, maximum: 1000 },
    { group: 'Delivery', description: 'Retries after the first attempt, unless the subscription says otherwise' },
  ),
  RETRY_JITTER_RATIO: Type.Number({
    default: 0.1,
    minimum: 0,
    maximum: 1,
    group: 'Delivery',
    description: 'Part of the delay that is added at random at the most; 0 adds none',
  }),
  RETRY_JITTER_MIN_SPREAD_MS: integer(
    2000,
    { minimum: 0, maximum: 3600000 },
    { group: 'Delivery', description: 'Milliseconds that the random part spreads over at the least' },
  ),
  RETRY_JITTER_MAX_SPREAD_MS: integer(
    900000,
    { minimum: 0, maximum: 86400000 },
    { group: 'Delivery', description: 'Milliseconds that the random part spreads over at the most' },
  ),
  SIGNATURE_HEADER_NAME: text('X-Hook0-Signature', {
    group: 'Delivery',
    description: 'Header that carries the signature',
  }),
  ENABLED_SIGNATURE_VERSIONS: text('v1', {
    group: 'Delivery',
    description: 'Comma separated signature versions for subscriptions that name none: v0, v1',
  }),
  RECONCILE_INTERVAL_MS: integer(
    60000,
    { minimum: 100, maximum: 86400000 },
    { group: 'Delivery', description: 'Milliseconds between two looks for deliveries that nobody holds any more' },
  ),
  RECONCILE_GRACE_MS: integer(
    60000,
    { minimum: 100, maximum: 86400000 },
    { group: 'Delivery', description: 'Milliseconds that a delivery must be overdue before it is looked for' },
  ),
  JOB_RATE_PER_SECOND: integer(
    100,
    { minimum: 1, maximum: 10000 },
    {
      group: 'Delivery',
      description: 'Deliveries a second that a redrive or replay makes when it is not told otherwise',
    },
  ),
  JOBS_RUNNING_MAX: integer(
    8,
    { minimum: 1, maximum: 100 },
    { group: 'Delivery', description: 'Redrives and replays that one process runs at once; others wait' },
  ),
  OPERATIONAL_EVENTS_PER_MINUTE: integer(
    60,
    { minimum: 1, maximum: 10000 },
    {
      group: 'Delivery',
      description:
        'Dead letters of one subscription in a minute that get an event each; of the rest one tells the count',
    },
  ),
  CLEAN_INTERVAL_MS: integer(
    600000,
    { minimum: 100, maximum: 86400000 },
    { group: 'Read model', description: 'Milliseconds between two times that rows are deleted which are too old' },
  ),
  ATTEMPTS_RETENTION_DAYS: integer(
    0,
    { minimum: 0, maximum: 3650 },
    {
      group: 'Read model',
      description: 'Days that deliveries are shown after their end, with their attempts; 0: as long as LEDGER has them',
    },
  ),
  DEAD_LETTERS_RETENTION_DAYS: integer(
    0,
    { minimum: 0, maximum: 3650 },
    { group: 'Read model', description: 'Days that open dead letters are kept; 0: as long as LEDGER has them' },
  ),
  READ_YOUR_WRITES_TIMEOUT_MS: integer(
    2000,
    { minimum: 0, maximum: 60000 },
    { group: 'Read model', description: 'Milliseconds that a GET waits for the read model to catch up' },
  ),
  APPEND_TIMEOUT_MS: integer(
    10000,
    { minimum: 100, maximum: 60000 },
    {
      group: 'NATS',
      description: 'Milliseconds that a request waits for its event to be on disk before it answers 503',
    },
  ),
  DUPLICATE_WINDOW_MS: integer(
    120000,
    { minimum: 1000, maximum: 3600000 },
    { group: 'NATS', description: 'Milliseconds in which JetStream itself refuses an event id that it has seen' },
  ),
  ...MONITORING_SETTINGS,
  WORKERS: text('1', {
    group: 'General',
    description:
      'Processes that the services of npm start are spread over, each further one with a monitoring port of its own after MONITORING_PORT; auto: as many as there are cores for',
  }),
  SHUTDOWN_TIMEOUT_MS: integer(
    2000,
    { minimum: 100, maximum: 600000 },
    { group: 'General', description: 'Milliseconds that a stop waits for work in hand' },
  ),
})

export type Settings = Static<typeof SETTINGS>

/** A setting that can't be used as it is; the message names the variable and what it takes. */
export class SettingsError extends Error {
  override name = 'SettingsError'
}

/**
 * Reads the settings from `environment`, fills in the defaults and checks types and ranges.
 * @throws {SettingsError} naming every variable that is not as the table says.
 */
export function loadSettings(environment: Record<string, string | undefined>): Settings {
  const given = Object.fromEntries(Object.entries(environment).filter(([name]) => name in SETTINGS.properties))
  try {
    return envSchema<Settings>({
      // A copy of the table: env-schema marks the schema that it is given.
      schema: { ...SETTINGS },
      data: given,
      env: false,
      ajv: { customOptions: (ajv) => ajv.addVocabulary(['group', 'sensitive']) },
    })
  } catch (error) {
    const problems = (error as { errors?: { instancePath: string; message?: string }[] }).errors ?? []
    const lines = problems.map(({ instancePath, message }) => `${instancePath.slice(1)} ${message ?? 'is not usable'}`)
    throw new SettingsError(`Settings: ${lines.join('; ') || String(error)}.`)
  }
}
