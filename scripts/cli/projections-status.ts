import { projectionsStatus } from '#projections/rebuild/status.ts'
import { findServers } from '#scripts/verify/find-servers.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { createLogger } from '#shared/runtime/logger.ts'
import { connectNats } from '#shared/runtime/nats.ts'

export async function readProjectionsStatus(): Promise<unknown> {
  const { natsUrl, databaseUrl } = await findServers(loadSettings(process.env))
  const nats = await connectNats(natsUrl, 'projections', createLogger('error'))
  try {
    return await projectionsStatus({ nats, databaseUrl })
  } finally {
    await nats.connection.close()
  }
}
