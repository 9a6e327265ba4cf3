import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@nats-io/transport-node'
import { findNatsServer } from '#scripts/embedded/nats-server-binary.ts'
import { type ServerProcess, startServerProcess } from '#scripts/embedded/server-process.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import type { StreamName } from '#shared/runtime/streams.ts'
import { testLogger } from '../support/nats.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

export type NodeName = 'n1' | 'n2' | 'n3'
export const NODE_NAMES: readonly NodeName[] = ['n1', 'n2', 'n3']

/** Three nats-servers on loopback, every message fsynced; all that they say to each other passes through proxies. */
export interface NatsCluster {
  /** Of all three, comma separated. */
  natsUrl: string
  streamLeader(stream: StreamName): Promise<NodeName>
  consumerLeader(stream: StreamName, consumer: string): Promise<NodeName>
  metaLeader(): Promise<NodeName>
  /** The node that a client of this name is connected to. */
  nodeOf(clientName: string): Promise<NodeName>
  /** Makes the meta leader give up its place. */
  stepDownMetaLeader(): Promise<void>
  /** `kill -9`. Resolves when it is gone. */
  kill(node: NodeName): Promise<void>
  /** A clean end. */
  stop(node: NodeName): Promise<void>
  /** On the same files and ports. Resolves when it is healthy: all that it should have, it has. */
  start(node: NodeName): Promise<void>
  pause(node: NodeName): void
  resume(node: NodeName): void
  /** Nothing passes between `node` and the others, and nobody is told. */
  isolate(node: NodeName): void
  /** Connections that were cut in two are closed; the servers make new ones. */
  heal(): void
  close(): Promise<void>
}

/** What a node's configuration needs to know. Ports are of loopback. */
interface Node {
  name: NodeName
  clientPort: number
  routePort: number
  monitorPort: number
}

const PASSWORD = 'x'
const FORM_LIMIT_MS = 30_000
const HEALTH_TIMEOUT_MS = 1_000

/** @param dir Where the nodes keep their files; it must exist. */
export async function startNatsCluster(dir: string): Promise<NatsCluster> {
  const cacheDir =
    process.env['JETHOOK_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'jethook')
  const { path } = await findNatsServer({ cacheDir })
  const nodes = new Map<NodeName, Node>()
  for (const name of NODE_NAMES) {
    const [clientPort, routePort, monitorPort] = [await freePort(), await freePort(), await freePort()]
    nodes.set(name, { name, clientPort, routePort, monitorPort })
  }
  const routes = await startRoutes([...nodes.values()])
  const processes = new Map<NodeName, ServerProcess>()
  const isPaused = new Set<NodeName>()

  async function start(name: NodeName): Promise<void> {
    processes.set(name, await startNode({ node: nodes.get(name)!, dir, path, routes }))
  }

  function signal(name: NodeName, what: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(processes.get(name)!.pid, what)
    if (what === 'SIGSTOP') isPaused.add(name)
    else isPaused.delete(name)
  }

  async function end(name: NodeName, how: 'stop' | 'kill'): Promise<void> {
    if (isPaused.has(name)) signal(name, 'SIGCONT')
    const server = processes.get(name)
    processes.delete(name)
    await server?.[how]()
  }

  /** What the first node that answers says on its monitoring port. */
  async function ask<T>(path: string, isAnswer: (answer: T) => boolean): Promise<NodeName | null> {
    for (const [name, { monitorPort }] of nodes) {
      if (!processes.has(name) || isPaused.has(name)) continue
      const answer = await monitor<T>(monitorPort, path)
      if (answer !== null && isAnswer(answer)) return name
    }
    return null
  }

  const isMetaLeader = (name: NodeName) => async () => {
    const answer = await monitor<{ meta_cluster?: { leader?: string } }>(nodes.get(name)!.monitorPort, '/jsz')
    return answer?.meta_cluster?.leader === name
  }

  async function metaLeader(): Promise<NodeName> {
    return until(
      'a meta leader',
      async () => {
        for (const name of NODE_NAMES)
          if (processes.has(name) && !isPaused.has(name) && (await isMetaLeader(name)())) return name
        return null
      },
      FORM_LIMIT_MS,
    )
  }

  const natsUrl = [...nodes.values()].map(({ clientPort }) => urlOf('app', clientPort)).join(',')
  let observer: Nats | null = null

  async function close(): Promise<void> {
    await observer?.connection.close()
    await Promise.all(NODE_NAMES.map((name) => end(name, 'kill')))
    await Promise.all([...routes.values()].map((route) => route.close()))
  }

  try {
    await Promise.all(NODE_NAMES.map(start))
    await metaLeader()
    observer = await connectNats(natsUrl, 'observer', testLogger)
  } catch (error) {
    await close()
    throw error
  }
  const { jsm } = observer
  const leaderOf = (what: string, read: () => Promise<{ cluster?: { leader?: string } }>) =>
    until(
      `a leader of ${what}`,
      async () => (await read().catch(() => null))?.cluster?.leader as NodeName | undefined,
      FORM_LIMIT_MS,
    )
  return {
    natsUrl,
    streamLeader: (stream) => leaderOf(stream, () => jsm.streams.info(stream)),
    consumerLeader: (stream, consumer) => leaderOf(consumer, () => jsm.consumers.info(stream, consumer)),
    metaLeader,
    async nodeOf(clientName) {
      const isThere = ({ connections }: { connections: { name?: string }[] }) =>
        connections.some(({ name }) => name === clientName)
      return until(`a connection of ${clientName}`, () => ask('/connz', isThere))
    },
    async stepDownMetaLeader() {
      const { clientPort } = nodes.get(await metaLeader())!
      const system = await connect({ servers: `127.0.0.1:${clientPort}`, user: 'sys', pass: PASSWORD })
      await system.request('$JS.API.META.LEADER.STEPDOWN', '', { timeout: 2_000 }).finally(() => system.close())
    },
    kill: (node) => end(node, 'kill'),
    stop: (node) => end(node, 'stop'),
    start,
    pause: (node) => signal(node, 'SIGSTOP'),
    resume: (node) => signal(node, 'SIGCONT'),
    isolate(node) {
      for (const [key, route] of routes) if (key.includes(node)) route.isSilent = true
    },
    heal() {
      for (const route of routes.values()) {
        if (!route.isSilent) continue
        route.isSilent = false
        route.cutAll()
      }
    },
    close,
  }
}

const FIRST_PORT = 10_000
const LAST_PORT = 30_000
const taken = new Set<number>()

/**
 * A port that is free and stays so while its node is down: below those that the system gives to outgoing connections, and
 * never the same twice.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT))
    if (taken.has(port) || !(await isFree(port))) continue
    taken.add(port)
    return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function urlOf(user: string, port: number): string {
  return `nats://${user}:${PASSWORD}@127.0.0.1:${port}`
}

/** A proxy for each directed route, by "from>to". */
async function startRoutes(nodes: readonly Node[]): Promise<Map<string, TcpProxy>> {
  const routes = new Map<string, TcpProxy>()
  for (const from of nodes)
    for (const to of nodes) if (from !== to) routes.set(`${from.name}>${to.name}`, await startTcpProxy(to.routePort))
  return routes
}

interface StartNodeOptions {
  node: Node
  dir: string
  path: string
  routes: ReadonlyMap<string, TcpProxy>
}

async function startNode({ node, dir, path, routes }: StartNodeOptions): Promise<ServerProcess> {
  const { name, clientPort, monitorPort } = node
  const home = join(dir, name)
  await mkdir(home, { recursive: true })
  const configFile = join(home, 'nats.conf')
  const ports = NODE_NAMES.filter((other) => other !== name).map((other) => routes.get(`${name}>${other}`)!.port)
  await writeFile(configFile, nodeConfig(node, join(home, 'data'), ports))
  return startServerProcess({
    name: `nats-server ${name}`,
    command: path,
    args: ['-c', configFile],
    port: clientPort,
    url: urlOf('app', clientPort),
    logFile: join(home, 'log'),
    stopSignal: 'SIGTERM',
    isReady: async () => (await monitor<{ status: string }>(monitorPort, '/healthz'))?.status === 'ok',
  })
}

/** No addresses are passed on (`no_advertise`): nodes and clients would go around the proxies. */
function nodeConfig(
  { name, clientPort, routePort, monitorPort }: Node,
  storeDir: string,
  proxyPorts: number[],
): string {
  return `server_name: ${name}
listen: "127.0.0.1:${clientPort}"
http: "127.0.0.1:${monitorPort}"
max_payload: 4MB
max_pending: 256MB
jetstream { store_dir: ${JSON.stringify(storeDir)}, max_file_store: 100GB, max_memory_store: 64MB, sync_interval: always }
cluster {
  name: jethook, listen: "127.0.0.1:${routePort}", no_advertise: true, pool_size: -1, ping_interval: "5s"
  routes: [${proxyPorts.map((port) => `"nats://127.0.0.1:${port}"`).join(', ')}]
}
accounts {
  $SYS { users: [{ user: sys, password: ${PASSWORD} }] }
  APP { jetstream: enabled, users: [{ user: app, password: ${PASSWORD} }] }
}
`
}

/** @returns null when the server says nothing, or says no. */
async function monitor<T>(port: number, path: string): Promise<T | null> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
  }).catch(() => null)
  if (response === null || !response.ok) return null
  return (await response.json()) as T
}
