import { runService } from '#shared/runtime/service-main.ts'
import { matcherConfig } from './config.ts'
import { createMatcher } from './worker.ts'

await runService('matcher', (runtime) =>
  createMatcher({ ...runtime, ...runtime.appenders, config: matcherConfig(runtime.settings) }),
)
