import { runService } from '#shared/runtime/service-main.ts'
import { outcomesConfig } from './config.ts'
import { createOutcomes } from './worker.ts'

await runService('outcomes', async (runtime) =>
  createOutcomes({ ...runtime, config: outcomesConfig(runtime.settings) }),
)
