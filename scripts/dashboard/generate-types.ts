import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startJethook } from '#scripts/start/start.ts'
import { API_TYPES_FILE, apiTypesOf } from './api-types.ts'

/** Writes the dashboard's types of the API anew, from what a jethook of these sources says of itself. */
const home = await mkdtemp(join(tmpdir(), 'jethook-types-'))
try {
  const jethook = await startJethook({
    environment: { ...process.env, PORT: '0', JETHOOK_HOME: home },
    progress: { step: () => {}, done: () => {} },
    withEcho: false,
  })
  const description = await fetch(`${jethook.credentials.api_url}/swagger.json`)
  await writeFile(API_TYPES_FILE, await apiTypesOf(await description.json()))
  await jethook.stop()
} finally {
  await rm(home, { recursive: true, force: true })
}
