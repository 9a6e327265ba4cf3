import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import { type EmbeddedServers, startEmbeddedServers } from '#scripts/embedded/servers.ts'
import { createApplication, registerUser } from '../support/accounts.ts'
import { createApi } from '../support/api.ts'
import { PATIENT } from '../support/patient.ts'
import { startReceiver } from '../support/receiver.ts'
import { scrape } from '../support/scrape.ts'
import { LOOPBACK_ALLOWED } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { PROJECT, serviceMains } from './files.ts'

interface Process {
  child: ChildProcess
  monitoring: string
  output(): string
}

/** A figure that only this service has, to see that each one tells of its own. */
const OWN_FIGURE: Record<string, string> = {
  gateway: 'jethook_events_accepted',
  matcher: 'jethook_matcher_lag_events',
  deliverer: 'jethook_lanes_owned',
  projections: 'jethook_projection_halted',
  reconciler: 'jethook_reconciler_brought_back',
}

let home: string
let servers: EmbeddedServers
let port: number
const processes = new Map<string, Process>()

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'jethook-apart-'))
  servers = await startEmbeddedServers({ home })
  port = await anyFreePort()
  // As images, charts and units start them: the very programs, and settings from the environment alone.
  for (const [name, main] of await serviceMains()) processes.set(name, await start(main))
})
after(async () => {
  for (const { child } of processes.values()) child.kill('SIGKILL')
  await servers?.stop()
  await rm(home, { recursive: true, force: true })
})

async function start(main: string): Promise<Process> {
  const monitoringPort = await anyFreePort()
  const child = spawn(process.execPath, [main], {
    cwd: PROJECT,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      NATS_URL: servers.natsUrl,
      DATABASE_URL: servers.databaseUrl,
      JETHOOK_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
      JETHOOK_HOME: home,
      PORT: String(port),
      MONITORING_PORT: String(monitoringPort),
      LOG_LEVEL: 'warn',
      ...PATIENT,
      ...LOOPBACK_ALLOWED,
    },
  })
  let output = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-5_000)
  })
  return { child, monitoring: `http://127.0.0.1:${monitoringPort}`, output: () => output }
}

test('each service gets ready by itself, and says so to probes', async () => {
  for (const [name, { child, monitoring, output }] of processes)
    await until(
      `${name} is ready`,
      async () => {
        assert.equal(child.exitCode, null, `${name}: ${output()}`)
        return fetch(`${monitoring}/ready`).then(
          ({ status }) => status === 200,
          () => false,
        )
      },
      60_000,
    )
  for (const [name, { monitoring }] of processes) {
    assert.equal((await fetch(`${monitoring}/live`)).status, 200, name)
    const { families } = await scrape(`${monitoring}/metrics`)
    assert.equal(families.get('jethook_nats_connected')?.samples[0]?.value, 1, name)
    for (const [service, figure] of Object.entries(OWN_FIGURE))
      assert.equal(families.has(figure), service === name, `${name} and ${figure}`)
  }
})

test('together they are a jethook: who registers posts an event, and its webhook arrives and is looked up', async () => {
  const receiver = await startReceiver()
  const apiUrl = `http://127.0.0.1:${port}/api/v1`
  const nobody = createApi({ apiUrl, applicationId: '', token: '' })
  const owner = await registerUser(nobody)
  const { applicationId } = await createApplication(nobody, owner)
  const api = createApi({ apiUrl, applicationId, token: owner.login.access_token })
  await api.createEventType()
  await api.subscribe(receiver.url)
  const eventId = await api.send()
  await receiver.waitFor((requests) => requests.length === 1)
  const attempt = await until('the attempt', async () => {
    const [found] = await api.attempts({ event_id: eventId })
    return found?.outcome === 'success' && found
  })
  assert.equal(attempt.http_response_status, 200)
  const { monitoring } = processes.get('deliverer')!
  await until(
    'the attempt is counted',
    async () => (await scrape(`${monitoring}/metrics`)).value('jethook_attempts_total', { outcome: 'success' }) === 1,
  )
  await receiver.close()
})

test('each stops in order when it is asked to', async () => {
  for (const [name, { child, output }] of processes) {
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    const [code] = (await exited) as [number | null]
    assert.equal(code, 0, `${name}: ${output()}`)
  }
})

test('without a server to go to a service says what it needs', async () => {
  const child = spawn(process.execPath, ['services/matcher/main.ts'], {
    cwd: PROJECT,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], JETHOOK_HOME: home },
  })
  let output = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8')
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  assert.equal(code, 1)
  assert.match(output, /NATS_URL is needed/)
})
