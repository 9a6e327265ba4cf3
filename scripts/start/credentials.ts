import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What scripts and tests need to talk to a started jethook. */
export interface Credentials {
  api_url: string
  organization_id: string
  application_id: string
  service_token: string
  application_secret: string
  nats_url: string
  database_url: string
}

/** Writes `credentials.json`, readable by its owner only; it is there whole or not at all. */
export async function writeCredentials(home: string, credentials: Credentials): Promise<void> {
  const file = join(home, 'credentials.json')
  const draft = `${file}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600, flush: true })
  await rename(draft, file)
}
