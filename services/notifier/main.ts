import { runService } from '#shared/runtime/service-main.ts'
import { notifierConfig } from './config.ts'
import { createNotifier } from './worker.ts'

await runService('notifier', async (runtime) =>
  createNotifier({ ...runtime, ...runtime.appenders, config: notifierConfig(runtime.settings) }),
)
