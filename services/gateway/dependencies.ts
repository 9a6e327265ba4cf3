import type { Registry } from '#shared/domain/registry.ts'
import type { SecretBox } from '#shared/domain/secret-box.ts'
import type { Appender } from '#shared/runtime/appender.ts'
import type { Clock } from '#shared/runtime/clock.ts'
import type { ControlReader } from '#shared/runtime/control-reader.ts'
import type { Health } from '#shared/runtime/health.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import type { Mailer } from '#shared/runtime/mail/mailer.ts'
import type { Metrics } from '#shared/runtime/metrics.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import type { Orm } from '#shared/runtime/postgres.ts'
import type { Tracing } from '#shared/runtime/tracing.ts'
import type { Authorizer } from './authorizer.ts'
import type { GatewayConfig } from './config.ts'
import type { FreshRegistry } from './fresh-registry.ts'
import type { IngestFigures } from './ingest-figures.ts'
import type { EventQuota } from './quotas/event-quota.ts'
import type { ReadYourWrites } from './read-your-writes.ts'
import type { RecordAction } from './record-action.ts'
import type { SchemaChecker } from './schema-check/schema-checker.ts'

export interface GatewayDependencies {
  nats: Nats
  orm: Orm
  registry: Registry
  controlReader: ControlReader
  appenders: { events: Appender; ledger: Appender; control: Appender }
  secretBox: SecretBox
  config: GatewayConfig
  clock: Clock
  health: Health
  metrics: Metrics
  tracing: Tracing
  logger: Logger
  /** What the reconciler of this process has brought back; absent: there is none. */
  broughtBack?: () => number
}

/** What a route gets. */
export interface RouteDependencies extends GatewayDependencies {
  readYourWrites: ReadYourWrites
  freshRegistry: FreshRegistry
  authorize: Authorizer
  recordAction: RecordAction
  mailer: Mailer
  schemaChecker: SchemaChecker
  eventQuota: EventQuota
  figures: IngestFigures
  /** Base of links, once the gateway listens. */
  appUrl(): string
}
