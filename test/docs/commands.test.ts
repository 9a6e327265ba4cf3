import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import type { RequestAttempt } from '#shared/contract/schemas.ts'
import { codeBlocks } from '../support/markdown.ts'
import { PATIENT } from '../support/patient.ts'
import { type ReceivedRequest, startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const START_LIMIT_MS = 120_000

interface Ran {
  code: number | null
  output: string
}

let folder: string
let jethook: ChildProcess
let readme: string
let receiverPort: number
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jethook-commands-'))
  readme = await readFile(join(PROJECT, 'README.md'), 'utf8')
  receiverPort = await anyFreePort()
  jethook = await startWithNpm()
})
after(async () => {
  if (jethook?.exitCode === null) {
    const exit = once(jethook, 'exit')
    // As Ctrl-C in a terminal: everybody gets it.
    process.kill(-jethook.pid!, 'SIGINT')
    await exit
  }
  await rm(folder, { recursive: true, force: true })
})

/** `npm start`, as the pages say, in a home of its own. */
async function startWithNpm(): Promise<ChildProcess> {
  const home = join(folder, '.jethook')
  const environment = { ...process.env, ...PATIENT, JETHOOK_HOME: home, PORT: String(await anyFreePort()) }
  const child = spawn('npm', ['start', '--silent', '--', '--json'], {
    cwd: PROJECT,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(child.stdout!, 'data', { signal: AbortSignal.timeout(START_LIMIT_MS) })
  return child
}

/** Runs the lines in the folder in which `.jethook` is, with a receiver's port that is free. */
async function inShell(lines: string): Promise<Ran> {
  const script = lines.replaceAll(':9999', `:${receiverPort}`).replaceAll('9999', String(receiverPort))
  const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  const [code] = (await once(child, 'exit')) as [number | null]
  // What the lines have left running in the background, when one of them has failed.
  if (code !== 0) process.kill(-child.pid!, 'SIGTERM')
  return { code, output }
}

test('the first steps of the README', async () => {
  const receiver = await startReceiver(undefined, '127.0.0.1', receiverPort)
  const [steps = ''] = codeBlocks(readme, 'sh')
  const { code, output } = await inShell(steps)
  assert.equal(code, 0, output)
  assert.doesNotMatch(output, /"status":[45]\d\d/)
  await receiver.waitFor((requests) => requests.length === 1)
  assert.equal(receiver.requests[0]?.body.toString(), '{"total":12}')
  const attempts = JSON.parse(output.trim().split('\n').at(-1)!) as RequestAttempt[]
  assert.equal(attempts.length, 1)
  await receiver.close()
})

test('docs/getting-started.md from its beginning to its end', async () => {
  const page = await readFile(join(PROJECT, 'docs/getting-started.md'), 'utf8')
  const [start, ...steps] = codeBlocks(page, 'sh')
  assert.equal(start?.trim(), 'npm start')
  // An event type of its own: the README's steps have made theirs in the same application.
  const script = steps.join('\necho "=== step"\n').replaceAll('invoice', 'receipt').replaceAll('"42"', '"43"')
  const { code, output } = await inShell(script)
  assert.equal(code, 0, output)
  assert.doesNotMatch(output, /"status":[45]\d\d/)
  const answers = output.split('=== step\n').map((text) => text.trim())
  assert.equal(answers.length, steps.length)
  const timeline = JSON.parse(answers.find((text) => text.includes('"subscriptions"')) ?? 'null') as {
    subscriptions: unknown[]
  } | null
  assert.ok(timeline, 'the timeline is shown')
})

test('what the getting-started page says of the retry', async () => {
  const asked = new Set<string>()
  // By event: the retry of the page's own event may come in between.
  const failingOnce = ({ headers }: ReceivedRequest) => {
    const id = String(headers['x-event-id'])
    const isFirst = !asked.has(id)
    asked.add(id)
    return { status: isFirst ? 503 : 200 }
  }
  // The page's own receiver has just been told to end.
  const receiver = await until('its port is free again', () =>
    startReceiver(failingOnce, '127.0.0.1', receiverPort).catch(() => false as const),
  )
  const page = await readFile(join(PROJECT, 'docs/getting-started.md'), 'utf8')
  const blocks = codeBlocks(page, 'sh')
  const setUp = blocks[1]!
  const send = blocks
    .find((block) => block.startsWith("post event '"))!
    .replaceAll('invoice', 'receipt')
    .replaceAll('"42"', '"43"')
  const ask = blocks.find((block) => block.startsWith('get "request_attempts'))!
  const sent = await inShell(`${setUp}\n${send}`)
  assert.equal(sent.code, 0, sent.output)
  const eventId = /"event_id":"([^"]+)"/.exec(sent.output)?.[1]
  const outcomes = await until('both attempts', async () => {
    const { output } = await inShell(`${setUp}\n${ask}`)
    const attempts = JSON.parse(output.trim().split('\n').at(-1)!) as RequestAttempt[]
    const own = attempts.filter(({ event_id }) => event_id === eventId)
    return own.length === 2 && own.every(({ outcome }) => outcome !== null) && own.map(({ outcome }) => outcome).sort()
  })
  assert.deepEqual(outcomes, ['failed', 'success'])
  await receiver.close()
})

describe('commands that the README names', () => {
  test('are there', async () => {
    const { scripts } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = [...readme.matchAll(/npm run ([a-z][\w-]*(?::[\w-]+)*)/g)].map(([, name]) => name!)
    for (const name of new Set(named)) assert.ok(name in scripts, `npm run ${name}`)
  })
})
