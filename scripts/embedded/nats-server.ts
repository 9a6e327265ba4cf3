import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { type FindOptions, findNatsServer } from './nats-server-binary.ts'
import { choosePort, endLeftOver, keptPassword, type ServerProcess, startServerProcess } from './server-process.ts'

const NATS_USER = 'jethook'
/** An event's payload has up to 2 MiB; with its envelope it must fit into one message. */
const PAYLOAD_MAX = '4MB'

/**
 * Starts a nats-server with JetStream on `dir`. Every message is fsynced before it is acknowledged.
 * @throws {ServerStartError} with the reason and what to do.
 */
export async function startNatsServer(options: { dir: string; logFile: string } & FindOptions): Promise<ServerProcess> {
  const dir = resolve(options.dir)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const { path } = await findNatsServer(options)
  const pidFile = join(dir, 'nats.pid')
  const configFile = join(dir, 'nats.conf')
  await endLeftOver(pidFile, dir, 'SIGTERM')
  const port = await choosePort(dir)
  const password = await keptPassword(join(dir, 'password'), () => randomBytes(24).toString('base64url'))
  await writeFile(configFile, serverConfig({ dir, port, password, pidFile }), { mode: 0o600 })
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
}: {
  dir: string
  port: number
  password: string
  pidFile: string
}): string {
  const text = (value: string) => JSON.stringify(value)
  return `# Written at every start: changes here are lost.
listen: "127.0.0.1:${port}"
pid_file: ${text(pidFile)}
max_payload: ${PAYLOAD_MAX}
max_pending: 256MB
write_deadline: "10s"
authorization { user: ${NATS_USER}, password: ${text(password)} }
jetstream {
  store_dir: ${text(join(dir, 'data'))}
  sync_interval: always
  max_memory_store: 256MB
  max_file_store: 1TB
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
