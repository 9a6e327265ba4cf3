import { createRegistry, type Registry } from '../domain/registry.ts'
import { createSecretBox, type SecretBox } from '../domain/secret-box.ts'
import type { Appender } from './appender.ts'
import { type Clock, systemClock } from './clock.ts'
import { type Settings, SettingsError } from './config.ts'
import { type ControlReader, createControlReader } from './control-reader.ts'
import { createEventCache, type EventCache } from './event-cache.ts'
import { createGroupCommitAppender } from './group-commit-appender.ts'
import { createHealth, type Health, unwell, WELL } from './health.ts'
import type { Service } from './lifecycle.ts'
import type { Logger } from './logger.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { connectNats, type Nats } from './nats.ts'
import { type NatsAccess, natsAccess } from './nats-access.ts'
import { natsRoleOf } from './nats-keys.ts'
import type { NatsRole } from './nats-roles.ts'
import { createTracing } from './otlp-tracing.ts'
import { registerRuntimeFigures } from './runtime-figures.ts'
import { readSecretKeys } from './secret-key.ts'
import { applyStreams, checkStreams, type StreamName } from './streams.ts'
import type { Tracing } from './tracing.ts'

/** What the services of one process share. */
export interface Runtime {
  settings: Settings
  logger: Logger
  clock: Clock
  nats: Nats
  registry: Registry
  controlReader: ControlReader
  appenders: { events: Appender; ledger: Appender; waiting: Appender; control: Appender }
  eventCache: EventCache
  secretBox: SecretBox
  health: Health
  metrics: Metrics
  tracing: Tracing
  /** Resolves when the connection to NATS is closed for good, though nobody has asked for it. */
  connectionLost: Promise<Error>
  /** To be started before all other services and stopped after them. */
  services: readonly Service[]
  close(): Promise<void>
}

/**
 * Connects to NATS, sees to the streams, and makes what services stand on.
 * @param name Of the service, or of a role of NATS: what its traces are known by, and which user of NATS it is.
 * @throws {SettingsError | NatsUnusableError | StreamSettingsError} when that can't be done.
 */
export async function createRuntime(settings: Settings, logger: Logger, name = 'jethook'): Promise<Runtime> {
  if (settings.LEDGER_MAX_AGE_DAYS < settings.EVENTS_MAX_AGE_DAYS) {
    throw new SettingsError('Settings: LEDGER_MAX_AGE_DAYS must not be less than EVENTS_MAX_AGE_DAYS.')
  }
  let isClosing = false
  const tracing = await createTracing(settings, name === 'jethook' ? name : `jethook-${name}`)
  const secretBox = createSecretBox(await readSecretKeys(settings))
  const nats = await connectWithStreams(settings, logger, natsRoleOf(name))
  const metrics = createMetrics()
  const appender = (stream: StreamName, giveUpAfterMs = Number.POSITIVE_INFINITY) =>
    createGroupCommitAppender({ nats, stream, logger, limits: { giveUpAfterMs }, metrics })
  const appenders = {
    events: appender('EVENTS', settings.APPEND_TIMEOUT_MS),
    ledger: appender('LEDGER'),
    waiting: appender('WAITING'),
    control: appender('CONTROL', settings.APPEND_TIMEOUT_MS),
  }
  const health = createHealth()
  health.register('nats', () => (nats.isUp() ? WELL : unwell('not connected')))
  health.register('store', () =>
    Object.values(appenders).some(({ isRefusedAsFull }) => isRefusedAsFull) ? unwell("NATS's store is full") : WELL,
  )
  registerRuntimeFigures(metrics, { nats, health })
  const registry = createRegistry()
  const controlReader = createControlReader({ nats, logger, registry })
  health.register('control', controlReader.state)
  return {
    settings,
    logger,
    clock: systemClock,
    nats,
    registry,
    controlReader,
    appenders,
    eventCache: createEventCache(nats),
    secretBox,
    health,
    metrics,
    tracing,
    connectionLost: nats.connection.closed().then((error) => {
      if (isClosing) return new Promise<Error>(() => {})
      return new Error('The connection to NATS is closed for good', { cause: error })
    }),
    services: [
      drainedAfter('appenders', Object.values(appenders), settings.SHUTDOWN_TIMEOUT_MS),
      { name: 'control', start: controlReader.start, stop: controlReader.stop },
    ],
    async close() {
      isClosing = true
      await tracing.close()
      await nats.connection.close()
    },
  }
}

/** Streams are seen to as the operators' user, for as long as that takes: no service may make or change one. */
async function connectWithStreams(settings: Settings, logger: Logger, role: NatsRole): Promise<Nats> {
  const access = await natsAccess(settings, role)
  const nats = await connectNats(settings.NATS_URL, 'jethook', logger, access)
  try {
    const operator = access.isOwnKey ? await natsAccess(settings, 'admin') : null
    if (operator === null) await applyStreams(nats.jsm, settings)
    else if (operator.isOwnKey) await applyAsOperator(operator)
    else await checkStreams(nats.jsm, settings)
    return nats
  } catch (error) {
    await nats.connection.close()
    throw error
  }

  async function applyAsOperator(operator: NatsAccess): Promise<void> {
    const { connection, jsm } = await connectNats(settings.NATS_URL, 'jethook streams', logger, operator)
    await applyStreams(jsm, settings).finally(() => connection.close())
  }
}

/** Whatever the services still have under way is on disk before the connection goes, unless that takes too long. */
function drainedAfter(name: string, appenders: Appender[], limitMs: number): Service {
  return {
    name,
    start: async () => {},
    async stop() {
      const timer = setTimeout(closeAll, limitMs)
      await Promise.all(appenders.map((appender) => appender.drain()))
      clearTimeout(timer)
      closeAll()
    },
  }
  function closeAll(): void {
    for (const appender of appenders) appender.close()
  }
}
