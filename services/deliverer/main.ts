import { runService } from '#shared/runtime/service-main.ts'
import { delivererConfig } from './config.ts'
import { createDeliverer } from './worker.ts'

await runService('deliverer', (runtime) =>
  createDeliverer({ ...runtime, ...runtime.appenders, config: delivererConfig(runtime.settings), random: Math.random }),
)
