import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { applyStreams, STREAM_NAMES } from '#shared/runtime/streams.ts'
import { testLogger } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { natsServerBinary, readProject } from './files.ts'

interface Node {
  child: ChildProcess
  port: number
  httpPort: number
  output(): string
}

const OUTPUT_KEPT = 2_000
const LIMIT_MS = 15_000

let dir: string
let nodes: Node[] = []

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'jethook-nats-cluster-'))
  const conf = await readProject('deploy/nats/cluster.conf')
  const ports = await Promise.all(
    [1, 2, 3].map(async (n) => ({ n, port: await anyFreePort(), route: await anyFreePort() })),
  )
  const routes = ports.map(({ route }) => `nats://route:secret2@127.0.0.1:${route}`)
  nodes = await Promise.all(
    ports.map(async ({ n, port, route }) => {
      const httpPort = await anyFreePort()
      const file = join(dir, `nats-${n}.conf`)
      // Only where it listens and stores is another than in a container.
      const text = conf
        .replace('0.0.0.0:4222', `127.0.0.1:${port}`)
        .replace('0.0.0.0:8222', `127.0.0.1:${httpPort}`)
        .replace('0.0.0.0:6222', `127.0.0.1:${route}`)
        .replace('"/data"', JSON.stringify(join(dir, `data-${n}`)))
      await writeFile(file, text)
      const env = {
        NATS_PASSWORD: 'secret1',
        NATS_CLUSTER_PASSWORD: 'secret2',
        NATS_SERVER_NAME: `nats-${n}`,
        NATS_ROUTES: `[${routes.join(', ')}]`,
      }
      const child = spawn(await natsServerBinary(), ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'], env })
      let output = ''
      child.stderr.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString('utf8')).slice(-OUTPUT_KEPT)
      })
      return { child, port, httpPort, output: () => output }
    }),
  )
})
after(async () => {
  await Promise.all(
    nodes.map(async ({ child }) => {
      const hasEnded = child.exitCode !== null || child.signalCode !== null
      const exited = hasEnded ? null : once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }),
  )
  await rm(dir, { recursive: true, force: true })
})

test('three nats-servers with the given settings are a cluster that keeps three copies of every stream', async () => {
  for (const { httpPort, output } of nodes)
    await until(
      'each is healthy, as the container asks it',
      () =>
        fetch(`http://127.0.0.1:${httpPort}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      LIMIT_MS,
    ).catch((error: Error) => {
      throw new Error(`${error.message}\n${output()}`)
    })
  const urls = nodes.map(({ port }) => `nats://jethook:secret1@127.0.0.1:${port}`)
  // A server may be healthy before the three have chosen who leads; whoever comes too early starts over, as a container does.
  const nats = await until(
    'they can be used',
    () => connectNats(urls.join(','), 'test', testLogger).catch(() => null),
    LIMIT_MS,
  )
  try {
    const settings = loadSettings({ STREAM_REPLICAS: '3' })
    let lastError: unknown = null
    const apply = () =>
      applyStreams(nats.jsm, settings).then(
        () => true,
        (error: unknown) => {
          lastError = error
          return false
        },
      )
    await until('the streams are there', apply, LIMIT_MS).catch((error: Error) => {
      throw new Error(error.message, { cause: lastError })
    })
    const { config, cluster } = await nats.jsm.streams.info(STREAM_NAMES.events)
    assert.equal(config.num_replicas, 3)
    assert.equal(cluster?.replicas?.length, 2)
  } finally {
    await nats.connection.close()
  }
})
