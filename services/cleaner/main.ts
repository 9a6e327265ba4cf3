import { connectPostgres, migrate } from '#shared/runtime/postgres.ts'
import { runService } from '#shared/runtime/service-main.ts'
import { cleanerConfig } from './config.ts'
import { createCleaner } from './worker.ts'

await runService('cleaner', async (runtime) => {
  const orm = await connectPostgres(runtime.settings.DATABASE_URL)
  await migrate(orm)
  return createCleaner({ ...runtime, orm, config: cleanerConfig(runtime.settings) })
})
