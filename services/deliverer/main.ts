import { composeServices } from '#shared/runtime/lifecycle.ts'
import { runService } from '#shared/runtime/service-main.ts'
import { delivererConfig } from './config.ts'
import { createTestDesk } from './test-desk.ts'
import { createDeliverer } from './worker.ts'

await runService('deliverer', (runtime) => {
  const config = delivererConfig(runtime.settings)
  return composeServices('deliverer', [
    createDeliverer({ ...runtime, ...runtime.appenders, config, random: Math.random }),
    createTestDesk({ ...runtime, config }),
  ])
})
