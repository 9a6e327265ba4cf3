import { connectPostgres, migrate } from '#shared/runtime/postgres.ts'
import { runService } from '#shared/runtime/service-main.ts'
import { reconcilerConfig } from './config.ts'
import { createOverdue } from './overdue.ts'
import { createReconciler } from './worker.ts'

await runService('reconciler', async (runtime) => {
  const orm = await connectPostgres(runtime.settings.DATABASE_URL)
  await migrate(orm)
  return createReconciler({
    ...runtime,
    ...runtime.appenders,
    overdue: createOverdue(orm),
    config: reconcilerConfig(runtime.settings),
  })
})
