import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { examineNats } from '#scripts/doctor/nats.ts'
import { type CalloutConfig, calloutConfig } from '#services/callout/config.ts'
import { createCallout } from '#services/callout/worker.ts'
import { newApplicationSecret, newServiceToken } from '#services/gateway/credentials.ts'
import { isWithin } from '#shared/domain/subject-within.ts'
import { type ControlFact, controlSubject } from '#shared/facts/control.ts'
import { loadSettings, type Settings } from '#shared/runtime/config.ts'
import { composeServices, type Service } from '#shared/runtime/lifecycle.ts'
import { keyAuthenticator } from '#shared/runtime/nats-access.ts'
import { readNatsKey } from '#shared/runtime/nats-keys.ts'
import {
  AUTHENTICATOR_RIGHTS,
  inboxPrefixOf,
  type NatsRights,
  type NatsRole,
  rightsOf,
  rightsOfApplications,
  SERVICE_ROLES,
  SYSTEM_RIGHTS,
} from '#shared/runtime/nats-roles.ts'
import { createRuntime, type Runtime } from '#shared/runtime/runtime.ts'
import { applicationState, organizationState } from '../support/control-facts.ts'
import { startTestNats, type TestNats, testLogger } from '../support/nats.ts'
import { connectClient, type Login, type WatchedClient } from '../support/nats-client.ts'
import { until } from '../support/until.ts'

const BY = { nowMs: 0, by: { kind: 'system', id: 'test' } } as const
const [ORGANIZATION, APP, OTHER, FOREIGN_ORGANIZATION, FOREIGN] = Array.from({ length: 5 }, () => randomUUID()) as [
  string,
  string,
  string,
  string,
  string,
]

let server: TestNats
let settings: Settings
let config: CalloutConfig
let address = ''
let runtime: Runtime
let running: Service
let secret = ''
let token = ''

before(async () => {
  server = await startTestNats()
  address = server.server.url.replace(/\/\/[^@]*@/, '//')
  settings = loadSettings({ NATS_URL: address, NATS_KEYS_DIR: join(server.dir, 'keys'), JETHOOK_HOME: server.dir })
  config = (await calloutConfig(settings))!
  const started = await startCallout()
  runtime = started.runtime
  running = started.service
  await append(organizationState({ organizationId: ORGANIZATION }))
  await append(organizationState({ organizationId: FOREIGN_ORGANIZATION }))
  for (const [applicationId, organizationId] of [
    [APP, ORGANIZATION],
    [OTHER, ORGANIZATION],
    [FOREIGN, FOREIGN_ORGANIZATION],
  ] as const)
    await append(applicationState({ applicationId, organizationId }))
  secret = await newSecret()
  token = await newToken()
})
after(async () => {
  await running?.stop()
  await runtime?.close()
  await server?.close()
})

async function startCallout(more: Partial<CalloutConfig> = {}): Promise<{ runtime: Runtime; service: Service }> {
  const made = await createRuntime(settings, testLogger, 'callout')
  const callout = createCallout({ ...made, config: { ...config, ...more } })
  const service = composeServices('callout', [...made.services, callout])
  await service.start()
  return { runtime: made, service }
}

async function append(fact: ControlFact): Promise<void> {
  await server.nats.js.publish(controlSubject(fact), JSON.stringify(fact))
}

async function newSecret(applicationId = APP): Promise<string> {
  const of = { applicationId, organizationId: ORGANIZATION, name: null }
  const made = newApplicationSecret(runtime.secretBox, of, BY)
  await append(made.state)
  return made.secret
}

async function newToken(): Promise<string> {
  const made = newServiceToken(runtime.secretBox, { organizationId: ORGANIZATION, name: 't' }, BY)
  await append(made.state)
  return made.token
}

const as = (login: Login, more = {}) => connectClient(address, login, more)
const asApplication = () => as({ token: secret, inboxPrefix: inboxPrefixOf(APP) })
async function asRole(role: NatsRole | 'authenticator' | 'system'): Promise<WatchedClient> {
  const key = (await readNatsKey(join(server.dir, 'keys'), role))!
  return as({ authenticator: keyAuthenticator(key), inboxPrefix: inboxPrefixOf(role) })
}

/** What somebody could want who should not: of every kind of thing that there is. */
const ATTEMPTS = [
  '>',
  '*.>',
  'in.>',
  'out.>',
  'event.>',
  'ledger.>',
  'control.>',
  '_INBOX.>',
  '_INBOX_gateway.x',
  '_INBOX_jethook.>',
  '_R_.x',
  '$SYS.>',
  '$SYS.REQ.USER.AUTH',
  '$SYS.REQ.SERVER.PING.CONNZ',
  '$SYS.REQ.SERVER.x.KICK',
  '$SYS.REQ.SERVER.x.SHUTDOWN',
  '$SYS.ACCOUNT.JETHOOK.CONNECT',
  '$JS.EVENT.>',
  '$JS.API.>',
  '$JS.API.STREAM.CREATE.X',
  '$JS.API.STREAM.DELETE.EVENTS',
  '$JS.API.STREAM.UPDATE.EVENTS',
  '$JS.API.STREAM.PURGE.EVENTS',
  '$JS.API.STREAM.PURGE.LEDGER',
  '$JS.API.STREAM.MSG.DELETE.LEDGER',
  '$JS.API.STREAM.SNAPSHOT.CONTROL',
  '$JS.API.STREAM.RESTORE.CONTROL',
  '$JS.API.CONSUMER.CREATE.CONTROL.c',
  '$JS.API.CONSUMER.DELETE.LEDGER.lane-0',
  '$JS.API.DIRECT.GET.CONTROL',
  '$KV.x',
  '$O.x',
  `in.${APP}.a.b.c`,
  `in.${OTHER}.a.b.c`,
  `in.${FOREIGN}.a.b.c`,
  `in.*.a.b.c`,
  `ingest.${OTHER}.a.b.c`,
  `out.${APP}.dead`,
  `out.${OTHER}.>`,
  `out.*.dead`,
  `_INBOX_${OTHER}.>`,
  'event.x.a.b.c',
  'ledger.attempt',
  'ledger.delivery.0',
  'control.service_token.x',
  'control.lane.0',
  'wait.0.x.y',
  'due.0',
  'jethook.deliverer',
  'jethook.test_delivery',
]

const USERS: Record<string, { rights: NatsRights; connect: () => Promise<WatchedClient> }> = {
  ...Object.fromEntries(
    [...SERVICE_ROLES, 'jethook' as const].map((role) => [
      role,
      { rights: rightsOf(role), connect: () => asRole(role) },
    ]),
  ),
  authenticator: { rights: AUTHENTICATOR_RIGHTS, connect: () => asRole('authenticator') },
  system: { rights: SYSTEM_RIGHTS, connect: () => asRole('system') },
  'an application': { rights: rightsOfApplications(APP, [APP]), connect: asApplication },
}

/** Every subject that anybody may use, with something for its wildcards, and those that nobody should. */
const SUBJECTS = [
  ...new Set(
    Object.values(USERS)
      .flatMap(({ rights }) => [...rights.publish, ...rights.subscribe])
      .map((subject) => subject.replaceAll('*', 'x').replace(/>$/, 'x'))
      .concat(ATTEMPTS),
  ),
]

test('services that deliver can not write events nor change streams; only operators can', async () => {
  const streams = async () => (await server.nats.jsm.streams.names().next()).length
  const before = await streams()
  const deliverer = await asRole('deliverer')
  for (const subject of ['event.x.a.b.c', '$JS.API.STREAM.DELETE.EVENTS', '$JS.API.STREAM.UPDATE.EVENTS'])
    await assert.rejects(deliverer.connection.request(subject, '{}', { timeout: 2_000 }), /[Pp]ermission/)
  await deliverer.close()
  assert.equal(await streams(), before)
  const admin = await asRole('admin')
  const answer = await admin.connection.request('$JS.API.STREAM.NAMES', '{}')
  assert.equal((answer.json() as { streams: string[] }).streams.length, before)
  await admin.close()
})

test('a secret or a token lets in, as token or password, with the rights of its applications', async () => {
  const logins: [Login, string, string[]][] = [
    [{ token: secret }, APP, [APP]],
    [{ user: APP, pass: secret }, APP, [APP]],
    [{ user: APP.toUpperCase(), pass: secret }, APP, [APP]],
    [{ user: OTHER, pass: token }, OTHER, [OTHER]],
    [{ token }, ORGANIZATION, [APP, OTHER]],
    [{ user: ORGANIZATION, pass: token }, ORGANIZATION, [APP, OTHER]],
  ]
  for (const [login, owner, mayReach] of logins) {
    const client = await as({ ...login, inboxPrefix: inboxPrefixOf(owner) })
    for (const id of [APP, OTHER, FOREIGN]) {
      const publishing = client.connection.request(`in.${id}.a.b.c`, '{}', { timeout: 2_000 })
      if (mayReach.includes(id)) assert.match((await publishing).string(), /"stream":"INBOX"/)
      else await assert.rejects(publishing, /[Pp]ermission/)
    }
    await client.close()
  }
})

test('nobody else is let in', async () => {
  const deadSecret = newApplicationSecret(
    runtime.secretBox,
    { applicationId: APP, organizationId: ORGANIZATION, name: null },
    BY,
  )
  await append({ ...deadSecret.state, deletedAtMs: 1 })
  const logins: Login[] = [
    {},
    { token: randomUUID() },
    { token: `jhst_${'x'.repeat(43)}` },
    { token: deadSecret.secret },
    { user: OTHER, pass: secret },
    { user: FOREIGN, pass: token },
    { user: FOREIGN_ORGANIZATION, pass: token },
    { user: 'in.*', pass: token },
    { user: '>', pass: secret },
    { user: 'jethook', pass: token },
    { user: APP },
    { user: APP, pass: '' },
  ]
  for (const login of logins)
    await assert.rejects(as(login, { reconnect: false }), /[Aa]uthorization|[Aa]uthentication/, JSON.stringify(login))
  const disguised = (await readNatsKey(join(server.dir, 'keys'), 'issuer'))!
  await assert.rejects(as({ authenticator: keyAuthenticator(disguised) }, { reconnect: false }), /[Aa]uth/)
})

test('the doctor finds nothing where all is well, and says what is not', async () => {
  const notOk = async (asked: Settings) =>
    (await examineNats(asked)).filter(({ status }) => status !== 'ok').map(({ part, status }) => `${status} ${part}`)
  assert.deepEqual(await notOk(settings), [])
  assert.deepEqual(await notOk({ ...settings, NATS_URL: server.server.url }), [
    'warn nats credentials',
    'warn nats auth callout',
  ])
  const lacking = { ...settings, NATS_NKEY_FILE: join(server.dir, 'keys', 'matcher.nk') }
  assert.match((await notOk(lacking))[0] ?? '', /^bad nats/)
  const wished = { ...settings, STREAM_REPLICAS: 3 as const, NATS_URL: server.server.url }
  assert.ok((await notOk(wished)).includes('warn stream EVENTS'))
  assert.deepEqual(await notOk({ ...settings, NATS_URL: 'nats://127.0.0.1:9' }), ['bad nats'])
})

test('what was revoked is ended within 5 s and not let in again; everybody else stays', async () => {
  const made = newApplicationSecret(
    runtime.secretBox,
    { applicationId: OTHER, organizationId: ORGANIZATION, name: null },
    BY,
  )
  await append(made.state)
  const revoked = await as({ token: made.secret, inboxPrefix: inboxPrefixOf(OTHER) })
  const stays = await asApplication()
  const all = await as({ token, inboxPrefix: inboxPrefixOf(ORGANIZATION) })
  const beganMs = Date.now()
  await append({ ...made.state, deletedAtMs: 1 })
  await revoked.ended
  assert.ok(Date.now() - beganMs < 5_000, `${Date.now() - beganMs} ms`)
  await assert.rejects(as({ token: made.secret }, { reconnect: false }), /[Aa]uthorization/)
  assert.equal(stays.breaks(), 0)

  // A new application of the organisation: who speaks for all of them is let in anew, with more rights.
  const added = randomUUID()
  await append(applicationState({ applicationId: added, organizationId: ORGANIZATION }))
  await until('it may', async () => {
    const answer = await all.connection.request(`in.${added}.a.b.c`, '{}', { timeout: 1_000 }).catch(() => null)
    return answer?.string().includes('INBOX')
  })
  await append(applicationState({ applicationId: added, organizationId: ORGANIZATION, deletedAtMs: 1 }))
  await until('it may no more', async () =>
    all.connection.request(`in.${added}.a.b.c`, '{}', { timeout: 1_000 }).then(
      () => false,
      (error: Error) => /ermission/.test(error.message),
    ),
  )
  assert.equal(stays.breaks(), 0)
  await Promise.all([stays.close(), all.close()])
})

test('without any callout those who are in stay, and nobody new is let in; of two one may go', async () => {
  const stays = await asApplication()
  const second = await startCallout()
  await running.stop()
  await runtime.close()
  const other = await asApplication()
  await other.close()
  await second.service.stop()
  await second.runtime.close()
  await assert.rejects(as({ token: secret }, { reconnect: false }), /[Aa]uthorization|timeout/)
  const found = (await examineNats(settings)).find(({ part }) => part === 'nats auth callout')
  assert.deepEqual([found?.status, found?.remedy], ['bad', 'Start jethook, or its service callout.'])
  const answer = await stays.connection.request(`in.${APP}.a.b.c`, '{}', { timeout: 2_000 })
  assert.match(answer.string(), /INBOX/)
  assert.equal(stays.breaks(), 0)
  await stays.close()
  const started = await startCallout()
  runtime = started.runtime
  running = started.service
})

test('a session that is over ends, and is made anew', async () => {
  await running.stop()
  await runtime.close()
  const short = await startCallout({ sessionSeconds: 3 })
  const client = await asApplication()
  await until('the session has ended', async () => client.breaks() > 0)
  await until('it is back', async () =>
    client.connection.request(`in.${APP}.a.b.c`, '{}', { timeout: 1_000 }).then(
      () => true,
      () => false,
    ),
  )
  await client.close()
  await short.service.stop()
  await short.runtime.close()
  const started = await startCallout()
  runtime = started.runtime
  running = started.service
})

test('each user may do what the table says, and nothing else: user × subject × action', async () => {
  assert.ok(SUBJECTS.length > 100)
  // All of them first: what is tried writes nonsense to the streams.
  const clients = new Map<string, WatchedClient>()
  for (const [user, { connect }] of Object.entries(USERS)) clients.set(user, await connect())
  for (const [user, { rights }] of Object.entries(USERS)) {
    const client = clients.get(user)!
    const isAllowed = (subject: string, patterns: readonly string[]) =>
      patterns.some((pattern) => isWithin(subject, pattern))
    const expected = new Set<string>()
    for (const subject of SUBJECTS) {
      const isLiteral = !/[*>]/.test(subject)
      // Of the server's own: nobody may, whoever it is.
      if (isLiteral && !subject.startsWith('_R_.')) {
        client.connection.publish(subject, '')
        if (!isAllowed(subject, rights.publish)) expected.add(`publish ${subject}`)
      }
      client.connection.subscribe(subject, { callback: () => {} })
      if (!isAllowed(subject, rights.subscribe)) expected.add(`subscription ${subject}`)
    }
    await client.connection.flush()
    await until(`${user} is told`, async () => client.violations.length >= expected.size, 5_000).catch(() => {})
    assert.deepEqual([...new Set(client.violations)].toSorted(), [...expected].toSorted(), user)
    await client.close()
  }
})
