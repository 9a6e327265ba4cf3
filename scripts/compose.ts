import { createProjections } from '#projections/worker.ts'
import { delivererConfig } from '#services/deliverer/config.ts'
import { createDeliverer } from '#services/deliverer/worker.ts'
import { createGateway } from '#services/gateway/app.ts'
import { createMatcher } from '#services/matcher/worker.ts'
import { createRegistry } from '#shared/domain/registry.ts'
import { createSecretBox } from '#shared/domain/secret-box.ts'
import { systemClock } from '#shared/runtime/clock.ts'
import { type Settings, SettingsError } from '#shared/runtime/config.ts'
import { createControlReader } from '#shared/runtime/control-reader.ts'
import { createEventCache } from '#shared/runtime/event-cache.ts'
import { createGroupCommitAppender } from '#shared/runtime/group-commit-appender.ts'
import { composeServices, type Service } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { connectPostgres, migrate } from '#shared/runtime/postgres.ts'
import { readSecretKey } from '#shared/runtime/secret-key.ts'
import { applyStreams, type StreamName } from '#shared/runtime/streams.ts'
import { type SeededCredentials, seed } from './seed.ts'

/** The whole of jethook in one process. */
export interface Jethook {
  start(): Promise<void>
  /** Takes no more work, finishes what is in hand, closes every connection. */
  stop(): Promise<void>
  apiUrl(): string
  /** Makes the first organisation, application and credentials, once; later calls give the same ones. */
  seed(): Promise<SeededCredentials>
}

/** @param settings With NATS_URL, DATABASE_URL and JETHOOK_HOME filled in. */
export async function composeJethook({ settings, logger }: { settings: Settings; logger: Logger }): Promise<Jethook> {
  if (settings.LEDGER_MAX_AGE_DAYS < settings.EVENTS_MAX_AGE_DAYS) {
    throw new SettingsError('Settings: LEDGER_MAX_AGE_DAYS must not be less than EVENTS_MAX_AGE_DAYS.')
  }
  const config = delivererConfig(settings)
  const secretBox = createSecretBox(await readSecretKey(settings))
  const nats = await connectNats(settings.NATS_URL, 'jethook', logger)
  const orm = await connectPostgres(settings.DATABASE_URL).catch(async (error: unknown) => {
    await nats.connection.close()
    throw error
  })
  await Promise.all([applyStreams(nats.jsm, settings), migrate(orm)])

  const appender = (stream: StreamName, giveUpAfterMs = Number.POSITIVE_INFINITY) =>
    createGroupCommitAppender({ nats, stream, logger, limits: { giveUpAfterMs } })
  const appenders = {
    events: appender('EVENTS', settings.APPEND_TIMEOUT_MS),
    ledger: appender('LEDGER'),
    waiting: appender('WAITING'),
    control: appender('CONTROL', settings.APPEND_TIMEOUT_MS),
  }
  const registry = createRegistry()
  const controlReader = createControlReader({ nats, logger, registry })
  const eventCache = createEventCache(nats)
  const gateway = createGateway({
    nats,
    orm,
    registry,
    controlReader,
    appenders,
    secretBox,
    settings,
    logger,
    clock: systemClock,
  })
  const services = composeServices('jethook', [
    drainedAfter('appenders', Object.values(appenders)),
    { name: 'control', start: controlReader.start, stop: controlReader.stop },
    createProjections({
      nats,
      databaseUrl: settings.DATABASE_URL,
      logger: logger.child({ service: 'projections' }),
    }),
    createDeliverer({
      nats,
      registry,
      controlReader,
      ledger: appenders.ledger,
      waiting: appenders.waiting,
      control: appenders.control,
      eventCache,
      secretBox,
      config,
      clock: systemClock,
      random: Math.random,
      logger: logger.child({ service: 'deliverer' }),
    }),
    createMatcher({
      nats,
      registry,
      controlReader,
      ledger: appenders.ledger,
      eventCache,
      laneCount: settings.LANES,
      clock: systemClock,
      logger: logger.child({ service: 'matcher' }),
    }),
    gateway,
  ])

  return {
    start: () => services.start(),
    async stop() {
      await services.stop()
      await Promise.all([nats.connection.close(), orm.close()])
    },
    apiUrl: () => gateway.url(),
    seed: () => seed({ registry, controlReader, control: appenders.control, secretBox, clock: systemClock }),
  }
}

/** Started first and so stopped last: whatever the services still have under way is on disk before the connection goes. */
function drainedAfter(name: string, appenders: { drain(): Promise<void>; close(): void }[]): Service {
  return {
    name,
    start: async () => {},
    async stop() {
      await Promise.all(appenders.map((appender) => appender.drain()))
      for (const appender of appenders) appender.close()
    },
  }
}
