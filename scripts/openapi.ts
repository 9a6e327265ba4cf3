import { writeFile } from 'node:fs/promises'
import { registerRoutes } from '#services/gateway/app.ts'
import { gatewayConfig } from '#services/gateway/config.ts'
import type { RouteDependencies } from '#services/gateway/dependencies.ts'
import { describeApi } from '#services/gateway/openapi.ts'
import { createServer } from '#services/gateway/server.ts'
import { createRegistry } from '#shared/domain/registry.ts'
import { systemClock } from '#shared/runtime/clock.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { createLogger } from '#shared/runtime/logger.ts'

/** The API's description, made without any server: routes are registered, none is called. */
export async function openApiDocument(): Promise<unknown> {
  const config = gatewayConfig(loadSettings({}))
  const logger = createLogger('silent')
  const server = await createServer(config, logger)
  const appUrl = () => '/'
  const deps = { config, logger, registry: createRegistry(), clock: systemClock, appUrl }
  await registerRoutes(server, deps as unknown as RouteDependencies)
  await server.ready()
  const document = describeApi(server, appUrl())
  await server.close()
  return document
}

if (import.meta.main) {
  const text = `${JSON.stringify(await openApiDocument(), null, 2)}\n`
  const [file] = process.argv.slice(2)
  if (file === undefined) process.stdout.write(text)
  else await writeFile(file, text)
}
