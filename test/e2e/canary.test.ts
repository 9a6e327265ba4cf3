import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Credentials } from '#scripts/start/credentials.ts'
import type { SubscriptionAnswer, SubscriptionSecretAnswer } from '#shared/contract/schemas.ts'
import { createApplication, logIn, PASSWORD } from '../support/accounts.ts'
import { createApi } from '../support/api.ts'
import { certificateOf } from '../support/certificates.ts'
import { PATIENT } from '../support/patient.ts'
import { startReceiver } from '../support/receiver.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

let home: string
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'jethook-canary-'))
})
after(() => rm(home, { recursive: true, force: true }))

/** Everything that jethook has left behind, by file. */
async function readHome(): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (entry.isFile()) files.set(file.slice(home.length), await readFile(file))
  }
  return files
}

test('no secret, token, password or payload reaches a log, a fact or the database in clear', async () => {
  const child = spawn(process.execPath, ['scripts/start/main.ts', '--json'], {
    cwd: PROJECT,
    env: {
      ...process.env,
      JETHOOK_HOME: home,
      PORT: '0',
      LOG_LEVEL: 'trace',
      ...PATIENT,
      RETRY_SCHEDULE: '50ms',
      MAX_RETRIES: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const credentials = JSON.parse(line.toString()) as Credentials
  const api = createApi({
    apiUrl: credentials.api_url,
    applicationId: credentials.application_id,
    token: credentials.service_token,
  })

  const email = 'canary@example.com'
  await api.call('POST', '/register', { first_name: 'Kana', last_name: 'Vogel', email, password: PASSWORD })
  const login = await logIn(api, email)
  const refreshed = await api.call<typeof login>('POST', '/auth/refresh', undefined, `Bearer ${login.refresh_token}`)
  const authorization = `Bearer ${refreshed.body.access_token}`
  const [organization] = (
    await api.call<{ organization_id: string }[]>('GET', '/organizations', undefined, authorization)
  ).body
  const organizationId = organization!.organization_id
  const { applicationId, secret } = await createApplication(api, { organizationId, authorization })
  const post = <T>(path: string, body: unknown, as = authorization) => api.call<T>('POST', path, body, as)
  const token = await post<{ biscuit: string }>('/service_token', {
    organization_id: organizationId,
    name: 'visible-canary-name',
  })
  await post('/event_types', { application_id: applicationId, service: 'a', resource_type: 'b', verb: 'c' })

  const receiver = await startReceiver((_, count) => ({ status: count === 1 ? 500 : 200 }))
  const client = certificateOf('client')
  const canaries = {
    path: 'canary-path-7f3a',
    query: 'canary-query-91bc',
    header: 'canary-header-55de',
    payload: 'canary-payload-c0ffee',
    wrong: 'canary-wrong-password-1',
  }
  const url = `${receiver.url}/${canaries.path}?key=${canaries.query}`
  const target = { type: 'http', method: 'POST', url, headers: { 'x-api-key': canaries.header } }
  const subscription = await post<SubscriptionAnswer>('/subscriptions', {
    application_id: applicationId,
    is_enabled: true,
    event_types: ['a.b.c'],
    labels: { all: 'yes' },
    target,
    signatures: ['hook0-v1', 'standard-v1', 'standard-v1a'],
    tls: { client_certificate: client.cert, client_key: client.key },
  })
  assert.equal(subscription.status, 201)
  const secretPath = `/subscriptions/${subscription.body.subscription_id}/secret`
  const revealed = await api.call<SubscriptionSecretAnswer>(
    'GET',
    `${secretPath}?application_id=${applicationId}`,
    undefined,
    authorization,
  )
  const rotated = await post<SubscriptionSecretAnswer>(`${secretPath}/rotate`, { application_id: applicationId })
  assert.equal(rotated.status, 200)
  const event = {
    application_id: applicationId,
    event_type: 'a.b.c',
    payload: JSON.stringify({ canary: canaries.payload }),
    payload_content_type: 'application/json',
    occurred_at: '2026-01-01T00:00:00Z',
    labels: { all: 'yes' },
  }
  assert.equal((await post('/event', event, `Bearer ${secret}`)).status, 201)
  await receiver.waitFor((requests) => requests.length === 2)
  assert.match(receiver.requests[0]!.path, new RegExp(canaries.query))
  // What goes wrong is where secrets are told most often.
  await post('/auth/login', { email, password: canaries.wrong })
  await post('/event', { ...event, event_type: 'no.such.type' })
  await post('/event', `{"payload":"${canaries.payload}`)
  await post('/subscriptions', { application_id: applicationId, target: { ...target, method: 'NO' } })
  await post('/register', { first_name: 'x', last_name: 'y', email: 'z', password: canaries.wrong })
  await api.call('GET', '/organizations', undefined, `Bearer ${canaries.wrong}`)
  await api.call(
    'GET',
    `/events?application_id=${applicationId}&pagination_cursor=${canaries.query}`,
    undefined,
    authorization,
  )
  // The read model has everything by now.
  const audit = await api.call('GET', `/audit?organization_id=${organizationId}`, undefined, authorization)
  assert.equal(audit.headers.get('jethook-read-model'), 'current')
  await receiver.close()
  child.kill('SIGTERM')
  await once(child, 'exit')

  const files = await readHome()
  const filesWith = (text: string, isWanted: (file: string) => boolean) =>
    [...files].filter(([file, bytes]) => isWanted(file) && bytes.includes(text)).map(([file]) => file)
  const secrets: Record<string, string> = {
    password: PASSWORD,
    'wrong password': canaries.wrong,
    'first access token': login.access_token,
    'first refresh token': login.refresh_token,
    'access token': refreshed.body.access_token,
    'refresh token': refreshed.body.refresh_token,
    'application secret': secret,
    'service token': token.body.biscuit,
    'subscription secret': subscription.body.secret,
    'key of Standard Webhooks': revealed.body.webhook_secret!.replace('whsec_', ''),
    'new subscription secret': rotated.body.secret,
    'new key of Standard Webhooks': rotated.body.webhook_secret!.replace('whsec_', ''),
    'name of a private key': 'ed25519Seed',
    'client key': client.key.split('\n')[1]!,
    'target path': canaries.path,
    'target query': canaries.query,
    'target header': canaries.header,
  }
  for (const [name, text] of Object.entries(secrets)) {
    assert.deepEqual(
      filesWith(text, () => true),
      [],
      name,
    )
    assert.ok(!log.includes(text), `${name} in the log`)
  }
  // The event itself stands in EVENTS, and nowhere else.
  const isOutsideOfEvents = (file: string) => !file.includes('/EVENTS/')
  assert.deepEqual(filesWith(canaries.payload, isOutsideOfEvents), [])
  assert.ok(!log.includes(canaries.payload))
  // The search finds what is there.
  assert.ok(filesWith(canaries.payload, (file) => file.includes('/EVENTS/')).length > 0)
  assert.ok(filesWith('visible-canary-name', (file) => file.includes('/CONTROL/')).length > 0)
  assert.ok(filesWith('visible-canary-name', (file) => file.includes('/postgres/')).length > 0)
  assert.ok(log.length > 0)
})
