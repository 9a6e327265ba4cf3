import { connectPostgres, migrate } from '#shared/runtime/postgres.ts'
import { runService } from '#shared/runtime/service-main.ts'
import { projectionsConfig } from './config.ts'
import { createProjections } from './worker.ts'

await runService('projections', async ({ nats, logger, settings, health, metrics }) => {
  const { databaseUrl } = projectionsConfig(settings)
  const orm = await connectPostgres(databaseUrl)
  await migrate(orm)
  await orm.close()
  const projections = createProjections({ nats, databaseUrl, logger, health, metrics })
  return { ...projections, failed: projections.streamReplaced }
})
