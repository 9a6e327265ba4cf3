import { projectionsStatus } from '#projections/rebuild/status.ts'
import { findServers } from '#scripts/verify/find-servers.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectAs } from '#shared/runtime/nats.ts'

export async function readProjectionsStatus(): Promise<unknown> {
  const given = loadSettings(process.env)
  const { natsUrl, databaseUrl } = await findServers(given)
  const settings = { ...given, NATS_URL: natsUrl }
  const nats = await connectAs('admin', { settings, name: 'projections', logger: createLogger('error') })
  try {
    return await projectionsStatus({ nats, databaseUrl })
  } finally {
    await nats.connection.close()
  }
}
