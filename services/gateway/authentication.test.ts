import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProblemError, type ProblemId } from '#shared/contract/problems.ts'
import { createRegistry } from '#shared/domain/registry.ts'
import { createSecretBox } from '#shared/domain/secret-box.ts'
import type { SessionState } from '#shared/facts/control.ts'
import { applicationState, organizationState, userState } from '#test/support/control-facts.ts'
import { createAuthenticator } from './authentication.ts'
import { authorizeApplication } from './authorization.ts'

const APPLICATION = '01900000-0000-7000-8000-000000000002'
const SECRET = 'd9b2d63d-a233-4123-847a-76838bf2413a'
const TOKEN = 'jhst_abc'

const MASTER = '6a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d'
const CONFIG = { masterKey: MASTER, areApplicationSecretsTaken: true }
const NOW = 1_000_000

function setUp(config = CONFIG) {
  const secretBox = createSecretBox([new Uint8Array(32)])
  const registry = createRegistry()
  const changed = { v: 1, changedAtMs: 0, changedBy: { kind: 'system', id: 'test' }, deletedAtMs: null } as const
  const owner = { organizationId: 'o', sealed: '', createdAtMs: 0 }
  const token = { ...changed, ...owner, type: 'service_token', tokenId: 't', name: 'token' } as const
  const secret = { ...changed, ...owner, type: 'application_secret', applicationId: APPLICATION, name: null } as const
  const session: SessionState = {
    v: 1,
    type: 'session',
    userId: 'u',
    slot: 0,
    sessionId: 's',
    startedAtMs: 10,
    access: [{ lookup: secretBox.lookupOf('jhat_1'), expiresAtMs: NOW + 1 }],
    refresh: { lookup: secretBox.lookupOf('jhrt_1'), expiresAtMs: NOW + 2 },
    endedAtMs: null,
    changedAtMs: 10,
    changedBy: changed.changedBy,
  }
  const facts = {
    organization: organizationState(),
    application: applicationState({ applicationId: APPLICATION }),
    token: { ...token, lookup: secretBox.lookupOf(TOKEN) },
    secret: { ...secret, lookup: secretBox.lookupOf(SECRET) },
    user: userState('u'),
    session,
  }
  let seq = 0
  for (const fact of Object.values(facts)) registry.evolve(fact, ++seq)
  let nowMs = NOW
  const authenticator = createAuthenticator({ registry, secretBox, config, clock: { nowMs: () => nowMs } })
  return {
    facts,
    registry,
    ...authenticator,
    passTo: (ms: number) => {
      nowMs = ms
    },
    change: (fact: Parameters<typeof registry.evolve>[0]) => registry.evolve(fact, ++seq),
  }
}

function problemOf(act: () => unknown): ProblemId {
  try {
    act()
  } catch (error) {
    if (error instanceof ProblemError) return error.document.id
  }
  return assert.fail('no problem')
}

test('a service token and an application secret are known with and without the scheme', () => {
  const { authenticate } = setUp()
  assert.equal(authenticate(`Bearer ${TOKEN}`).kind, 'service_token')
  assert.equal(authenticate(TOKEN).kind, 'service_token')
  assert.equal(authenticate(`Bearer ${SECRET}`).kind, 'application_secret')
  assert.equal(authenticate(SECRET.toUpperCase()).kind, 'application_secret')
})

test('each missing or wrong credential has its own problem', () => {
  const { authenticate } = setUp()
  const cases: [string | undefined, ProblemId][] = [
    [undefined, 'AuthNoAuthorizationHeader'],
    ['Bearer \u00e9', 'AuthInvalidAuthorizationHeader'],
    ['', 'AuthInvalidBiscuit'],
    ['Bearer jhst_unknown', 'AuthInvalidBiscuit'],
    [`bearer ${TOKEN}`, 'AuthInvalidBiscuit'],
    ['Bearer 00000000-0000-0000-0000-000000000000', 'AuthInvalidApplicationSecret'],
  ]
  for (const [header, id] of cases)
    assert.equal(
      problemOf(() => authenticate(header)),
      id,
      header,
    )
})

test('a deleted credential is refused at once, also one that was in use', () => {
  const { authenticate, facts, change } = setUp()
  authenticate(TOKEN)
  authenticate(SECRET)
  change({ ...facts.token, deletedAtMs: 1 })
  change({ ...facts.secret, deletedAtMs: 1 })
  assert.equal(
    problemOf(() => authenticate(TOKEN)),
    'AuthInvalidBiscuit',
  )
  assert.equal(
    problemOf(() => authenticate(SECRET)),
    'AuthInvalidApplicationSecret',
  )
})

test('the secret of a deleted application is refused, and the application is forbidden', () => {
  const { authenticate, facts, change, registry } = setUp()
  const principal = authenticate(TOKEN)
  assert.equal(authorizeApplication(principal, APPLICATION, 'application.get', registry).applicationId, APPLICATION)
  change({ ...facts.application, deletedAtMs: 1 })
  assert.equal(
    problemOf(() => authenticate(SECRET)),
    'AuthInvalidApplicationSecret',
  )
  assert.equal(
    problemOf(() => authorizeApplication(principal, APPLICATION, 'application.get', registry)),
    'Forbidden',
  )
})

test("a user's access token is known until it expires, its session ends, or all sessions of the user end", () => {
  const first = setUp()
  assert.equal(first.authenticate('Bearer jhat_1').kind, 'user')
  first.passTo(NOW + 1)
  assert.equal(
    problemOf(() => first.authenticate('jhat_1')),
    'AuthInvalidBiscuit',
  )
  const ended = setUp()
  ended.change({ ...ended.facts.session, endedAtMs: 20 })
  assert.equal(
    problemOf(() => ended.authenticate('jhat_1')),
    'AuthInvalidBiscuit',
  )
  const changed = setUp()
  changed.change({ ...changed.facts.user, sessionsEndedAtMs: 10 })
  assert.equal(
    problemOf(() => changed.authenticate('jhat_1')),
    'AuthInvalidBiscuit',
  )
})

test('a refresh token refreshes and does nothing else, and nothing else refreshes', () => {
  const { authenticate, sessionToRefresh, change, facts } = setUp()
  assert.equal(sessionToRefresh('Bearer jhrt_1').sessionId, 's')
  assert.equal(
    problemOf(() => authenticate('Bearer jhrt_1')),
    'Forbidden',
  )
  for (const other of ['jhat_1', TOKEN, SECRET])
    assert.equal(
      problemOf(() => sessionToRefresh(other)),
      'AuthFailedRefresh',
    )
  const next = { lookup: 'another', expiresAtMs: NOW + 5 }
  change({ ...facts.session, refresh: next })
  assert.equal(
    problemOf(() => sessionToRefresh('jhrt_1')),
    'AuthInvalidBiscuit',
  )
})

test('the master key is known, and application secrets can be switched off', () => {
  const { authenticate } = setUp({ ...CONFIG, areApplicationSecretsTaken: false })
  assert.equal(authenticate(MASTER).kind, 'master')
  assert.equal(
    problemOf(() => authenticate(SECRET)),
    'AuthInvalidBiscuit',
  )
})

test('the tokens of a deleted organisation are refused', () => {
  const { authenticate, change, facts } = setUp()
  change({ ...facts.organization, deletedAtMs: 1 })
  assert.equal(
    problemOf(() => authenticate(TOKEN)),
    'AuthInvalidBiscuit',
  )
})
