import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { type FindOptions, findNatsServer } from './nats-server-binary.ts'
import { choosePort, endLeftOver, keptPassword, type ServerProcess, startServerProcess } from './server-process.ts'

const NATS_USER = 'jethook'
/** An event's payload has up to 2 MiB; with its envelope it must fit into one message. */
const LIMITS: Required<NatsLimits> = { payloadMax: '4MB', fileStoreMax: '1TB' }

/** Bounds other than ours, as nats-server writes sizes: tests reach them. */
export interface NatsLimits {
  /** One message, with its headers. */
  payloadMax?: string
  /** What all streams together may take of the disk. */
  fileStoreMax?: string
}

export interface NatsServerOptions extends FindOptions {
  dir: string
  logFile: string
  limits?: NatsLimits
}

/**
 * Starts a nats-server with JetStream on `dir`. Every message is fsynced before it is acknowledged.
 * @throws {ServerStartError} with the reason and what to do.
 */
export async function startNatsServer(options: NatsServerOptions): Promise<ServerProcess> {
  const dir = resolve(options.dir)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const { path } = await findNatsServer(options)
  const pidFile = join(dir, 'nats.pid')
  const configFile = join(dir, 'nats.conf')
  await endLeftOver(pidFile, dir, 'SIGTERM')
  const port = await choosePort(dir)
  const password = await keptPassword(join(dir, 'password'), () => randomBytes(24).toString('base64url'))
  const limits = { ...LIMITS, ...options.limits }
  await writeFile(configFile, serverConfig({ dir, port, password, pidFile, limits }), { mode: 0o600 })
  return startServerProcess({
    name: 'nats-server',
    command: path,
    args: ['-c', configFile],
    port,
    url: `nats://${NATS_USER}:${password}@127.0.0.1:${port}`,
    logFile: options.logFile,
    stopSignal: 'SIGTERM',
    isReady: () => greets(port),
  })
}

function serverConfig({
  dir,
  port,
  password,
  pidFile,
  limits,
}: {
  dir: string
  port: number
  password: string
  pidFile: string
  limits: Required<NatsLimits>
}): string {
  const text = (value: string) => JSON.stringify(value)
  return `# Written at every start: changes here are lost.
listen: "127.0.0.1:${port}"
pid_file: ${text(pidFile)}
max_payload: ${limits.payloadMax}
max_pending: 256MB
write_deadline: "10s"
authorization { user: ${NATS_USER}, password: ${text(password)} }
jetstream {
  store_dir: ${text(join(dir, 'data'))}
  sync_interval: always
  max_memory_store: 256MB
  max_file_store: ${limits.fileStoreMax}
}
`
}

/** The server greets only after JetStream is up. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const settle = (isUp: boolean) => {
      socket.destroy()
      resolve(isUp)
    }
    socket.once('data', () => settle(true))
    socket.once('error', () => settle(false))
    socket.setTimeout(1_000, () => settle(false))
  })
}
