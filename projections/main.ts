import { connectPostgres, migrate } from '#shared/runtime/postgres.ts'
import { runService } from '#shared/runtime/service-main.ts'
import { projectionsConfig } from './config.ts'
import { createProjections } from './worker.ts'

await runService('projections', async ({ nats, logger, settings }) => {
  const { databaseUrl } = projectionsConfig(settings)
  const orm = await connectPostgres(databaseUrl)
  await migrate(orm)
  await orm.close()
  return createProjections({ nats, databaseUrl, logger })
})
