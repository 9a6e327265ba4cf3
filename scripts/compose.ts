import { projectionsConfig } from '#projections/config.ts'
import { refuseOlderStreams } from '#projections/stream-guard.ts'
import { createProjections } from '#projections/worker.ts'
import { calloutConfig } from '#services/callout/config.ts'
import { createCallout } from '#services/callout/worker.ts'
import { cleanerConfig } from '#services/cleaner/config.ts'
import { createCleaner } from '#services/cleaner/worker.ts'
import { delivererConfig } from '#services/deliverer/config.ts'
import { createTestDesk } from '#services/deliverer/test-desk.ts'
import { createDeliverer } from '#services/deliverer/worker.ts'
import { createGateway } from '#services/gateway/app.ts'
import { gatewayConfig } from '#services/gateway/config.ts'
import { createChosenLetters } from '#services/jobs/chosen-letters.ts'
import { jobsConfig } from '#services/jobs/config.ts'
import { createJobsRunner } from '#services/jobs/worker.ts'
import { matcherConfig } from '#services/matcher/config.ts'
import { createMatcher } from '#services/matcher/worker.ts'
import { notifierConfig } from '#services/notifier/config.ts'
import { createNotifier } from '#services/notifier/worker.ts'
import { outcomesConfig } from '#services/outcomes/config.ts'
import { createOutcomes } from '#services/outcomes/worker.ts'
import { reconcilerConfig } from '#services/reconciler/config.ts'
import { createOverdue } from '#services/reconciler/overdue.ts'
import { createReconciler } from '#services/reconciler/worker.ts'
import type { Settings } from '#shared/runtime/config.ts'
import type { Health } from '#shared/runtime/health.ts'
import { composeServices } from '#shared/runtime/lifecycle.ts'
import type { Logger } from '#shared/runtime/logger.ts'
import { createMonitoringServer, monitoringConfig } from '#shared/runtime/monitoring-server.ts'
import { connectPostgres, migrate } from '#shared/runtime/postgres.ts'
import { createRuntime } from '#shared/runtime/runtime.ts'
import { seedOperator } from './operator/sign-in-link.ts'
import { type SeededCredentials, seed } from './seed.ts'

/** The whole of jethook in one process. */
export interface Jethook {
  start(): Promise<void>
  /** Takes no more work, finishes what is in hand, closes every connection. */
  stop(): Promise<void>
  apiUrl(): string
  health: Health
  /** Resolves when it can't go on, and says why: the caller stops it and ends with a code other than 0. */
  failed: Promise<Error>
  /** Makes the first organisation, application and credentials, once; later calls give the same ones. */
  seed(): Promise<SeededCredentials>
  /** Makes the first user, an editor of the first organisation. @returns a link that signs them in, once; later calls give null. */
  firstSignIn(): Promise<string | null>
}

/**
 * @param settings With NATS_URL, DATABASE_URL and JETHOOK_HOME filled in.
 * @param isRunHere Which services, by name, this process is to run; left out: all of them.
 */
export async function composeJethook({
  settings,
  logger,
  isRunHere = () => true,
}: {
  settings: Settings
  logger: Logger
  isRunHere?: (name: string) => boolean
}): Promise<Jethook> {
  const config = delivererConfig(settings)
  const { databaseUrl } = projectionsConfig(settings)
  const callout = await calloutConfig(settings)
  const runtime = await createRuntime(settings, logger)
  const orm = await connectPostgres(databaseUrl).catch(async (error: unknown) => {
    await runtime.close()
    throw error
  })
  await migrate(orm)
  const child = (service: string) => logger.child({ service })
  const { appenders } = runtime
  const projections = createProjections({ ...runtime, databaseUrl, logger: child('projections') })
  const reconciler = createReconciler({
    ...runtime,
    ...appenders,
    overdue: createOverdue(orm),
    config: reconcilerConfig(settings),
    logger: child('reconciler'),
  })
  const { broughtBack } = reconciler
  const gateway = createGateway({
    ...runtime,
    orm,
    config: gatewayConfig(settings),
    logger: child('gateway'),
    broughtBack,
  })
  const all = [
    projections,
    createDeliverer({ ...runtime, ...appenders, config, random: Math.random, logger: child('deliverer') }),
    createTestDesk({ ...runtime, config, logger: child('deliverer') }),
    createMatcher({ ...runtime, ...appenders, config: matcherConfig(settings), logger: child('matcher') }),
    reconciler,
    createJobsRunner({
      ...runtime,
      ...appenders,
      chosenLetters: createChosenLetters(orm),
      config: jobsConfig(settings),
      logger: child('jobs'),
    }),
    createCleaner({ ...runtime, orm, config: cleanerConfig(settings), logger: child('cleaner') }),
    createNotifier({ ...runtime, ...appenders, config: notifierConfig(settings), logger: child('notifier') }),
    createOutcomes({ ...runtime, config: outcomesConfig(settings), logger: child('outcomes') }),
    createCallout({ ...runtime, config: callout, logger: child('callout') }),
    gateway,
    createMonitoringServer({ ...runtime, ...monitoringConfig(settings) }),
  ]
  const here = all.filter(({ name }) => isRunHere(name))
  const services = composeServices('jethook', [...runtime.services, ...here])
  return {
    async start() {
      await refuseOlderStreams(runtime.nats, orm).catch(async (error: unknown) => {
        await Promise.all([runtime.close(), orm.close()])
        throw error
      })
      await services.start()
    },
    async stop() {
      await services.stop()
      await Promise.all([runtime.close(), orm.close()])
    },
    apiUrl: () => gateway.url(),
    health: runtime.health,
    failed: Promise.race([runtime.connectionLost, projections.streamReplaced]),
    seed: () => seed({ ...runtime, control: appenders.control }),
    firstSignIn: () =>
      seedOperator({ ...runtime, control: appenders.control, appUrl: settings.APP_URL || gateway.url() }),
  }
}
