import assert from 'node:assert/strict'
import { appendFile, cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { backup } from '#scripts/backup/backup.ts'
import { KEYS_FILE, MANIFEST_FILE } from '#scripts/backup/manifest.ts'
import { openObjectStore } from '#scripts/backup/object-store.ts'
import { backupToStore, restoreFromStore } from '#scripts/backup/remote-backup.ts'
import { restore } from '#scripts/backup/restore.ts'
import { composeJethook } from '#scripts/compose.ts'
import { startEmbeddedServers } from '#scripts/embedded/servers.ts'
import { openRuntime } from '#scripts/operator/open-runtime.ts'
import { compareReadModel } from '#scripts/verify/read-model.ts'
import { streamsOf } from '#scripts/verify/read-streams.ts'
import { verifyLedger } from '#scripts/verify/verify-ledger.ts'
import { loadSettings } from '#shared/runtime/config.ts'
import { connectNats } from '#shared/runtime/nats.ts'
import { createApi } from '../support/api.ts'
import { testLogger } from '../support/nats.ts'
import { startObjectService } from '../support/object-service.ts'
import { PATIENT } from '../support/patient.ts'
import { startReceiver } from '../support/receiver.ts'
import { LOOPBACK_ALLOWED, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const RETRIES = { RETRY_SCHEDULE: '4s,1s', MAX_RETRIES: '5', RECONCILE_INTERVAL_MS: '1000', RECONCILE_GRACE_MS: '1000' }
/** So small that the streams go in several. */
const PART_BYTES = 1024
const folder = await mkdtemp(join(tmpdir(), 'jethook-backup-'))
after(() => rm(folder, { recursive: true, force: true }))

test('a backup of a busy system, restored elsewhere, goes on with everything that was acknowledged', {
  timeout: 120_000,
}, async (t) => {
  let isMended = false
  const failed = new Set<string>()
  // Each event fails once at the most: none may have died by the time of the backup.
  const receiver = await startReceiver(({ headers }, count) => {
    const id = String(headers['x-event-id'])
    if (isMended || count % 3 !== 0 || failed.has(id)) return { status: 200 }
    failed.add(id)
    return { status: 503 }
  })
  const stack = await startStack(RETRIES)
  const credentials = await prepare()
  const taken = join(folder, 'taken')

  async function prepare() {
    await stack.api.createEventType()
    await stack.api.subscribe(receiver.url, { labels: { all: 'yes' } })
    return stack.credentials
  }

  const accepted: string[] = []
  const labels = { all: 'yes' }
  for (let i = 0; i < 30; i++) accepted.push(await stack.api.send({ labels }))
  const deliverAt = new Date(Date.now() + 12_000).toISOString()
  accepted.push(await stack.api.send({ labels, deliver_at: deliverAt }))
  await receiver.waitFor((requests) => requests.length >= 30)
  const service = await startObjectService()
  let isPosting = true
  // One that fails on the way leaves nothing running.
  t.after(async () => {
    isPosting = false
    await posting.catch(() => {})
    for (const each of [receiver, service, stack]) await each.close().catch(() => {})
  })
  const posting = (async () => {
    while (isPosting) await stack.api.send({ labels })
  })()
  const environment = {
    JETHOOK_HOME: stack.home,
    NATS_URL: stack.servers.natsAddress,
    DATABASE_URL: stack.servers.databaseUrl,
  }
  const runtime = await openRuntime({ ...environment, LOG_LEVEL: 'silent' })
  const manifest = await backup({ ...runtime, folder: taken })
  await assert.rejects(backup({ ...runtime, folder: taken }), /is not empty/)
  const storeAt = (url: string) => openObjectStore({ url, environment: service.environment, partBytes: PART_BYTES })
  const store = storeAt('s3://backups/of/today')
  await assert.rejects(restoreFromStore({ nats: runtime.nats, settings: runtime.settings, store }), /holds no backup/)
  const atStore = { nats: runtime.nats, registry: runtime.registry, settings: loadSettings(environment), store }
  await backupToStore(atStore)
  await assert.rejects(backupToStore(atStore), /holds a backup already/)
  assert.ok(service.requests.some((request) => request.startsWith('PUT') && request.includes('partNumber=2')))
  assert.deepEqual(
    [...service.objects.keys()].sort(),
    (await readdir(taken)).map((name) => `backups/of/today/${name}`).sort(),
  )
  const again = {
    nats: runtime.nats,
    settings: loadSettings({ ...environment, JETHOOK_HOME: join(folder, 'x') }),
    folder: taken,
  }
  await assert.rejects(restore(again), /has a stream INBOX already/)
  for (const service of [...runtime.services].reverse()) await service.stop()
  await runtime.close()
  isPosting = false
  await posting
  await stack.close()
  assert.ok(manifest.streams.EVENTS!.state.messages >= accepted.length)
  assert.deepEqual((await readdir(taken)).sort(), [
    'AUDIT.snapshot',
    'CONTROL.snapshot',
    'EVENTS.snapshot',
    'INBOX.snapshot',
    'LEDGER.snapshot',
    'WAITING.snapshot',
    MANIFEST_FILE,
    KEYS_FILE,
  ])
  assert.equal((await stat(taken)).mode & 0o777, 0o700)
  for (const file of await readdir(taken)) assert.equal((await stat(join(taken, file))).mode & 0o777, 0o600, file)

  const home = join(folder, 'home')
  const servers = await startEmbeddedServers({ home, hasOpenUser: true })
  const settings = loadSettings({
    ...RETRIES,
    ...LOOPBACK_ALLOWED,
    PORT: '0',
    LOG_LEVEL: 'silent',
    ...PATIENT,
    JETHOOK_HOME: home,
    NATS_URL: servers.natsAddress,
    DATABASE_URL: servers.databaseUrl,
  })
  const nats = await connectNats(servers.natsUrl, 'test', testLogger)
  const damaged = join(folder, 'damaged')
  await cp(taken, damaged, { recursive: true })
  await appendFile(join(damaged, 'EVENTS.snapshot'), 'x')
  await assert.rejects(restore({ nats, settings, folder: damaged }), /EVENTS\.snapshot is damaged/)
  const damagedThere = storeAt('s3://backups/damaged')
  for (const [name, bytes] of [...service.objects])
    service.objects.set(name.replace('of/today', 'damaged'), Buffer.from(bytes))
  service.objects.get('backups/damaged/LEDGER.snapshot')![100]! ^= 1
  await assert.rejects(restoreFromStore({ nats, settings, store: damagedThere }), /LEDGER\.snapshot is damaged/)
  await restoreFromStore({ nats, settings, store })
  assert.ok(!(await readdir(home)).some((name) => name.startsWith('backup-')))
  await service.close()
  isMended = true
  const jethook = await composeJethook({ settings, logger: testLogger })
  await jethook.start()
  try {
    const api = createApi({
      apiUrl: `${jethook.apiUrl()}/api/v1`,
      applicationId: credentials.application_id,
      token: credentials.service_token,
    })
    accepted.push(await api.send({ labels }))
    const arrived = () => new Set(receiver.requests.map(({ headers }) => String(headers['x-event-id'])))
    await until(
      'everything that was accepted before has arrived',
      async () => accepted.every((id) => arrived().has(id)),
      60_000,
    )
    const verify = () =>
      verifyLedger({ ...streamsOf(nats), accepted, isQuiet: true, retriesMax: 5, cancelGraceMs: 15_000 })
    await until('nothing is open any more', async () => (await verify()).open === 0, 60_000)
    const report = await verify()
    assert.deepEqual(report.violations, [])
    assert.equal(report.succeeded, report.deliveries)
    await until(
      'the read model is folded anew',
      async () => (await compareReadModel(servers.databaseUrl, report)).length === 0,
      20_000,
    )
  } finally {
    await jethook.stop()
    await nats.connection.close()
    await servers.stop()
    await receiver.close()
  }
})
