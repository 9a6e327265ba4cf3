import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { connect } from '@nats-io/transport-node'
import { type NatsListen, startNatsServer } from '#scripts/embedded/nats-server.ts'
import type { ServerProcess } from '#scripts/embedded/server-process.ts'
import { loadSettings, type Settings } from '#shared/runtime/config.ts'
import { connectAs, NatsUnusableError } from '#shared/runtime/nats.ts'
import { createRuntime } from '#shared/runtime/runtime.ts'
import { testLogger } from '../support/nats.ts'

const file = (name: string) => fileURLToPath(new URL(`../support/certificates/${name}`, import.meta.url))
const certificate = (name: string) => ({ certFile: file(`${name}.pem`), keyFile: file(`${name}.key`) })

let dir = ''
let server: ServerProcess | null = null
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'jethook-tls-'))
})
after(async () => {
  await server?.stop()
  await rm(dir, { recursive: true, force: true })
})

async function start(tls: NatsListen['tls']): Promise<ServerProcess> {
  await server?.stop()
  const cacheDir =
    process.env['JETHOOK_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'jethook')
  server = await startNatsServer({ dir, logFile: join(dir, 'log'), cacheDir, listen: tls ? { tls } : {} })
  return server
}

const settingsFor = (url: string, more: Record<string, string> = {}): Settings =>
  loadSettings({
    NATS_URL: url,
    JETHOOK_HOME: dir,
    NATS_KEYS_DIR: join(dir, 'keys'),
    NATS_TLS_HANDSHAKE_FIRST: 'true',
    NATS_TLS_CA_FILE: file('ca.pem'),
    ...more,
  })
const connectWith = (settings: Settings) => connectAs('jethook', { settings, name: 'test', logger: testLogger })

test('by a private authority services connect encrypted, and see to the streams', async () => {
  const { url } = await start(certificate('server'))
  assert.match(url, /^tls:/)
  const runtime = await createRuntime(settingsFor(url), testLogger)
  assert.equal(runtime.nats.connection.info?.tls_required, true)
  assert.equal((await runtime.nats.jsm.streams.info('EVENTS')).config.name, 'EVENTS')
  await runtime.close()
})

test('a client without TLS is told nothing, one with an old version of it neither', async () => {
  const { port } = server!
  await assert.rejects(
    connect({ servers: `127.0.0.1:${port}`, timeout: 500, reconnect: false, waitOnFirstConnect: false }),
  )
  const shake = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
    new Promise<string | null>((resolve) => {
      const options = {
        minVersion: version,
        maxVersion: version,
        ciphers: 'DEFAULT@SECLEVEL=0',
        rejectUnauthorized: false,
      }
      const socket = connectTls({ port, host: '127.0.0.1', ...options }, () => {
        resolve(socket.getProtocol())
        socket.destroy()
      })
      socket.once('error', () => resolve(null))
    })
  assert.deepEqual(
    [await shake('TLSv1.1'), await shake('TLSv1.2'), await shake('TLSv1.3')],
    [null, 'TLSv1.2', 'TLSv1.3'],
  )
})

test('a server of another authority, of another name or out of date is not trusted', async () => {
  const { url } = server!
  await assert.rejects(connectWith(settingsFor(url, { NATS_TLS_CA_FILE: file('self-signed.pem') })), NatsUnusableError)
  await assert.rejects(connectWith(settingsFor(url, { NATS_TLS_CA_FILE: '' })), NatsUnusableError)
  await assert.rejects(connectWith(settingsFor(url, { NATS_TLS_CA_FILE: '/no/such' })), /NATS_TLS_CA_FILE.*ENOENT/)
  for (const name of ['wrong-name', 'expired']) {
    const { url: at } = await start(certificate(name))
    await assert.rejects(connectWith(settingsFor(at)), NatsUnusableError, name)
  }
})

test('a server may ask for a certificate, without which no key lets in', async () => {
  const { url } = await start({ ...certificate('server'), clientCaFile: file('ca.pem') })
  await assert.rejects(connectWith(settingsFor(url)), NatsUnusableError)
  const shown = { NATS_TLS_CERT_FILE: file('client.pem'), NATS_TLS_KEY_FILE: file('client.key') }
  const nats = await connectWith(settingsFor(url, shown))
  await nats.connection.close()
  await assert.rejects(connectWith(settingsFor(url, { NATS_TLS_CERT_FILE: file('client.pem') })), /go together/)
})

test('somebody in between who speaks without TLS hears no credential', async () => {
  const heard: Buffer[] = []
  const info = { server_id: 'N', version: '2.15.1', max_payload: 1_000_000, headers: true, proto: 1, nonce: 'x' }
  const impostor: Server = createServer((socket) => {
    socket.on('data', (chunk) => heard.push(chunk))
    socket.on('error', () => {})
    socket.write(`INFO ${JSON.stringify(info)}\r\n`)
  })
  const port = await new Promise<number>((resolve) => {
    impostor.listen(0, '127.0.0.1', () => resolve((impostor.address() as { port: number }).port))
  })
  try {
    for (const more of [{}, { NATS_TLS_HANDSHAKE_FIRST: 'false' }]) {
      const login = { NATS_USER: 'jethook', NATS_PASSWORD: 'canary-password' }
      await assert.rejects(
        connectWith(settingsFor(`tls://127.0.0.1:${port}`, { ...login, ...more })),
        NatsUnusableError,
      )
    }
    assert.ok(!Buffer.concat(heard).includes('canary-password'))
    assert.ok(!Buffer.concat(heard).includes('CONNECT'))
  } finally {
    impostor.close()
  }
})
