import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { usageError } from './exit-codes.ts'

/** A server and how to speak to it, under a name. */
export interface Profile {
  url: string
  token: string
  application_id?: string
  organization_id?: string
}

export interface ProfileFile {
  /** The profile that is used when none is named. */
  current?: string
  profiles: Record<string, Profile>
}

type Environment = Record<string, string | undefined>

const FOR_OWNER_ONLY = 0o600
const GROUP_AND_OTHERS = 0o077

export function profilesPath(environment: Environment): string {
  const config = environment['XDG_CONFIG_HOME'] || join(environment['HOME'] || homedir(), '.config')
  return join(config, 'jethook', 'profiles.json')
}

/** @throws {CliError} when the file can't be read, is no such file, or others may read it. */
export async function readProfiles(environment: Environment): Promise<ProfileFile> {
  const path = profilesPath(environment)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw usageError(`The profiles in ${path} can't be read: ${error.message}`)
  })
  if (text === null) return { profiles: {} }
  if (process.platform !== 'win32' && ((await stat(path)).mode & GROUP_AND_OTHERS) !== 0)
    throw usageError(`${path} holds tokens and may be read by others: chmod 600 ${path}`)
  try {
    const { current, profiles } = JSON.parse(text) as ProfileFile
    return { ...(current === undefined ? {} : { current }), profiles: profiles ?? {} }
  } catch {
    throw usageError(`${path} is no JSON: mend it, or delete it and make the profiles anew`)
  }
}

/** Readable by its owner only; it is there whole or not at all. */
export async function writeProfiles(environment: Environment, file: ProfileFile): Promise<void> {
  const path = profilesPath(environment)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: FOR_OWNER_ONLY, flush: true })
  await chmod(draft, FOR_OWNER_ONLY)
  await rename(draft, path)
}
