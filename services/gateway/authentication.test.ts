import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProblemError, type ProblemId } from '#shared/contract/problems.ts'
import { createRegistry } from '#shared/domain/registry.ts'
import { createSecretBox } from '#shared/domain/secret-box.ts'
import { authorizeApplication, createAuthenticator } from './authentication.ts'

const APPLICATION = '01900000-0000-7000-8000-000000000002'
const SECRET = 'd9b2d63d-a233-4123-847a-76838bf2413a'
const TOKEN = 'jhst_abc'

function setUp() {
  const secretBox = createSecretBox(new Uint8Array(32))
  const registry = createRegistry()
  const changed = { v: 1, changedAtMs: 0, changedBy: { kind: 'system', id: 'test' }, deletedAtMs: null } as const
  const owner = { organizationId: 'o', sealed: '', createdAtMs: 0 }
  const application = { ...changed, type: 'application', applicationId: APPLICATION, name: 'app' } as const
  const token = { ...changed, ...owner, type: 'service_token', tokenId: 't', name: 'token' } as const
  const secret = { ...changed, ...owner, type: 'application_secret', applicationId: APPLICATION, name: null } as const
  const facts = {
    application: { ...application, organizationId: 'o' },
    token: { ...token, lookup: secretBox.lookupOf(TOKEN) },
    secret: { ...secret, lookup: secretBox.lookupOf(SECRET) },
  }
  let seq = 0
  for (const fact of Object.values(facts)) registry.evolve(fact, ++seq)
  return {
    facts,
    registry,
    authenticate: createAuthenticator({ registry, secretBox }),
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
  assert.equal(authorizeApplication(principal, APPLICATION, registry).applicationId, APPLICATION)
  change({ ...facts.application, deletedAtMs: 1 })
  assert.equal(
    problemOf(() => authenticate(SECRET)),
    'AuthInvalidApplicationSecret',
  )
  assert.equal(
    problemOf(() => authorizeApplication(principal, APPLICATION, registry)),
    'Forbidden',
  )
})
