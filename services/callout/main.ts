import { runService } from '#shared/runtime/service-main.ts'
import { calloutConfig } from './config.ts'
import { createCallout } from './worker.ts'

await runService('callout', async (runtime) => {
  const config = await calloutConfig(runtime.settings)
  if (config === null) runtime.logger.warn('NATS asks nobody who its clients are: there is nothing to do')
  return createCallout({ ...runtime, config })
})
