import assert from 'node:assert/strict'
import { access, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startNatsServer } from '#scripts/embedded/nats-server.ts'
import { findNatsServer } from '#scripts/embedded/nats-server-binary.ts'
import { anyFreePort, type ServerProcess, startServerProcess } from '#scripts/embedded/server-process.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { connectAs, connectNats } from '#shared/runtime/nats.ts'
import { KEY_NAMES } from '#shared/runtime/nats-keys.ts'
import { createRuntime } from '#shared/runtime/runtime.ts'
import { applyStreams } from '#shared/runtime/streams.ts'
import { testLogger } from '../support/nats.ts'
import { until } from '../support/until.ts'

const cacheDir =
  process.env['JETHOOK_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'jethook')

let dir = ''
let server: ServerProcess | null = null
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'jethook-nats-home-'))
})
after(async () => {
  await server?.stop()
  await rm(dir, { recursive: true, force: true })
})

const start = () => startNatsServer({ dir, logFile: join(dir, 'log'), cacheDir })
const settings = (url: string) => loadSettings({ NATS_URL: url, JETHOOK_HOME: dir, NATS_KEYS_DIR: join(dir, 'keys') })

/** As releases before had it: one user, no accounts. */
async function startWithoutAccounts(): Promise<ServerProcess> {
  const port = await anyFreePort()
  const config = `listen: "127.0.0.1:${port}"
authorization { user: jethook, password: x }
jetstream { store_dir: ${JSON.stringify(join(dir, 'data'))}, sync_interval: always }
`
  await mkdir(dir, { recursive: true })
  await writeFile(join(dir, 'nats.conf'), config)
  await writeFile(join(dir, 'password'), 'x\n')
  const { path } = await findNatsServer({ cacheDir })
  const url = `nats://jethook:x@127.0.0.1:${port}`
  const command = { command: path, args: ['-c', join(dir, 'nats.conf')], port, url, logFile: join(dir, 'log') }
  const isReady = () =>
    connectNats(url, 'test', testLogger).then(
      ({ connection }) => connection.close().then(() => true),
      () => false,
    )
  return startServerProcess({ name: 'nats-server', ...command, stopSignal: 'SIGTERM', isReady })
}

test('a home without keys gets them, and its streams are what they were', async () => {
  server = await startWithoutAccounts()
  const old = await connectNats(server.url, 'test', testLogger)
  await applyStreams(old.jsm, loadSettings({}))
  await old.js.publish('event.app.a.b.c', 'kept')
  const { created } = await old.jsm.streams.info('EVENTS')
  await old.connection.close()
  await server.stop()

  server = await start()
  assert.doesNotMatch(server.url, /@/)
  const nats = await connectAs('admin', { settings: settings(server.url), name: 'test', logger: testLogger })
  assert.equal(String((await nats.jsm.streams.info('EVENTS')).created), String(created))
  assert.equal((await nats.jsm.streams.getMessage('EVENTS', { seq: 1 }))?.string(), 'kept')
  await nats.connection.close()
  await assert.rejects(access(join(dir, 'password')))
})

test("keys are their owner's only, stay the same, and none is in the configuration", async () => {
  const files = (await readdir(join(dir, 'keys'))).toSorted()
  assert.equal(files.length, KEY_NAMES.length)
  assert.equal((await stat(join(dir, 'keys'))).mode & 0o777, 0o700)
  const seeds = await Promise.all(files.map((file) => readFile(join(dir, 'keys', file), 'utf8')))
  for (const file of files) assert.equal((await stat(join(dir, 'keys', file))).mode & 0o777, 0o600)
  const config = await readFile(join(dir, 'nats.conf'), 'utf8')
  for (const seed of seeds) assert.ok(!config.includes(seed.split('\n')[0]!))
  await server!.stop()
  server = await start()
  assert.deepEqual(await Promise.all(files.map((file) => readFile(join(dir, 'keys', file), 'utf8'))), seeds)
})

test('a service alone has its own user; where it may not make the streams it says what is missing', async () => {
  const at = settings(server!.url)
  const runtime = await createRuntime(at, testLogger, 'matcher')
  const info = await until('the server tells', () =>
    runtime.nats.connection.request('$SYS.REQ.USER.INFO', '').catch(() => null),
  )
  assert.match(info.string(), /_INBOX_matcher/)
  await runtime.close()
  const admin = join(dir, 'keys', 'admin.nk')
  await rm(admin)
  const withoutOperator = await createRuntime(at, testLogger, 'matcher')
  await withoutOperator.close()
  await server!.stop()
  await rm(join(dir, 'data'), { recursive: true })
  server = await start()
  await rm(admin)
  await assert.rejects(
    createRuntime(settings(server.url), testLogger, 'matcher'),
    /INBOX can't be used: it is not there yet/,
  )
})
