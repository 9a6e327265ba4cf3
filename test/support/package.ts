import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
export const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const PACK_TIMEOUT_MS = 120_000

export interface PackedTarball {
  path: string
  /** Paths within the package. */
  files: string[]
}

/** The tarball as `npm pack` makes it, `prepack` included. */
export async function packTarball(folder: string): Promise<PackedTarball> {
  await mkdir(folder, { recursive: true })
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: PROJECT,
    timeout: PACK_TIMEOUT_MS,
  })
  const told = JSON.parse(stdout.slice(stdout.search(/[[{]/))) as Record<string, Packed> | Packed[]
  const [packed] = Object.values(told)
  if (packed === undefined) throw new Error(`npm pack told nothing: ${stdout}`)
  return { path: join(folder, packed.filename), files: packed.files.map(({ path }) => path) }
}

interface Packed {
  filename: string
  files: { path: string }[]
}
