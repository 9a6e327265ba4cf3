import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { parse } from 'yaml'
import { createApiClient } from '#services/cli/api-client.ts'
import { createMcpServer } from '#services/cli/mcp/server.ts'
import type { SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { normalized, runCli, startCli, untilSays } from '../support/cli.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let receiver: Receiver
let folder: string
let status = 200
let environment: Record<string, string>

before(async () => {
  stack = await startStack()
  receiver = await startReceiver(() => ({ status }))
  folder = await mkdtemp(join(tmpdir(), 'jethook-cli-'))
  environment = {
    JETHOOK_URL: stack.apiUrl(),
    JETHOOK_TOKEN: stack.credentials.service_token,
    JETHOOK_APPLICATION: stack.credentials.application_id,
    XDG_CONFIG_HOME: folder,
    JETHOOK_HOME: folder,
  }
})
after(async () => {
  await stack.close()
  await receiver.close()
  await rm(folder, { recursive: true, force: true })
})

/** Runs a command that has to succeed; its output is also looked at as JSON. */
async function jethook(...args: string[]): Promise<string> {
  const { code, out, err } = await runCli(args, { environment })
  assert.equal(code, 0, `jethook ${args.join(' ')} ended with ${code}: ${out}${err}`)
  return out
}

const json = async <T>(...args: string[]) => JSON.parse(await jethook(...args, '-o', 'json')) as T
const file = (name: string) => join(folder, name)
const subs = () => json<SubscriptionAnswer[]>('subs', 'list')
const raw = [(text: string) => text]

describe('events, attempts, subscriptions, types, dead letters', () => {
  test('from a type to a delivery that is looked up, in every format', async (t) => {
    const shown: string[] = []
    const show = async (...args: string[]) => {
      shown.push(`$ jethook ${args.join(' ').replace('canary-key', '…')}`, await jethook(...args))
    }
    await show('types', 'create', 'shop.order.paid', '--schema', '{"type":"object"}')
    await show('types', 'list')
    await show('types', 'get', 'shop.order.paid', '-o', 'yaml')
    await show(
      'subs',
      'create',
      receiver.url,
      '--types',
      'shop.**',
      '--description',
      'The shop',
      '--header',
      'x-key=canary-key',
    )
    await show('subs', 'list')
    await show('send', 'shop.order.paid', '{"total":12}', '--wait')
    await show('events', 'list')
    await show('attempts', 'list', '--outcome', 'success')
    const [event] = await json<{ event_id: string }[]>('events', 'list', '--limit', '1')
    const [attempt] = await json<{ request_attempt_id: string }[]>('attempts', 'list', '--event', event!.event_id)
    await show('events', 'get', event!.event_id)
    await show('events', 'timeline', event!.event_id)
    await show('attempts', 'get', attempt!.request_attempt_id)
    const [subscription] = await subs()
    await show('subs', 'update', subscription!.subscription_id, '--description', 'Another', '--label', 'tenant=42')
    await show('subs', 'pause', subscription!.subscription_id)
    await show('subs', 'resume', subscription!.subscription_id)
    await show('subs', 'delete', subscription!.subscription_id)
    await show('types', 'delete', 'shop.order.paid')
    const text = normalized(shown.join('\n'))
    assert.doesNotMatch(text, /canary-key/)
    t.assert.snapshot(text, { serializers: raw })
  })

  test('send --wait says what did not succeed, with code 1; an event that is not there is code 4', async () => {
    await jethook('types', 'create', 'shop.order.lost')
    const nobody = await runCli(['send', 'shop.order.lost', '--wait'], { environment })
    assert.equal(nobody.code, 1)
    assert.match(nobody.err, /No subscription got the event/)
    const refused = await runCli(['send', 'shop.unknown.type'], { environment })
    assert.equal(refused.code, 5)
    assert.match(refused.err, /There is no such event type/)
    const missing = await runCli(['events', 'get', '0192f0c1-7c55-7b7e-9d53-6a1f4a1c2b3d'], { environment })
    assert.equal(missing.code, 4)
    const forbidden = await runCli(['events', 'list', '--token', 'jhst_wrong'], { environment })
    assert.equal(forbidden.code, 3)
  })

  test('dead letters are grouped, looked at in a dry run, redriven with --yes, discarded with a reason', async () => {
    await jethook('types', 'create', 'shop.order.failed')
    await jethook('subs', 'create', receiver.url, '--types', 'shop.order.failed', '--description', 'Fails')
    status = 400
    for (let i = 0; i < 2; i++)
      assert.equal((await runCli(['send', 'shop.order.failed', '--wait'], { environment })).code, 1)
    status = 200
    assert.match(await jethook('dlq', 'groups'), /2 +permanent +400 .*Fails/)
    const letters = await json<{ delivery_id: string }[]>('dlq', 'list')
    assert.equal(letters.length, 2)
    const [first, second] = letters.map(({ delivery_id }) => delivery_id)
    assert.match(await jethook('dlq', 'get', first!), /Cause +permanent/)
    assert.match(
      await jethook('dlq', 'redrive', '--cause', 'permanent', '--dry-run'),
      /2 deliveries to 1 subscriptions/,
    )
    const unasked = await runCli(['dlq', 'redrive', first!], { environment })
    assert.equal(unasked.code, 2)
    assert.match(unasked.err, /Send 1 dead letters again\? Give --yes/)
    assert.match(await jethook('dlq', 'redrive', first!, '--yes'), /Succeeded +1/)
    assert.match(await jethook('dlq', 'discard', second!, '--reason', 'A test', '--yes'), /done/)
    assert.equal(await jethook('dlq', 'list'), 'No dead letters.\n')
    const replayed = await json<{ status: string; preview: { count: number } }>(
      'replay',
      '--from',
      '1h',
      '--matching',
      'shop.order.failed',
      '--dry-run',
    )
    assert.equal(replayed.preview.count, 2)
    await jethook('replay', '--from', '1h', '--matching', 'shop.order.failed', '--yes')
  })
})

describe('listen', () => {
  test('prints each delivery with its signature verified, answers as told, and leaves nothing behind', async () => {
    await jethook('types', 'create', 'app.listen.tried')
    const before = await subs()
    const listening = startCli(['listen', '--types', 'app.listen.*', '--status', '503,200', '-o', 'json'], {
      environment,
    })
    await untilSays(listening, /Listening at/)
    assert.match(
      await jethook('send', 'app.listen.tried', '{"n":1}', '--wait'),
      /attempt 1 .*503[\s\S]*attempt 2 .*success/,
    )
    await until('two deliveries', async () => listening.out().trim().split('\n').length === 2)
    listening.stop()
    const { code, out } = await listening.ended
    assert.equal(code, 0)
    const rows = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { status: number; signature: { is_genuine: boolean }; body: string })
    assert.deepEqual(
      rows.map((row) => [row.status, row.signature.is_genuine, row.body]),
      [
        [503, true, '{"n":1}'],
        [200, true, '{"n":1}'],
      ],
    )
    assert.deepEqual(await subs(), before)
  })

  test('forwards to a local address, whose answer is the answer', async () => {
    await jethook('types', 'create', 'app.listen.forwarded')
    const local = await startReceiver(() => ({ status: 202, body: 'taken' }))
    try {
      const listening = startCli(
        ['listen', '--types', 'app.listen.forwarded', '--forward', `${local.url}/hook`, '--count', '1'],
        { environment },
      )
      await untilSays(listening, /Listening at/)
      const sent = await jethook('send', 'app.listen.forwarded', '--wait')
      assert.match(sent, /success +202/)
      const { code, out } = await listening.ended
      assert.equal(code, 0)
      assert.match(out, /app\.listen\.forwarded .* signature ok {2}forwarded in \d+ ms {2}answered 202/)
      assert.equal(local.requests[0]?.path, '/hook')
      assert.ok(local.requests[0]?.headers['x-hook0-signature'])
    } finally {
      await local.close()
    }
  })
})

test('tail shows what happens as it happens', async () => {
  await jethook('types', 'create', 'app.tail.seen')
  await jethook('subs', 'create', receiver.url, '--types', 'app.tail.seen')
  const tailing = startCli(['tail', '--kinds', 'attempted', '--type', 'app.tail.seen', '--count', '1', '-o', 'json'], {
    environment,
  })
  // It has no way to say when it looks: events are sent until one is seen.
  let isOver = false
  void tailing.ended.then(() => {
    isOver = true
  })
  await until('an attempt is told', async () => {
    await jethook('send', 'app.tail.seen', '--wait')
    return isOver
  })
  const { code, out, err } = await tailing.ended
  assert.equal(code, 0, err)
  const row = JSON.parse(out.trim()) as { kind: string; event_type: string; outcome: string }
  assert.deepEqual([row.kind, row.event_type, row.outcome], ['attempted', 'app.tail.seen', 'success'])
})

test("the README's first steps with the command", async () => {
  const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8')
  const commands = [...readme.matchAll(/^ {4}npx jethook (.+?)(?: {2,}\(.*)?$/gm)].map(([, line]) =>
    line!.match(/'[^']*'|\S+/g)!.map((word) => word.replaceAll("'", '')),
  )
  assert.deepEqual(
    commands.map(([name]) => name),
    ['types', 'listen', 'send', 'tail'],
  )
  const [types, listen, send, tail] = commands as [string[], string[], string[], string[]]
  await jethook(...types)
  const listening = startCli(listen, { environment })
  await untilSays(listening, /Listening at/)
  assert.match(await jethook(...send), /succeeded/)
  await untilSays(listening, /signature ok/)
  const tailing = startCli(tail, { environment })
  await until('an event is told', async () => {
    await jethook(...send)
    return tailing.out().includes(send[1]!)
  })
  for (const running of [listening, tailing]) {
    running.stop()
    assert.equal((await running.ended).code, 0)
  }
})

describe('apply', () => {
  const document = (more = '') => `
applications:
  - name: Declared
    event_types:
      - billing.invoice.paid
      - name: billing.invoice.sent
        schema: { type: object }
    subscriptions:
      - name: accounting
        description: To accounting
        event_types: [billing.**, billing.invoice.paid]
        labels: { tenant: "42" }
        target: { url: "${receiver.url}", headers: { Authorization: "\${ACCOUNTING_TOKEN}" } }
        retry_policy: { schedule: [60s, 5m], max_attempts: 4 }
        ordering: { by: subscription }
        signatures: [standard-v1, hook0-v1]${more}
`
  const withToken = () => ({ environment: { ...environment, ACCOUNTING_TOKEN: 'canary-secret' } })

  test('makes what the file says; again it changes nothing; a change is shown, and done', async (t) => {
    await writeFile(file('a.yaml'), document())
    const shown: string[] = []
    const run = async (surroundings: { environment: Record<string, string> }, ...args: string[]) => {
      const { code, out, err } = await runCli(args, surroundings)
      shown.push(`$ jethook ${args.map((arg) => arg.replace(`${folder}/`, '')).join(' ')}`, `${out}${err}→ ${code}\n`)
    }
    await run({ environment }, 'apply', '-f', file('a.yaml'))
    await run(withToken(), 'diff', '-f', file('a.yaml'))
    await run(withToken(), 'apply', '-f', file('a.yaml'))
    await run(withToken(), 'apply', '-f', file('a.yaml'))
    // The header keeps its value where the variable isn't set.
    await run({ environment }, 'diff', '-f', file('a.yaml'))
    await writeFile(
      file('b.yaml'),
      document('\n        max_concurrency: 3').replace('To accounting', 'To the accountants'),
    )
    await run({ environment }, 'diff', '-f', file('b.yaml'))
    await run({ environment: { ...environment, ACCOUNTING_TOKEN: 'other-secret' } }, 'apply', '-f', file('b.yaml'))
    await writeFile(file('c.yaml'), 'applications: [{ name: Declared, event_types: [billing.invoice.paid] }]')
    await run({ environment }, 'apply', '-f', file('c.yaml'), '--prune')
    await run({ environment }, 'apply', '-f', file('c.yaml'), '--prune', '--yes')
    await run({ environment }, 'diff', '-f', file('c.yaml'), '--prune')
    const text = normalized(shown.join('\n'))
    assert.doesNotMatch(text, /canary-secret|other-secret/)
    t.assert.snapshot(text, { serializers: raw })
  })

  test('what export prints is what apply takes: no change on the same server, the same in another application', async () => {
    await jethook('types', 'create', 'exported.thing.made')
    await jethook(
      'subs',
      'create',
      receiver.url,
      '--types',
      'exported.**',
      '--header',
      'x-key=canary-key',
      '--description',
      `Has \${a} brace`,
    )
    const exported = await jethook('export')
    assert.doesNotMatch(exported, /canary-key/)
    await writeFile(file('exported.yaml'), exported)
    assert.equal(await jethook('diff', '-f', file('exported.yaml')), 'Nothing is to be done.\n')
    const whole = await jethook('export', '--with-secrets')
    const { applications } = parse(whole) as {
      applications: [{ name: string; subscriptions: { id?: string; description?: string }[] }]
    }
    assert.ok(applications[0].subscriptions.some(({ description }) => description === `Has $\${a} brace`))
    await writeFile(file('copy.yaml'), whole.replace(`name: ${applications[0].name}`, 'name: Copied'))
    await jethook('apply', '-f', file('copy.yaml'))
    assert.equal(await jethook('diff', '-f', file('copy.yaml')), 'Nothing is to be done.\n')
  })

  test('a file that can not be taken is told with the place of what is wrong', async () => {
    const cases: [string, RegExp][] = [
      ['subscriptions: [{ name: x, event_types: [a.b.c] }]', /\/subscriptions\/0: .*target/],
      ['event_types: [a.b.c', /is no YAML/],
      ['event_types: [a.b.c, a.b.c]', /'a\.b\.c' stands there twice/],
      ['nonsense: 1', /is not what apply takes/],
      ['', /says nothing/],
      [
        `subscriptions: [{ name: x, event_types: [a.b.c], target: { url: "\${NOWHERE}" } }]`,
        /the variable NOWHERE is not set/,
      ],
    ]
    for (const [text, says] of cases) {
      const { code, err } = await runCli(['apply', '-f', '-'], { environment, stdin: text })
      assert.deepEqual([text, code], [text, 2])
      assert.match(err, says)
    }
  })
})

describe('import', () => {
  test('from a Hook0 server by its API: a server of ours has the same one', async () => {
    const { application_id } = await json<{ application_id: string }>('apps', 'create', 'Taken over')
    const there = { environment: { ...environment, JETHOOK_APPLICATION: application_id } }
    await runCli(['types', 'create', 'a.b.c'], there)
    await runCli(['subs', 'create', receiver.url, '--types', 'a.b.c', '--label', 'tenant=7'], there)
    const from = ['import', 'hook0', '--from-url', stack.apiUrl(), '--from-application', application_id]
    const printed = await runCli([...from, '--print'], {
      environment: { ...environment, JETHOOK_IMPORT_TOKEN: stack.credentials.service_token },
    })
    const [application] = (
      parse(printed.out) as {
        applications: [{ name: string; event_types: string[]; subscriptions: [{ labels: object }] }]
      }
    ).applications
    assert.deepEqual(
      [application.name, application.event_types, application.subscriptions[0].labels],
      ['Taken over', ['a.b.c'], { tenant: '7' }],
    )
  })

  test('from dumps of Hook0 and Svix; a second time changes nothing', async (t) => {
    const shown: string[] = []
    for (const kind of ['hook0', 'svix']) {
      const dump = join(import.meta.dirname, `../support/dumps/${kind}.sql`)
      for (const args of [['--dry-run'], [], []]) {
        const { code, out, err } = await runCli(['import', kind, '--dump', dump, ...args], { environment })
        shown.push(`$ jethook import ${kind} ${args.join(' ')}`, `${out}${err}→ ${code}\n`)
      }
    }
    t.assert.snapshot(normalized(shown.join('\n')), { serializers: raw })
    const apps = await json<{ application_id: string; name: string }[]>('apps', 'list')
    const { application_id } = apps.find(({ name }) => name === 'Acme')!
    const [imported] = await json<SubscriptionAnswer[]>('subs', 'list', '-a', application_id)
    assert.deepEqual(imported?.event_types, ['app.invoice.paid', 'a.b_c.d'].toSorted())
    assert.deepEqual(
      [imported?.target.headers, imported?.rate_limit],
      [{ 'x-tenant': 'acme' }, { requests: 5, per: 'second' }],
    )
  })
})

test('verify: a delivery that came is genuine, with its body changed it says so', async () => {
  await jethook('types', 'create', 'app.verify.tried')
  const { subscription_id } = await json<{ subscription_id: string }>(
    'subs',
    'create',
    receiver.url,
    '--types',
    'app.verify.tried',
    '--signatures',
    'hook0-v1,standard-v1,standard-v1a',
  )
  const before = receiver.requests.length
  await jethook('send', 'app.verify.tried', '{"a":1}', '--wait')
  const request = receiver.requests[before]!
  const head = Object.entries(request.headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\r\n')
  const genuine = await runCli(['verify', '--sub', subscription_id], { environment, stdin: `${head}\r\n\r\n{"a":1}` })
  assert.equal(genuine.code, 0, genuine.out + genuine.err)
  assert.equal(genuine.out.match(/: genuine/g)?.length, 3)
  const changed = await runCli(['verify', '--sub', subscription_id], {
    environment,
    stdin: `${head}\r\n\r\n{ "a": 1 }`,
  })
  assert.equal(changed.code, 1)
  assert.match(changed.out, /WRONG {2}body: The body was parsed as JSON and written anew/)
})

test('profiles are kept in a file of their owner alone, and are spoken to by name', async () => {
  const own = { XDG_CONFIG_HOME: folder, JETHOOK_HOME: folder }
  const { service_token, application_id } = stack.credentials
  const add = ['profiles', 'add', 'here', '--url', stack.apiUrl(), '-a', application_id, '--token-stdin']
  const added = await runCli(add, { environment: own, stdin: `${service_token}\n` })
  assert.equal(added.code, 0, added.err)
  assert.equal((await stat(join(folder, 'jethook/profiles.json'))).mode & 0o777, 0o600)
  const listed = await runCli(['profiles', 'list', '-o', 'json'], { environment: own })
  assert.doesNotMatch(listed.out, /jhst_/)
  assert.equal((await runCli(['types', 'list', '-p', 'here'], { environment: own })).code, 0)
  assert.equal((await runCli(['types', 'list'], { environment: own })).code, 0)
  const refused = await runCli(['profiles', 'add', 'bad', '--url', stack.apiUrl(), '--token', 'jhst_no'], {
    environment: own,
  })
  assert.equal(refused.code, 3)
  assert.match(await readFile(join(folder, 'jethook/profiles.json'), 'utf8'), /"current": "here"/)
  assert.equal((await runCli(['profiles', 'delete', 'here'], { environment: own })).code, 0)
})

test('doctor looks at everything that is there, and prints no secret', async () => {
  const { natsUrl, databaseUrl } = stack.servers
  const all = {
    ...environment,
    NATS_URL: natsUrl,
    DATABASE_URL: databaseUrl,
    JETHOOK_SECRET_KEY: Buffer.alloc(32).toString('base64'),
    JETHOOK_HOME: stack.home,
  }
  const { code, out } = await runCli(['doctor', '-o', 'json'], { environment: all })
  const findings = JSON.parse(out) as { part: string; status: string; remedy?: string }[]
  assert.deepEqual(
    findings.filter(({ status: is }) => is === 'bad'),
    [],
  )
  assert.equal(code, 0)
  for (const part of ['node', 'disk', 'settings', 'home', 'nats', 'store', 'postgres', 'clock', 'api', 'token'])
    assert.ok(
      findings.some((finding) => finding.part === part),
      part,
    )
  const wrong = await runCli(['doctor'], { environment: { ...all, LANES: 'many', JETHOOK_URL: 'http://127.0.0.1:9' } })
  assert.equal(wrong.code, 1)
  assert.match(wrong.out, /bad {3}settings: .*LANES must be integer/)
  for (const secret of [new URL(natsUrl).password, new URL(databaseUrl).password, stack.credentials.service_token])
    assert.ok(!`${out}${wrong.out}`.includes(secret))
})

test('mcp: an assistant looks up, is told why, and redrives only what was previewed and confirmed', async () => {
  await jethook('types', 'create', 'app.mcp.failed')
  await jethook('subs', 'create', receiver.url, '--types', 'app.mcp.failed', '--label', 'tenant=mcp')
  status = 400
  await runCli(['send', 'app.mcp.failed', '--label', 'tenant=mcp', '--wait'], { environment })
  status = 200
  const signal = AbortSignal.timeout(60_000)
  const api = createApiClient({ url: `${stack.apiUrl()}/api/v1`, token: stack.credentials.service_token, signal })
  const server = createMcpServer({ api, applicationId: stack.credentials.application_id, signal })
  const client = new Client({ name: 'test', version: '1' })
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(ours), client.connect(theirs)])
  const ask = async (name: string, args: Record<string, unknown>) => {
    const { content, isError } = (await client.callTool({ name, arguments: args })) as {
      content: { text: string }[]
      isError?: boolean
    }
    return { texts: content.map(({ text }) => text), isError: isError ?? false }
  }
  const askJson = async <T>(name: string, args: Record<string, unknown>) =>
    JSON.parse((await ask(name, args)).texts.at(-1)!) as T
  const { tools } = await client.listTools()
  assert.deepEqual(
    tools.map(({ name }) => name),
    [
      'list_events',
      'get_event',
      'explain_event',
      'list_dead_letter_groups',
      'preview_redrive',
      'confirm_redrive',
      'get_redrive',
    ],
  )
  const [event] = await askJson<{ event_id: string }[]>('list_events', { event_types: ['app.mcp.failed'] })
  const explained = await ask('explain_event', { event_id: event!.event_id })
  assert.match(explained.texts[0]!, /not delivered: It takes [\s\S]*dead_lettered\n +attempt 1 .*400/)
  const groups = await askJson<{ count: number }[]>('list_dead_letter_groups', {})
  assert.equal(groups[0]?.count, 1)
  assert.match((await ask('confirm_redrive', { confirmation_token: 'guessed' })).texts[0]!, /unknown, used or too old/)
  const before = receiver.requests.length
  const preview = await askJson<{ preview: { count: number }; confirmation_token: string }>('preview_redrive', {
    event_types: ['app.mcp.failed'],
  })
  assert.equal(preview.preview.count, 1)
  assert.equal(receiver.requests.length, before)
  const { job_id } = await askJson<{ job_id: string }>('confirm_redrive', preview)
  assert.equal((await ask('confirm_redrive', preview)).isError, true)
  await until(
    'it is sent again',
    async () =>
      (await askJson<{ progress: { succeeded: number } }>('get_redrive', { job_id })).progress.succeeded === 1,
  )
  assert.equal(receiver.requests.length, before + 1)
  await client.close()
})
