import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type MsgHdrs } from '@nats-io/transport-node'
import { findNatsServer } from '#scripts/embedded/nats-server-binary.ts'
import { anyFreePort, startServerProcess } from '#scripts/embedded/server-process.ts'
import { REQUEST_INFO, readRequestInfo } from '#services/gateway/nats-door/nats-sender.ts'
import { natsHeaders } from '../support/nats-publisher.ts'
import { until } from '../support/until.ts'

/** Publishers in an account of their own, as docs/nats.md has it. */
const config = (port: number, dir: string, share: boolean) => `
listen: "127.0.0.1:${port}"
jetstream { store_dir: ${JSON.stringify(dir)} }
accounts {
  JETHOOK { jetstream: enabled, users: [{ user: jethook, password: own }], exports: [{ service: "in.>" }, { service: "ingest.>" }] }
  APPLICATIONS {
    users: [{ user: shop, password: secret-of-shop }]
    imports: [
      { service: { account: JETHOOK, subject: "in.>" }, share: ${share} }
      { service: { account: JETHOOK, subject: "ingest.>" }, share: ${share} }
    ]
  }
}
`

async function letsIn(servers: string): Promise<boolean> {
  try {
    const connection = await connect({ servers, user: 'jethook', pass: 'own' })
    await connection.close()
    return true
  } catch {
    return false
  }
}

/** Requests and publishes with headers that claim to come from elsewhere. @returns the headers as jethook gets them. */
async function receivedHeaders(share: boolean): Promise<{ requested: MsgHdrs; published: MsgHdrs }> {
  const dir = await mkdtemp(join(tmpdir(), 'jethook-nats-'))
  const port = await anyFreePort()
  const configFile = join(dir, 'nats.conf')
  await writeFile(configFile, config(port, join(dir, 'data'), share))
  const { path } = await findNatsServer({ cacheDir: process.env['JETHOOK_CACHE'] ?? join(homedir(), '.cache/jethook') })
  const servers = `127.0.0.1:${port}`
  const server = await startServerProcess({
    name: 'nats-server',
    command: path,
    args: ['-c', configFile],
    port,
    url: `nats://${servers}`,
    logFile: join(dir, 'log'),
    stopSignal: 'SIGTERM',
    isReady: () => letsIn(servers),
  })
  try {
    const own = await connect({ servers, user: 'jethook', pass: 'own' })
    const shop = await connect({ servers, user: 'shop', pass: 'secret-of-shop', name: 'shop-7' })
    const jsm = await jetstreamManager(own)
    await jsm.streams.add({ name: 'INBOX', subjects: ['in.>'] })
    const { promise, resolve } = Promise.withResolvers<MsgHdrs>()
    own.subscribe('ingest.>', {
      callback(_, message) {
        resolve(message.headers!)
        message.respond()
      },
    })
    await own.flush()
    const headers = natsHeaders({ Own: 'x', [REQUEST_INFO]: '{"host":"192.0.2.1","name":"somebody else"}' })
    await jetstream(shop).publish('in.a.b.c.d', '{}', { headers })
    await shop.request('ingest.a.b.c.d', '{}', { headers, timeout: 5_000 })
    const stored = await until('it is stored', () => jsm.streams.getMessage('INBOX', { seq: 1 }))
    await Promise.all([own.close(), shop.close()])
    return { requested: await promise, published: stored.header }
  } finally {
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

test('the server says by which connection a request came, whatever it claims, and no secret', async () => {
  const { requested, published } = await receivedHeaders(true)
  assert.deepEqual(readRequestInfo(requested.get(REQUEST_INFO)), { ip: '127.0.0.1', clientName: 'shop-7' })
  const all = [...requested].flat(2).join()
  assert.match(all, /Own,x/)
  assert.doesNotMatch(all, /secret-of-shop|192\.0\.2\.1|somebody else/)
  assert.equal(published.get('Own'), 'x')
  assert.ok(!published.has(REQUEST_INFO), 'of what is published nothing is known')
})

test('unless the import shares it, nothing is known', async () => {
  const { requested } = await receivedHeaders(false)
  assert.deepEqual(readRequestInfo(requested.get(REQUEST_INFO)), {})
})

test('what can not be read says nothing', () => {
  assert.deepEqual(readRequestInfo(null), {})
  for (const header of ['', 'x', '[]', '{"host":7,"name":{}}', '{"host":"example.com","name":""}'])
    assert.deepEqual(readRequestInfo(header), {}, header)
})
