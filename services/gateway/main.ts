import { connectPostgres, migrate } from '#shared/runtime/postgres.ts'
import { runService } from '#shared/runtime/service-main.ts'
import { createGateway } from './app.ts'
import { gatewayConfig } from './config.ts'

await runService('gateway', async (runtime) => {
  const orm = await connectPostgres(runtime.settings.DATABASE_URL)
  await migrate(orm)
  return createGateway({ ...runtime, orm, config: gatewayConfig(runtime.settings) })
})
