import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import { packTarball } from '../support/package.ts'
import { until } from '../support/until.ts'

/** What a machine has that has only Node and npm: installs from the registry, so it is not part of `npm test`. */

const run = promisify(execFile)
const INSTALL = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']

test('the tarball, installed in an empty directory: npx jethook start, then npx jethook demo', {
  timeout: 400_000,
}, async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'jethook-tarball-'))
  const folder = join(scratch, 'empty')
  try {
    const { path } = await packTarball(scratch)
    await mkdir(folder)
    await writeFile(join(folder, 'package.json'), '{"private":true}')
    await run('npm', [...INSTALL, path], { cwd: folder, timeout: 200_000 })
    const environment = {
      ...withoutProject(process.env),
      PORT: String(await anyFreePort()),
      XDG_CONFIG_HOME: scratch,
      LOG_LEVEL: 'error',
    }
    const server = spawn('npx', ['--no-install', 'jethook', 'start'], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    try {
      let told = ''
      server.stdout.on('data', (chunk: Buffer) => {
        told += chunk
      })
      await until('it is ready', async () => /jethook is ready/.test(told), 90_000)
      const { stdout } = await run('npx', ['--no-install', 'jethook', 'demo'], {
        cwd: folder,
        env: environment,
        timeout: 150_000,
      })
      assert.match(stdout, /Every event was delivered or is a dead letter, and every signature was verified/)
      const doctor = await run('npx', ['--no-install', 'jethook', 'doctor'], { cwd: folder, env: environment })
      assert.match(doctor.stdout, /^ok {4}api: /m)
      assert.match(await readFile(join(folder, '.jethook/credentials.json'), 'utf8'), /service_token/)
    } finally {
      // npx hands signals on to nobody: the whole group is stopped.
      process.kill(-server.pid!, 'SIGTERM')
      await once(server, 'exit')
    }
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 })
  }
})

/** Without what `npm run` has told its scripts about this project, or the test runner its children. */
function withoutProject(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^npm_|^NODE_TEST_CONTEXT$|^JETHOOK_HOME$|^INIT_CWD$/.test(name)),
  )
}
