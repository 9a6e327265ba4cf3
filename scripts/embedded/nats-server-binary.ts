import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { isVersionAtLeast, NATS_SERVER_VERSION_MIN } from '#shared/runtime/nats.ts'
import { ServerStartError } from './server-process.ts'

const run = promisify(execFile)

/** The release that is fetched when the machine has none. */
export const NATS_SERVER_VERSION = '2.15.1'
const FETCH_TIMEOUT_MS = 60_000
const REACH_TIMEOUT_MS = 5_000
const DEBIAN_SUITE = 'forky'

export interface FindOptions {
  cacheDir: string
  /** Told what slow step is under way. */
  onProgress?: (step: string) => void
}

export interface NatsServerBinary {
  path: string
  version: string
}

/** The version that a nats-server binary says it is, or null when it can't be run. */
export async function versionOf(path: string): Promise<string | null> {
  try {
    const { stdout, stderr } = await run(path, ['--version'], { timeout: 5_000 })
    return parseVersion(stdout + stderr)
  } catch {
    return null
  }
}

/** The version in what `nats-server --version` prints. */
export function parseVersion(text: string): string | null {
  return /v(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? null
}

/**
 * A nats-server of a sufficient version: `JETHOOK_NATS_SERVER`, the one on PATH, the cache's, or one that is fetched
 * into the cache and checked. Nothing unverified is ever run.
 * @throws {ServerStartError} which says what was tried and what to do.
 */
export async function findNatsServer({ cacheDir, onProgress }: FindOptions): Promise<NatsServerBinary> {
  const tried: string[] = []
  const named = process.env['JETHOOK_NATS_SERVER']
  if (named) {
    const version = await versionOf(named)
    if (version && isVersionAtLeast(version, NATS_SERVER_VERSION_MIN)) return { path: named, version }
    const why = version ? `is ${version}; jethook needs ${NATS_SERVER_VERSION_MIN} or later` : "can't be run"
    throw new ServerStartError(`The nats-server that JETHOOK_NATS_SERVER names (${named}) ${why}.`)
  }
  for (const path of await onPath()) {
    const version = await versionOf(path)
    if (version && isVersionAtLeast(version, NATS_SERVER_VERSION_MIN)) return { path, version }
    tried.push(`${path}: ${version ? `${version} is too old` : "can't be run"}`)
  }
  const cached = join(cacheDir, `nats-server-${NATS_SERVER_VERSION}`)
  if ((await versionOf(cached)) !== null) return { path: cached, version: (await versionOf(cached))! }
  await mkdir(cacheDir, { recursive: true, mode: 0o700 })
  for (const [name, fetchInto] of [
    ["the NATS project's release", fetchRelease],
    ["Debian's package", fetchDebianPackage],
  ] as const) {
    const scratch = await mkdtemp(join(cacheDir, 'fetching-'))
    try {
      onProgress?.(`Fetching nats-server ${NATS_SERVER_VERSION} (${name})`)
      const binary = await fetchInto(scratch)
      const version = await versionOf(binary)
      if (!version || !isVersionAtLeast(version, NATS_SERVER_VERSION_MIN))
        throw new Error(`it is ${version ?? 'not runnable'}`)
      await rename(binary, cached)
      return { path: cached, version }
    } catch (error) {
      tried.push(`${name}: ${firstLine(error)}`)
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  }
  throw new ServerStartError(
    [
      `No nats-server ${NATS_SERVER_VERSION_MIN} or later is here, and none could be fetched:`,
      ...tried.map((line) => `  - ${line}`),
      'Install one (macOS: brew install nats-server; Debian 14: apt install nats-server), or point NATS_URL at a running server',
      "(docker run -p 4222:4222 nats:2.15 -js), or set JETHOOK_NATS_SERVER to the binary's path.",
    ].join('\n'),
  )
}

function firstLine(error: unknown): string {
  const { message, stderr } = error as { message?: string; stderr?: string }
  const lines = (stderr || message || String(error))
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('Command failed'))
  return lines.at(-1) ?? 'failed'
}

async function onPath(): Promise<string[]> {
  const candidates = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, 'nats-server'))
  const found: string[] = []
  for (const path of candidates)
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      found.push(path)
  return found
}

/** The release of the NATS project, checked against the SHA-256 sums that it publishes beside it. */
async function fetchRelease(scratch: string): Promise<string> {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  const name = `nats-server-v${NATS_SERVER_VERSION}-${platform}`
  const base = `https://github.com/nats-io/nats-server/releases/download/v${NATS_SERVER_VERSION}`
  const sums = (await download(`${base}/SHA256SUMS`, REACH_TIMEOUT_MS)).toString('utf8')
  const wanted = sums
    .split('\n')
    .find((line) => line.trim().endsWith(`${name}.tar.gz`))
    ?.split(/\s+/)[0]
  if (!wanted) throw new Error(`the published sums don't name ${name}.tar.gz`)
  const archive = await download(`${base}/${name}.tar.gz`, FETCH_TIMEOUT_MS)
  const actual = createHash('sha256').update(archive).digest('hex')
  if (actual !== wanted) throw new Error(`${name}.tar.gz has the SHA-256 sum ${actual}, published is ${wanted}`)
  const file = join(scratch, 'release.tar.gz')
  await writeFile(file, archive)
  await run('tar', ['xzf', file, '-C', scratch])
  return join(scratch, name, 'nats-server')
}

async function download(url: string, timeoutMs: number): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).catch((error: Error) => {
    throw new Error(`could not be reached (${(error.cause as Error | undefined)?.message ?? error.message})`)
  })
  if (!response.ok) throw new Error(`answered ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}

/** Debian's package by the machine's own apt client and keyring, in a private directory: no system package changes. */
async function fetchDebianPackage(scratch: string): Promise<string> {
  if (process.platform !== 'linux' || !(await exists('/usr/bin/apt-get'))) throw new Error('this machine has no apt')
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
  if (!(await exists(keyring))) throw new Error(`${keyring} is missing`)
  const folders = [
    'etc/apt.conf.d',
    'etc/preferences.d',
    'etc/trusted.gpg.d',
    'state/lists/partial',
    'cache/archives/partial',
  ]
  for (const folder of folders) await mkdir(join(scratch, folder), { recursive: true })
  await writeFile(join(scratch, 'status'), '')
  await writeFile(
    join(scratch, 'etc/sources.list'),
    `deb [signed-by=${keyring}] ${await debianMirror()} ${DEBIAN_SUITE} main\n`,
  )
  // As root apt would drop to a user who can't read this directory.
  const settings = {
    'Dir::Etc': join(scratch, 'etc'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State': join(scratch, 'state'),
    'Dir::State::status': join(scratch, 'status'),
    'Dir::Cache': join(scratch, 'cache'),
    'APT::Sandbox::User': process.getuid?.() === 0 ? 'root' : '',
    'Acquire::Languages': 'none',
    'Acquire::http::Timeout': '10',
    'Acquire::Retries': '1',
  }
  const options = Object.entries(settings)
    .filter(([, value]) => value !== '')
    .flatMap(([name, value]) => ['-o', `${name}=${value}`])
  await run('apt-get', [...options, '-qq', 'update'], { cwd: scratch, timeout: FETCH_TIMEOUT_MS })
  await run('apt-get', [...options, '-qq', 'download', 'nats-server'], { cwd: scratch, timeout: FETCH_TIMEOUT_MS })
  const deb = (await readdir(scratch)).find((file) => file.endsWith('.deb'))
  if (!deb) throw new Error(`${DEBIAN_SUITE} has no package nats-server for this machine`)
  await run('dpkg-deb', ['-x', join(scratch, deb), join(scratch, 'package')])
  const binary = join(scratch, 'nats-server')
  await copyFile(join(scratch, 'package/usr/sbin/nats-server'), binary)
  await chmod(binary, 0o755)
  return binary
}

/** The first Debian mirror that the machine itself is set up with. */
async function debianMirror(): Promise<string> {
  const files = ['/etc/apt/sources.list']
  for (const file of await readdir('/etc/apt/sources.list.d').catch(() => []))
    files.push(join('/etc/apt/sources.list.d', file))
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '')
    for (const line of text.split('\n')) {
      if (line.startsWith('#')) continue
      const url = /(https?:\/\/\S+\/debian)\/?(\s|$)/.exec(line)?.[1]
      if (url && !url.includes('security')) return url
    }
  }
  throw new Error("this machine's apt configuration names no Debian mirror")
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
