import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import type { Credentials } from '#scripts/start/credentials.ts'
import { type PackedTarball, PROJECT, packTarball } from '../support/package.ts'

const run = promisify(execFile)
/** What the package may hold, and nothing else. */
const ALLOWED = [
  /^(LICENSE|README\.md|package\.json)$/,
  /^bin\/jethook\.mjs$/,
  /^scripts\/bootstrap\/[\w-]+\.mjs$/,
  /^dist\//,
  /^node_modules\//,
]
const DIST = [/\.(js|css)$/, /^dist\/package\.json$/, /^dist\/docs\//, /^dist\/dashboard\/dist\//]

let scratch: string
let tarball: PackedTarball
before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'jethook-package-'))
  tarball = await packTarball(scratch)
})
after(() => rm(scratch, { recursive: true, force: true }))

test('the package holds JavaScript, docs and what brings Node, and nothing else', () => {
  const { files } = tarball
  assert.deepEqual(
    files.filter((file) => !ALLOWED.some((pattern) => pattern.test(file))),
    [],
  )
  const own = files.filter((file) => file.startsWith('dist/'))
  assert.deepEqual(
    own.filter((file) => !DIST.some((pattern) => pattern.test(file))),
    [],
  )
  assert.deepEqual(
    own.filter((file) =>
      /\.test\.|\.jethook|^dist\/(test|scripts\/bench)\/|\.(pem|key|env)$|credentials\.json/.test(file),
    ),
    [],
  )
  for (const needed of [
    'dist/scripts/cli/main.js',
    'dist/shared/readmodel/schema.js',
    'dist/docs/operations.md',
    'dist/dashboard/dist/index.html',
    'dist/services/gateway/routes/guide.css',
    'dist/services/gateway/schema-check/schema-worker.js',
  ])
    assert.ok(files.includes(needed), needed)
})

test("every module of the package is found from where it is: '#…' leads to JavaScript", async () => {
  const { imports } = JSON.parse(await readFile(join(PROJECT, 'dist/package.json'), 'utf8')) as {
    imports: Record<string, string>
  }
  assert.deepEqual(
    Object.values(imports).filter((place) => !place.endsWith('.js')),
    [],
  )
  const left: string[] = []
  for (const file of tarball.files.filter((each) => /^dist\/.*\.js$/.test(each))) {
    const text = await readFile(join(PROJECT, file), 'utf8')
    for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*\.ts)'/g))
      left.push(`${file}: ${specifier}`)
    for (const [, file_] of text.matchAll(/new URL\('([^']*\.ts)'/g)) left.push(`${file}: ${file_}`)
  }
  assert.deepEqual(left, [])
})

test('unpacked under node_modules it starts, takes an event and delivers it', async () => {
  const modules = join(scratch, 'node_modules')
  await mkdir(join(modules, 'jethook'), { recursive: true })
  await run('tar', ['xzf', tarball.path, '-C', join(modules, 'jethook'), '--strip-components=1'])
  for (const name of await readdir(join(PROJECT, 'node_modules')))
    if (!name.startsWith('.')) await symlink(join(PROJECT, 'node_modules', name), join(modules, name))
  const bin = join(modules, 'jethook/bin/jethook.mjs')
  const environment = {
    ...process.env,
    LOG_LEVEL: 'fatal',
    XDG_CONFIG_HOME: scratch,
    JETHOOK_HOME: join(scratch, 'home'),
  }
  const server = spawn(process.execPath, [bin, 'start', '--json', '--port', '0'], {
    cwd: scratch,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer]
    assert.match((JSON.parse(line.toString()) as Credentials).api_url, /^http:\/\/127\.0\.0\.1:\d+\/api\/v1$/)
    const jethook = (...args: string[]) =>
      run(process.execPath, [bin, ...args], { cwd: scratch, env: environment, timeout: 60_000 })
    // A schema is compiled in a thread of its own, from a file of its own.
    await jethook('types', 'create', 'shop.order.paid', '--schema', '{"type":"object"}')
    const listening = jethook('listen', '--count', '1', '-o', 'json')
    await once(listening.child.stderr!, 'data')
    const { stdout } = await jethook('send', 'shop.order.paid', '{"total":12}', '--wait')
    assert.match(stdout, /succeeded/)
    const received = JSON.parse((await listening).stdout) as { signature: { is_genuine: boolean }; body: string }
    assert.deepEqual([received.signature.is_genuine, received.body], [true, '{"total":12}'])
    const client = new Client({ name: 'test', version: '1' })
    const env = Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => !!entry[1]))
    await client.connect(new StdioClientTransport({ command: process.execPath, args: [bin, 'mcp'], cwd: scratch, env }))
    assert.ok((await client.listTools()).tools.some(({ name }) => name === 'explain_event'))
    await client.close()
  } finally {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
})
