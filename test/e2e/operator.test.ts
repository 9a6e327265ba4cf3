import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { LoginAnswer } from '#shared/contract/account-schemas.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import type { SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { logIn, registerUser } from '../support/accounts.ts'
import { startReceiver } from '../support/receiver.ts'
import { type Stack, startStack } from '../support/stack.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

let stack: Stack
before(async () => {
  stack = await startStack()
})
after(() => stack?.close())

/** Runs an operator's command against the started jethook. */
function run(command: string, ...args: string[]): Promise<{ code: number; output: string; errors: string }> {
  const env = { ...process.env, NATS_URL: stack.servers.natsAddress, JETHOOK_HOME: stack.home, APP_URL: stack.apiUrl() }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [`scripts/operator/${command}.ts`, ...args],
      { cwd: PROJECT, env, timeout: 30_000 },
      (error, output, errors) => resolve({ code: Number(error?.code ?? 0), output, errors }),
    )
  })
}

test('an operator makes a reset link where no mail is sent', async () => {
  const { email, login } = await registerUser(stack.api)
  const { output } = await run('reset-link', email)
  const token = /token=(jhrp_[\w-]+)/.exec(output)?.[1]
  const next = 'Ganz anders 4711 Igel'
  const reset = await stack.api.call('POST', '/auth/reset-password', { token, new_password: next })
  assert.equal(reset.status, 204)
  await logIn(stack.api, email, next)
  const refreshed = await stack.api.call('POST', '/auth/refresh', undefined, `Bearer ${login.refresh_token}`)
  assert.equal(refreshed.status, 403)
  const unknown = await run('reset-link', 'nobody@example.com')
  assert.equal(unknown.code, 1)
  assert.match(unknown.errors, /There is no user/)
})

test('a printed link signs the operator in, once, and another one is made by a command', async () => {
  const { api, credentials } = stack
  const enter = (link: string | null | undefined) =>
    api.call<LoginAnswer & ProblemDocument>('POST', '/auth/one_time', {
      code: /#\/enter\/(jhsi_[\w-]+)$/m.exec(link ?? '')?.[1],
    })
  const first = await stack.jethook().firstSignIn()
  assert.match(first ?? '', /^http:\/\/127\.0\.0\.1:\d+\/#\/enter\//)
  assert.equal(await stack.jethook().firstSignIn(), null)
  const [one, other] = await Promise.all([enter(first), enter(first)])
  assert.deepEqual([one!.status, other!.status].sort(), [201, 401])
  const login = one!.status === 201 ? one!.body : other!.body
  assert.equal(login.email, 'operator@localhost')
  const path = `/applications?organization_id=${credentials.organization_id}`
  const asOperator = await api.call('GET', path, undefined, `Bearer ${login.access_token}`)
  assert.equal(asOperator.status, 200)
  const { output } = await run('sign-in-link')
  assert.equal((await enter(output.trim())).status, 201)
  assert.deepEqual((await enter(output.trim())).body.id, 'AuthEmailExpired')
  const noPassword = await api.call('POST', '/auth/login', { email: login.email, password: '' })
  assert.ok(noPassword.status === 401 || noPassword.status === 422, String(noPassword.status))
  const unknown = await run('sign-in-link', 'nobody@example.com')
  assert.match(unknown.errors, /There is no user/)
})

test('keys are changed step by step, and every secret stays what it was', async () => {
  const { api, credentials, home } = stack
  await api.createEventType()
  const receiver = await startReceiver()
  const before = await api.subscribe(receiver.url, { labels: { all: 'yes' } })
  const keyIds = async () => (await readFile(join(home, 'keys/secret.key'), 'utf8')).trim().split('\n')
  const [first] = await keyIds()
  for (const step of ['add', 'use', 'seal']) {
    const { code, errors } = await run('rotate-key', step)
    assert.equal(code, 0, `${step}: ${errors}`)
    if (step !== 'seal') await stack.restart()
  }
  const [current, ...older] = await keyIds()
  assert.notEqual(current, first)
  assert.equal(older.at(-1), first)
  const sealed = await run('rotate-key', 'seal')
  assert.match(sealed.output, /^0 secrets were sealed anew/)
  const after = await stack.api.call<SubscriptionAnswer>('GET', `/subscriptions/${before.subscription_id}`)
  assert.deepEqual(after.body, before)
  const path = `/event_types?application_id=${credentials.application_id}`
  for (const token of [credentials.service_token, credentials.application_secret])
    assert.equal((await stack.api.call('GET', path, undefined, `Bearer ${token}`)).status, 200)
  await stack.api.send()
  await receiver.waitFor((requests) => requests.length === 1)
  await receiver.close()
  const wrong = await run('rotate-key')
  assert.equal(wrong.code, 1)
  assert.match(wrong.errors, /three steps/)
})
