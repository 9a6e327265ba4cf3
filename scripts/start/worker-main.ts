import closeWithGrace from 'close-with-grace'
import { composeJethook } from '#scripts/compose.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { createLogger } from '#shared/runtime/logger.ts'

/** One process of several: runs the services that it is told, and ends with whoever has started it. */
const MONITORING = 'monitoring'
const services = new Set(process.argv.slice(2))
const settings = loadSettings(process.env)
const logger = createLogger(settings.LOG_LEVEL)
const jethook = await composeJethook({
  settings,
  logger,
  isRunHere: (name) => services.has(name) || name === MONITORING,
})
closeWithGrace({ delay: settings.SHUTDOWN_TIMEOUT_MS * 2, logger: false }, async ({ err }) => {
  if (err) logger.fatal({ err }, 'stopping after an error')
  await jethook.stop()
})
// The one that has started it is gone, perhaps without having been able to say so.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
void jethook.failed.then((error) => {
  logger.fatal({ err: error }, 'can not go on')
  process.exit(1)
})
await jethook.start()
process.send?.('ready')
