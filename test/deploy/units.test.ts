import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { SETTINGS } from '#shared/runtime/config.ts'
import { DEPLOY, natsServerBinary, PROJECT, readProject, serviceMains } from './files.ts'

const run = promisify(execFile)

test('units run what exists, under a user of their own, and take their settings from files', async () => {
  const files = (await readdir(join(DEPLOY, 'systemd'))).filter((file) => file.startsWith('jethook'))
  const mains = await serviceMains()
  for (const file of files) {
    const text = await readProject(`deploy/systemd/${file}`)
    const [, program] = /^ExecStart=\/usr\/bin\/node (\S+)$/m.exec(text)!
    const programs = program!.includes('%i')
      ? [...mains.keys()].filter((name) => name !== 'projections').map((name) => program!.replace('%i', name))
      : [program!]
    for (const each of programs) await access(join(PROJECT, each))
    for (const line of ['User=jethook', 'NoNewPrivileges=yes', 'ProtectSystem=strict', 'Restart=always'])
      assert.ok(text.includes(`\n${line}\n`), `${file}: ${line}`)
    assert.match(text, /^EnvironmentFile=\/etc\/jethook\/jethook\.env$/m)
    for (const [, name] of text.matchAll(/\b([A-Z]+(?:_[A-Z]+)+)=/g))
      assert.ok(name === 'NODE_ENV' || name! in SETTINGS.properties, `${file}: ${name}`)
  }
})

test('systemd itself has nothing to say against them', async (t) => {
  try {
    await run('systemd-analyze', ['--version'])
  } catch {
    return t.skip('there is no systemd-analyze here')
  }
  for (const file of await readdir(join(DEPLOY, 'systemd'))) {
    const { stderr } = await run('systemd-analyze', ['verify', join(DEPLOY, 'systemd', file)]).catch(
      (error: unknown) => error as { stderr: string },
    )
    // The programs are installed elsewhere.
    const complaints = stderr.split('\n').filter((line) => line !== '' && !/is not executable/.test(line))
    assert.deepEqual(complaints, [], file)
  }
})

test('nats-server takes its configurations, and each fsyncs what it acknowledges', async () => {
  const environment = {
    NATS_PASSWORD: 'secret1',
    NATS_CLUSTER_PASSWORD: 'secret2',
    NATS_SERVER_NAME: 'nats-1',
    NATS_ROUTES: '[nats://route:secret2@nats-1:6222, nats://route:secret2@nats-2:6222]',
  }
  const binary = await natsServerBinary()
  for (const file of ['single.conf', 'cluster.conf']) {
    const path = join(DEPLOY, 'nats', file)
    await run(binary, ['-t', '-c', path], { env: environment })
    assert.match(await readProject(`deploy/nats/${file}`), /^ {2}sync_interval: always$/m)
    await assert.rejects(run(binary, ['-t', '-c', path], { env: {} }), /NATS_/, 'without a password it does not start')
  }
})
