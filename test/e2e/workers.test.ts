import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Credentials } from '#scripts/start/credentials.ts'
import { isRunning } from '#shared/runtime/is-running.ts'
import { createApi } from '../support/api.ts'
import { PATIENT } from '../support/patient.ts'
import { startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const home = await mkdtemp(join(tmpdir(), 'jethook-workers-'))
after(() => rm(home, { recursive: true, force: true }))

/** The processes that run services beside the first one, by what they run. */
async function workersOf(pid: number): Promise<{ pid: number; services: string }[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number)
  const commands = await Promise.all(
    children.map(async (child) => ({
      pid: child,
      command: await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => ''),
    })),
  )
  return commands
    .filter(({ command }) => command.includes('worker-main.ts'))
    .map(({ pid: child, command }) => ({
      pid: child,
      services: command.split('\0').slice(2).filter(Boolean).join(' '),
    }))
}

test('spread over processes it does the same, and goes on when one of them is killed', {
  skip: process.platform !== 'linux' && 'processes are looked up in /proc',
}, async () => {
  const receiver = await startReceiver()
  const jethook = spawn(process.execPath, ['scripts/start/main.ts', '--json'], {
    cwd: PROJECT,
    env: { ...process.env, JETHOOK_HOME: home, PORT: '0', LOG_LEVEL: 'fatal', WORKERS: '3', ...PATIENT },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    const [line] = (await once(jethook.stdout, 'data')) as [Buffer]
    const { api_url, application_id, service_token } = JSON.parse(line.toString()) as Credentials
    const api = createApi({ apiUrl: api_url, applicationId: application_id, token: service_token })
    await api.createEventType()
    await api.subscribe(receiver.url)
    const before = await workersOf(jethook.pid!)
    assert.deepEqual(before.map(({ services }) => services).toSorted(), [
      'matcher deliverer',
      'projections outcomes notifier',
    ])
    const postOne = async () => assert.equal((await api.call('POST', '/event', api.eventPost())).status, 201)
    const attemptsReach = (count: number) =>
      until(`${count} attempts are shown`, async () => {
        const { body } = await api.call<{ status: { type: string } }[]>(
          'GET',
          `/request_attempts?application_id=${application_id}`,
        )
        return body.filter(({ status }) => status.type === 'successful').length === count
      })

    await postOne()
    await receiver.waitFor((requests) => requests.length === 1)
    await attemptsReach(1)

    for (const { pid } of before) process.kill(pid, 'SIGKILL')
    await postOne()
    await receiver.waitFor((requests) => new Set(requests.map(({ headers }) => headers['x-event-id'])).size === 2)
    await attemptsReach(2)

    const again = await workersOf(jethook.pid!)
    jethook.kill('SIGTERM')
    await once(jethook, 'exit')
    await until('they are gone', async () => !again.some(({ pid }) => isRunning(pid)))
  } finally {
    jethook.kill('SIGKILL')
    await receiver.close()
  }
})
