import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import { createApi } from '../support/api.ts'
import { PATIENT } from '../support/patient.ts'
import { startReceiver } from '../support/receiver.ts'
import { LOOPBACK_ALLOWED, type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const SERVICES = {
  gateway: 'services/gateway/main.ts',
  matcher: 'services/matcher/main.ts',
  deliverer: 'services/deliverer/main.ts',
  projections: 'projections/main.ts',
}
type ServiceName = keyof typeof SERVICES

let stack: Stack
before(async () => {
  // All that is in hand is finished, however slow the machine is.
  stack = await startStack({ SHUTDOWN_TIMEOUT_MS: '20000' })
})
after(() => stack.close())

test('a stop and start in the middle loses nothing and delivers nothing twice', async () => {
  await stack.api.createEventType()
  const receiver = await startReceiver()
  await stack.api.subscribe(receiver.url)
  const ids: string[] = []
  for (let round = 0; round < 3; round++) {
    const sent = await Promise.all(Array.from({ length: 100 }, () => stack.api.send()))
    ids.push(...sent)
    await stack.restart()
  }
  await receiver.waitFor((requests) => requests.length >= ids.length)
  const received = receiver.requests.map(({ headers }) => String(headers['x-event-id']))
  assert.deepEqual(received.toSorted(), ids.toSorted())
  await receiver.close()
})

test('each service runs alone, and may be killed in the middle', async () => {
  const port = await anyFreePort()
  const children = new Map<ServiceName, ChildProcess>()
  const startOne = (name: ServiceName) => {
    const child = spawn(process.execPath, [SERVICES[name]], {
      cwd: PROJECT,
      env: {
        ...process.env,
        NATS_URL: stack.servers.natsAddress,
        DATABASE_URL: stack.servers.databaseUrl,
        JETHOOK_HOME: stack.home,
        PORT: String(port),
        LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'fatal',
        RETRY_SCHEDULE: '100ms,200ms',
        ...PATIENT,
        ...LOOPBACK_ALLOWED,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    children.set(name, child)
  }
  const killOne = async (name: ServiceName) => {
    const child = children.get(name)!
    child.kill('SIGKILL')
    await once(child, 'exit')
    startOne(name)
  }
  const api = createApi({
    apiUrl: `http://127.0.0.1:${port}/api/v1`,
    applicationId: stack.credentials.application_id,
    token: stack.credentials.service_token,
  })
  const receiver = await startReceiver((_, count) => ({ status: count % 10 === 0 ? 503 : 200 }))
  try {
    for (const name of Object.keys(SERVICES) as ServiceName[]) startOne(name)
    await until(
      'the gateway answers',
      async () => (await api.createEventType('alone.e.v').catch(() => null))?.status === 201,
    )
    await api.subscribe(receiver.url, { event_types: ['alone.e.v'] })
    const ids: string[] = []
    const sendUntilAccepted = () =>
      until('an event is accepted', async () => {
        const answer = await api
          .call<{ event_id: string }>('POST', '/event', api.eventPost({ event_type: 'alone.e.v' }))
          .catch(() => null)
        return answer?.status === 201 && answer.body.event_id
      })
    for (const name of ['matcher', 'deliverer', 'projections', 'gateway'] as const) {
      for (let i = 0; i < 50; i++) ids.push(await sendUntilAccepted())
      await killOne(name)
    }
    for (let i = 0; i < 50; i++) ids.push(await sendUntilAccepted())
    await receiver.waitFor(
      () => ids.every((id) => receiver.requests.some(({ headers }) => headers['x-event-id'] === id)),
      60_000,
    )
    const attempts = await until('the log shows the last event delivered', async () => {
      const found = await api.attempts({ event_id: ids.at(-1)! })
      return found.some(({ outcome }) => outcome === 'success') && found
    })
    assert.ok(attempts.length >= 1)
  } finally {
    await Promise.all(
      [...children.values()].map(async (child) => {
        child.kill('SIGKILL')
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      }),
    )
    await receiver.close()
  }
})
