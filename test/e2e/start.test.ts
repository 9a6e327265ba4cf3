import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import type { Credentials } from '#scripts/start/credentials.ts'
import { createApi } from '../support/api.ts'
import { PATIENT } from '../support/patient.ts'
import { until } from '../support/until.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const MAIN = 'scripts/start/main.ts'

let scratch: string
let port: number
before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'jethook-start-'))
  port = await anyFreePort()
})
after(() => rm(scratch, { recursive: true, force: true }))

const environmentOf = (home: string, more: Record<string, string> = {}) => ({
  ...process.env,
  JETHOOK_HOME: home,
  PORT: String(port),
  LOG_LEVEL: 'fatal',
  ...PATIENT,
  ...more,
})

/** Starts and expects it to fail. */
function failingStart(
  home: string,
  more: Record<string, string> = {},
): Promise<{ code: number; text: string; output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, '--json'],
      { cwd: PROJECT, env: environmentOf(home, more), timeout: 60_000 },
      (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), text: stderr, output: stdout })
      },
    )
  })
}

async function start(home: string, more: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, '--json'], {
    cwd: PROJECT,
    env: environmentOf(home, more),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    told += chunk
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, credentials: JSON.parse(line.toString()) as Credentials, told: () => told }
}

const SIGN_IN_LINK = /Dashboard: http:\/\/127\.0\.0\.1:\d+\/#\/enter\/jhsi_/
const LOOPBACK_WARNING = /WARNING: webhooks may also go to addresses of this machine/

async function serverPids(home: string): Promise<number[]> {
  const files = ['nats/nats.pid', 'postgres/data/postmaster.pid']
  return Promise.all(files.map(async (file) => Number.parseInt(await readFile(join(home, file), 'utf8'), 10)))
}

describe('a start that cannot work says why, once, and ends with another code than 0', () => {
  const cases: { name: string; says: RegExp; prepare?: (home: string) => Promise<Record<string, string>> }[] = [
    { name: 'a setting of the wrong kind', says: /LANES must be integer/, prepare: async () => ({ LANES: 'many' }) },
    {
      name: 'an address range that is none',
      says: /TARGET_ALLOWED_CIDRS: 'lan' is no address range/,
      prepare: async () => ({ TARGET_ALLOWED_CIDRS: '127.0.0.1,lan' }),
    },
    {
      name: 'a taken port',
      says: /Port \d+ of 127\.0\.0\.1 is taken .* Set PORT/,
      prepare: async () => {
        const other = createServer().listen(0, '127.0.0.1').unref()
        await once(other, 'listening')
        return { PORT: String((other.address() as AddressInfo).port) }
      },
    },
    {
      name: 'an unreachable DATABASE_URL',
      says: /Postgres at 127\.0\.0\.1:1\/x can't be used/,
      prepare: async () => ({ DATABASE_URL: 'postgres://u:canary-password@127.0.0.1:1/x' }),
    },
    {
      name: 'an unreachable NATS_URL',
      says: /NATS at nats:\/\/127\.0\.0\.1:1 can't be used/,
      prepare: async () => ({ NATS_URL: 'nats://u:canary-password@127.0.0.1:1' }),
    },
    {
      name: 'a nats-server that is too old',
      says: /is 2\.9\.10; jethook needs 2\.14\.3 or later/,
      prepare: async () => {
        const path = join(scratch, 'old-nats-server')
        await writeFile(path, '#!/bin/sh\necho "nats-server: v2.9.10"\n')
        await chmod(path, 0o755)
        return { JETHOOK_NATS_SERVER: path }
      },
    },
    {
      name: 'a home that is a file',
      says: /JETHOOK_HOME .* can't be used/,
      prepare: async (home) => {
        await writeFile(home, '')
        return {}
      },
    },
    {
      name: 'garbage in place of the database',
      says: /is no Postgres data directory, but not empty either/,
      prepare: async (home) => {
        await mkdir(join(home, 'postgres/data'), { recursive: true })
        await writeFile(join(home, 'postgres/data/junk'), '')
        return {}
      },
    },
    {
      name: 'a database of another major version',
      says: /was made by Postgres 9, the embedded one is 18/,
      prepare: async (home) => {
        await mkdir(join(home, 'postgres/data'), { recursive: true })
        await writeFile(join(home, 'postgres/data/PG_VERSION'), '9\n')
        return {}
      },
    },
  ]
  for (const [i, { name, says, prepare }] of cases.entries()) {
    test(name, async () => {
      const home = join(scratch, `bad-${i}`)
      const { code, text, output } = await failingStart(home, await prepare?.(home))
      assert.notEqual(code, 0)
      assert.match(text, says)
      assert.equal(text.match(/jethook: /g)?.length, 1)
      assert.doesNotMatch(text, /canary-password|\n\s+at /)
      assert.equal(output, '')
    })
  }
})

test('credentials are readable by the owner only, a second start on a running home is refused, and a killed one starts again as it was', async () => {
  const home = join(scratch, 'home')
  const first = await start(home)
  assert.equal((await stat(home)).mode & 0o777, 0o700)
  assert.equal((await stat(join(home, 'credentials.json'))).mode & 0o777, 0o600)
  assert.deepEqual(JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')), first.credentials)
  const refused = await failingStart(home)
  assert.notEqual(refused.code, 0)
  assert.match(refused.text, new RegExp(`runs on .* already, at http://127.0.0.1:${port}`))

  const apiOf = ({ api_url, application_id, service_token }: Credentials) =>
    createApi({ apiUrl: api_url, applicationId: application_id, token: service_token })
  await until('the warning', async () => LOOPBACK_WARNING.test(first.told()))
  await until('the link that signs in', async () => SIGN_IN_LINK.test(first.told()))
  const api = apiOf(first.credentials)
  await api.createEventType()
  assert.equal((await api.subscribe('http://127.0.0.1:19999/', { is_enabled: false })).is_enabled, false)
  const eventId = await api.send()
  // Everything at once, as when the machine stops: the servers are found by their pid files.
  const pids = [first.child.pid!, ...(await serverPids(home))]
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await once(first.child, 'exit')

  const second = await start(home)
  assert.equal(second.credentials.service_token, first.credentials.service_token)
  assert.doesNotMatch(second.told(), SIGN_IN_LINK)
  const found = await until('the event is shown', async () => {
    const answer = await apiOf(second.credentials).call<{ event_id: string }[]>(
      'GET',
      `/events?application_id=${second.credentials.application_id}`,
    )
    return answer.body.find(({ event_id }) => event_id === eventId)
  })
  assert.equal(found.event_id, eventId)
  second.child.kill('SIGKILL')
  await once(second.child, 'exit')

  // jethook alone was killed: its servers run on, and the next start takes their place.
  const third = await start(home, { TARGET_ALLOWED_CIDRS: '' })
  await assert.rejects(apiOf(third.credentials).subscribe('http://127.0.0.1:19999/'), /422.*forbidden IP/)
  assert.doesNotMatch(third.told(), LOOPBACK_WARNING)
  const servers = await serverPids(home)
  third.child.kill('SIGINT')
  const [code] = (await once(third.child, 'exit')) as [number]
  assert.equal(code, 0)
  for (const pid of servers) assert.throws(() => process.kill(pid, 0), /ESRCH/, 'an orderly stop ends its servers')
})
