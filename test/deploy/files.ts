import { readdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
export const DEPLOY = join(PROJECT, 'deploy')

/** Every program that can run apart, by its name. */
export async function serviceMains(): Promise<Map<string, string>> {
  const mains = new Map([['projections', 'projections/main.ts']])
  for (const name of await readdir(join(PROJECT, 'services'))) {
    const files = await readdir(join(PROJECT, 'services', name)).catch((): string[] => [])
    // Services have settings; the command line, for one, has none.
    if (files.includes('main.ts') && files.includes('config.ts')) mains.set(name, `services/${name}/main.ts`)
  }
  return mains
}

export const readProject = (path: string) => readFile(join(PROJECT, path), 'utf8')

/** The one that the tests' servers run. */
export async function natsServerBinary(): Promise<string> {
  const cache =
    process.env['JETHOOK_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'jethook')
  const cached = (await readdir(cache).catch(() => [])).find((name) => /^nats-server-[\d.]+$/.test(name))
  return cached ? join(cache, cached) : 'nats-server'
}
