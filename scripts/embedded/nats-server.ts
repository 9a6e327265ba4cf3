import { randomBytes } from 'node:crypto'
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { type KeyName, type KeyText, makeNatsKeys } from '#shared/runtime/nats-keys.ts'
import { NATS_ACCOUNTS } from '#shared/runtime/nats-roles.ts'
import { accessConfig, quoted, type TlsFiles, tlsConfig } from './nats-config.ts'
import { type FindOptions, findNatsServer } from './nats-server-binary.ts'
import { choosePort, endLeftOver, keptPassword, type ServerProcess, startServerProcess } from './server-process.ts'

const OPEN_USER = 'jethook'
const LOOPBACK = '127.0.0.1'
/** An event's payload has up to 2 MiB; with its envelope it must fit into one message. */
const LIMITS: Required<NatsLimits> = { payloadMax: '4MB', fileStoreMax: '1TB' }

/** Bounds other than ours, as nats-server writes sizes: tests reach them. */
export interface NatsLimits {
  /** One message, with its headers. */
  payloadMax?: string
  /** What all streams together may take of the disk. */
  fileStoreMax?: string
}

/** Where it listens and by which name it is reached from this machine; absent: 127.0.0.1, a free port, no TLS. */
export interface NatsListen {
  ip?: string
  /** 0: any that is free, the same one as before if possible. */
  port?: number
  name?: string
  tls?: TlsFiles
}

export interface NatsServerOptions extends FindOptions {
  dir: string
  logFile: string
  limits?: NatsLimits
  listen?: NatsListen
  /** For tests: a user beside those with keys, which may do everything and whose password stands in the URL. */
  hasOpenUser?: boolean
}

/**
 * Starts a nats-server with JetStream on `dir`. Every message is fsynced before it is acknowledged. Its users have keys, which
 * are made at the first start (`dir`/keys); applications come in by the auth callout.
 * @throws {ServerStartError} with the reason and what to do.
 */
export async function startNatsServer(options: NatsServerOptions): Promise<ServerProcess> {
  const dir = resolve(options.dir)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const { path } = await findNatsServer(options)
  const pidFile = join(dir, 'nats.pid')
  const configFile = join(dir, 'nats.conf')
  await endLeftOver(pidFile, dir, 'SIGTERM')
  const { ip = LOOPBACK, name = LOOPBACK, tls } = options.listen ?? {}
  const port = options.listen?.port || (await choosePort(dir))
  const keys = await makeNatsKeys(natsKeyFolder(dir))
  const openUser = await openUserOf(dir, options.hasOpenUser === true)
  await moveToOwnAccount(join(dir, 'data'))
  const limits = { ...LIMITS, ...options.limits }
  await writeFile(configFile, serverConfig({ dir, ip, port, pidFile, limits, keys, tls, openUser }), { mode: 0o600 })
  const user = openUser === undefined ? '' : `${openUser.name}:${openUser.password}@`
  return startServerProcess({
    name: 'nats-server',
    command: path,
    args: ['-c', configFile],
    port,
    url: `${tls ? 'tls' : 'nats'}://${user}${name}:${port}`,
    logFile: options.logFile,
    stopSignal: 'SIGTERM',
    isReady: () => (tls ? isListening(pidFile, port) : greets(port)),
  })
}

/** Of the files of a nats-server. */
export function natsKeyFolder(dir: string): string {
  return join(dir, 'keys')
}

async function openUserOf(dir: string, isWanted: boolean): Promise<{ name: string; password: string } | undefined> {
  const file = join(dir, 'password')
  // Homes of earlier releases have one user that may do everything.
  if (!isWanted) return rm(file, { force: true }).then(() => undefined)
  return { name: OPEN_USER, password: await keptPassword(file, () => randomBytes(24).toString('base64url')) }
}

/** Earlier releases had no accounts: their streams are in the one that a server has by itself. */
async function moveToOwnAccount(dataDir: string): Promise<void> {
  const [before, now] = ['$G', NATS_ACCOUNTS.own].map((account) => join(dataDir, 'jetstream', account))
  const isThere = (folder: string) =>
    access(join(folder, 'streams')).then(
      () => true,
      () => false,
    )
  if ((await isThere(before!)) && !(await isThere(now!))) {
    await rm(now!, { recursive: true, force: true })
    await rename(before!, now!)
  }
}

interface ConfigOptions {
  dir: string
  ip: string
  port: number
  pidFile: string
  limits: Required<NatsLimits>
  keys: ReadonlyMap<KeyName, KeyText>
  tls: TlsFiles | undefined
  openUser: { name: string; password: string } | undefined
}

function serverConfig({ dir, ip, port, pidFile, limits, keys, tls, openUser }: ConfigOptions): string {
  return `# Written at every start: changes here are lost.
listen: ${quoted(`${ip}:${port}`)}
pid_file: ${quoted(pidFile)}
max_payload: ${limits.payloadMax}
max_pending: 256MB
write_deadline: "10s"
${accessConfig({ keys, ...(openUser ? { openUser } : {}) })}${tls ? tlsConfig(tls) : ''}jetstream {
  store_dir: ${quoted(join(dir, 'data'))}
  sync_interval: always
  max_memory_store: 256MB
  max_file_store: ${limits.fileStoreMax}
}
`
}

/** With TLS from the first byte on it says nothing by itself; its pid file is written when JetStream is up. */
async function isListening(pidFile: string, port: number): Promise<boolean> {
  const isWritten = await access(pidFile).then(
    () => true,
    () => false,
  )
  return isWritten && (await accepts(port))
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: LOOPBACK })
    const settle = (isUp: boolean) => {
      socket.destroy()
      resolve(isUp)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}

/** The server greets only after JetStream is up. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: LOOPBACK })
    const settle = (isUp: boolean) => {
      socket.destroy()
      resolve(isUp)
    }
    socket.once('data', () => settle(true))
    socket.once('error', () => settle(false))
    socket.setTimeout(1_000, () => settle(false))
  })
}
