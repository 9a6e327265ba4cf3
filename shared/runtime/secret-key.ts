import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Settings, SettingsError } from './config.ts'

const KEY_BYTES = 32

type KeySettings = Pick<Settings, 'JETHOOK_SECRET_KEY' | 'JETHOOK_HOME'>

/**
 * The keys that seal stored secrets, the current one first: `JETHOOK_SECRET_KEY` (base64, comma separated), else those in
 * `JETHOOK_HOME/keys`, a line each, of which the first is made at the first start. Readable by their owner only.
 * @throws {SettingsError} when one isn't 32 bytes.
 */
export async function readSecretKeys(settings: KeySettings): Promise<Uint8Array[]> {
  if (settings.JETHOOK_SECRET_KEY !== '') return decodeKeys(settings.JETHOOK_SECRET_KEY, 'JETHOOK_SECRET_KEY')
  const file = secretKeyFile(settings)
  const existing = await readIfThere(file)
  if (existing !== null) return decodeKeys(existing, file)
  const folder = dirname(file)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  // Written apart and linked: the key is there whole or not at all, and of two first starts one wins.
  const draft = await writeDraft(file, [newSecretKey()])
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(draft)
  return decodeKeys(await readFile(file, 'utf8'), file)
}

export function secretKeyFile({ JETHOOK_HOME }: Pick<Settings, 'JETHOOK_HOME'>): string {
  return join(JETHOOK_HOME, 'keys', 'secret.key')
}

/** Puts these keys in the place of those in the file, whole or not at all. */
export async function replaceSecretKeys(file: string, keys: readonly Uint8Array[]): Promise<void> {
  await rename(await writeDraft(file, keys), file)
}

export function newSecretKey(): Uint8Array {
  return randomBytes(KEY_BYTES)
}

async function writeDraft(file: string, keys: readonly Uint8Array[]): Promise<string> {
  const draft = `${file}.${process.pid}`
  const lines = keys.map((key) => `${Buffer.from(key).toString('base64')}\n`)
  await writeFile(draft, lines.join(''), { mode: 0o600, flush: true })
  return draft
}

function decodeKeys(text: string, source: string): Uint8Array[] {
  const keys = text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map((part) => Buffer.from(part, 'base64'))
  if (keys.length === 0 || keys.some((key) => key.length !== KEY_BYTES))
    throw new SettingsError(`Settings: ${source} must be keys of ${KEY_BYTES} bytes each, in base64.`)
  return keys
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
