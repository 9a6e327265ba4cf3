import { setTimeout as delay } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import { loadSettings, type Settings } from './config.ts'
import { composeServices, type Service } from './lifecycle.ts'
import { createLogger } from './logger.ts'
import { createMonitoringServer, monitoringConfig } from './monitoring-server.ts'
import { createRuntime, type Runtime } from './runtime.ts'

/**
 * Runs one service as a process of its own, from the environment: NATS_URL (and DATABASE_URL, where it needs one) name
 * running servers. SIGINT and SIGTERM stop it in order.
 */
export async function runService(
  name: string,
  compose: (runtime: Runtime) => Service | Promise<Service>,
): Promise<void> {
  let settings: Settings
  try {
    settings = loadSettings(process.env)
  } catch (error) {
    process.stderr.write(`jethook ${name}: ${(error as Error).message}\n`)
    process.exitCode = 1
    return
  }
  const logger = createLogger(settings.LOG_LEVEL, `jethook-${name}`)
  try {
    if (settings.NATS_URL === '') throw new Error('NATS_URL is needed: a service that runs alone starts no server')
    const runtime = await createRuntime(settings, logger, name)
    const own = await compose(runtime)
    const monitoring = createMonitoringServer({ ...runtime, ...monitoringConfig(settings) })
    const service = composeServices(name, [...runtime.services, monitoring, own])
    await service.start()
    closeWithGrace({ delay: settings.SHUTDOWN_TIMEOUT_MS * 2, logger: false }, async ({ err }) => {
      if (err) logger.fatal({ err }, 'stopping after an error')
      await service.stop()
      await runtime.close()
    })
    void Promise.race([runtime.connectionLost, ...(own.failed ? [own.failed] : [])]).then(async (error) => {
      logger.fatal({ err: error }, 'can not go on')
      await Promise.race([service.stop(), delay(settings.SHUTDOWN_TIMEOUT_MS)])
      process.exit(1)
    })
    logger.info('ready')
  } catch (error) {
    logger.fatal({ err: error }, 'could not start')
    process.exit(1)
  }
}
