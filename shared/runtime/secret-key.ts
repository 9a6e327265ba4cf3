import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Settings, SettingsError } from './config.ts'

const KEY_BYTES = 32

/**
 * The key that seals stored secrets: `JETHOOK_SECRET_KEY` (base64), else the one in `JETHOOK_HOME/keys`, which is made
 * at the first start and readable by its owner only.
 * @throws {SettingsError} when it isn't 32 bytes.
 */
export async function readSecretKey(
  settings: Pick<Settings, 'JETHOOK_SECRET_KEY' | 'JETHOOK_HOME'>,
): Promise<Uint8Array> {
  if (settings.JETHOOK_SECRET_KEY !== '') return decodeKey(settings.JETHOOK_SECRET_KEY, 'JETHOOK_SECRET_KEY')
  const folder = join(settings.JETHOOK_HOME, 'keys')
  const file = join(folder, 'secret.key')
  const existing = await readIfThere(file)
  if (existing !== null) return decodeKey(existing, file)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  // Written apart and linked: the key is there whole or not at all, and of two first starts one wins.
  const draft = `${file}.${process.pid}`
  await writeFile(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flush: true })
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(draft)
  return decodeKey(await readFile(file, 'utf8'), file)
}

function decodeKey(text: string, source: string): Uint8Array {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== KEY_BYTES) throw new SettingsError(`Settings: ${source} must be ${KEY_BYTES} bytes in base64.`)
  return key
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
