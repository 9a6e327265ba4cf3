import assert from 'node:assert/strict'
import { access, glob } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { validate } from 'dockerfile-utils'
import { parse } from 'yaml'
import { SETTINGS } from '#shared/runtime/config.ts'
import { DEPLOY, PROJECT, readProject, serviceMains } from './files.ts'

interface ComposeService {
  image: string
  command?: string[]
  environment?: Record<string, string>
  volumes?: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
  ports?: string[]
  read_only?: boolean
  cap_drop?: string[]
}

interface Compose {
  services: Record<string, ComposeService>
  volumes: Record<string, unknown>
}

describe('the Dockerfile', () => {
  let dockerfile: string
  let lines: string[]
  before(async () => {
    dockerfile = await readProject('deploy/Dockerfile')
    lines = dockerfile.replace(/\\\n/g, ' ').split('\n')
  })
  const instructions = (name: string) => lines.filter((line) => line.startsWith(`${name} `))

  test('is one that a linter has nothing to say against', () => {
    assert.deepEqual(validate(dockerfile), [])
    assert.notDeepEqual(validate(`${dockerfile}\nHEALTHCHECK CMD true\nNOTHING x`), [])
  })

  test('has stages, a user without rights, a health check, and no secret', () => {
    assert.equal(instructions('FROM').length, 3)
    assert.match(instructions('USER').at(-1)!, /^USER [1-9]\d*:[1-9]\d*$/)
    assert.equal(instructions('HEALTHCHECK').length, 1)
    assert.doesNotMatch(dockerfile, /ADD |:latest|PASSWORD|SECRET_KEY=|curl|sudo/)
    for (const line of instructions('CMD')) assert.match(line, /^CMD \[/)
  })

  test('copies what is there, by what .dockerignore lets through, and sets settings that exist', async () => {
    const ignored = (await readProject('.dockerignore')).split('\n')
    assert.ok(ignored.includes('*'))
    const sources = instructions('COPY')
      .filter((line) => !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1))
    for (const source of sources) {
      await access(join(PROJECT, source))
      assert.ok(ignored.includes(`!${source}`), `.dockerignore keeps ${source} out`)
    }
    for (const line of instructions('COPY').filter((each) => each.includes('--from=')))
      assert.match(
        line,
        /--from=(dependencies|dashboard) \/(app\/(node_modules|dashboard\/dist)|usr\/local\/bin\/node) /,
      )
    const environment = [
      ...instructions('ENV')
        .join(' ')
        .matchAll(/\b([A-Z_]+)=/g),
    ].map(([, name]) => name!)
    for (const name of environment) assert.ok(name === 'NODE_ENV' || name in SETTINGS.properties, name)
  })

  test('needs no package but those of npm ci --omit=dev', async () => {
    const { dependencies, imports } = JSON.parse(await readProject('package.json')) as {
      dependencies: Record<string, string>
      imports: Record<string, string>
    }
    const aliases = Object.keys(imports).map((alias) => alias.split('/')[0])
    for await (const file of glob('{shared,projections,services,scripts}/**/*.{ts,mjs}', { cwd: PROJECT })) {
      if (file.endsWith('.test.ts') || file.includes('node_modules') || /^scripts\/(dashboard|package)\//.test(file))
        continue
      const code = (await readProject(file)).replace(/^import type [\s\S]*?from '[^']*'/gm, '')
      for (const [, specifier] of code.matchAll(/(?:^import|\bfrom|\bimport\() ?'([@#a-z][\w@#/.:-]*)'/gm)) {
        const parts = specifier!.split('/')
        const name = specifier!.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!
        if (isBuiltin(specifier!) || aliases.includes(name)) continue
        assert.ok(name in dependencies, `${file} needs ${name}`)
      }
    }
  })

  test('runs what exists', async () => {
    const [, main] = /^CMD \["node", "([^"]+)"\]$/m.exec(dockerfile)!
    await access(join(PROJECT, main!))
  })
})

for (const file of ['compose.yaml', 'compose.cluster.yaml']) {
  describe(file, () => {
    let compose: Compose
    before(async () => {
      compose = parse(await readProject(`deploy/${file}`), { merge: true }) as Compose
    })
    const ours = () => Object.entries(compose.services).filter(([, { image }]) => image.startsWith('jethook:'))

    test('gives settings that exist, and no password of its own', () => {
      for (const [name, { environment }] of ours())
        for (const setting of Object.keys(environment!))
          assert.ok(setting in SETTINGS.properties, `${name}: there is no setting ${setting}`)
      for (const [name, { environment = {} }] of Object.entries(compose.services))
        for (const [variable, value] of Object.entries(environment))
          if (/PASSWORD|KEY|_URL$|ROUTES/.test(variable)) assert.match(value, /\$\{/, `${name}: ${variable}`)
    })

    test('mounts what is there, waits for what is healthy, and shows nothing to other machines', async () => {
      for (const [name, { volumes = [], depends_on = {}, ports = [] }] of Object.entries(compose.services)) {
        for (const volume of volumes) {
          const [source] = volume.split(':')
          if (source!.startsWith('.')) await access(join(DEPLOY, source!))
          else assert.ok(source! in compose.volumes, `${name}: ${source}`)
        }
        for (const other of Object.keys(depends_on))
          assert.ok(compose.services[other]?.healthcheck, `${name}: ${other}`)
        for (const port of ports) assert.match(port, /^127\.0\.0\.1:/)
      }
    })

    test('runs programs that exist, without rights', async () => {
      for (const [name, { command, read_only, cap_drop }] of ours()) {
        assert.equal(read_only, true, name)
        assert.deepEqual(cap_drop, ['ALL'])
        if (command) await access(join(PROJECT, command[1]!))
      }
    })
  })
}

test('with three nats-servers every service runs apart', async () => {
  const { services } = parse(await readProject('deploy/compose.cluster.yaml'), { merge: true }) as Compose
  const commands = Object.values(services).flatMap(({ image, command }) =>
    image.startsWith('jethook:') && command ? [command[1]!] : [],
  )
  assert.deepEqual(commands.toSorted(), [...(await serviceMains()).values()].toSorted())
  assert.equal(Object.values(services).filter(({ image }) => image.startsWith('nats:')).length, 3)
})
