import { connectPostgres, migrate } from '#shared/runtime/postgres.ts'
import { runService } from '#shared/runtime/service-main.ts'
import { createChosenLetters } from './chosen-letters.ts'
import { jobsConfig } from './config.ts'
import { createJobsRunner } from './worker.ts'

await runService('jobs', async (runtime) => {
  const orm = await connectPostgres(runtime.settings.DATABASE_URL)
  await migrate(orm)
  return createJobsRunner({
    ...runtime,
    ...runtime.appenders,
    chosenLetters: createChosenLetters(orm),
    config: jobsConfig(runtime.settings),
  })
})
