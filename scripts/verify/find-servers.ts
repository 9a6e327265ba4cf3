import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Credentials } from '#scripts/start/credentials.ts'
import { type Settings, SettingsError } from '#shared/runtime/config.ts'

export interface RunningServers {
  natsUrl: string
  /** Empty: not known. */
  databaseUrl: string
  apiUrl: string
}

/**
 * Where the servers of a running jethook are: as the settings say, else as `npm start` has noted in its home.
 * @throws {SettingsError} when nothing runs there.
 */
export async function findServers(settings: Settings): Promise<RunningServers> {
  const running = await readFile(join(settings.JETHOOK_HOME, 'credentials.json'), 'utf8').then(
    (text) => JSON.parse(text) as Credentials,
    () => null,
  )
  const natsUrl = settings.NATS_URL || running?.nats_url
  if (!natsUrl)
    throw new SettingsError('No running jethook was found: start it, or give NATS_URL and JETHOOK_HOME as it has them.')
  return {
    natsUrl,
    databaseUrl: settings.DATABASE_URL || running?.database_url || '',
    apiUrl: running?.api_url ?? `http://${settings.IP}:${settings.PORT}/api/v1`,
  }
}
