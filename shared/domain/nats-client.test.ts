import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApplicationSecretState, ControlFact, ServiceTokenState } from '#shared/facts/control.ts'
import { applicationState, organizationState } from '#test/support/control-facts.ts'
import {
  APPLICATIONS_OF_CLIENT_MAX,
  applicationsOfClient,
  connectionName,
  inboxOwnerOf,
  mayStay,
  type NatsLogin,
  natsClientOf,
} from './nats-client.ts'
import { createRegistry } from './registry.ts'

const ids = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`
const [ORGANIZATION, APP, OTHER, SECRET] = [ids(1), ids(2), ids(3), ids(4)] as [string, string, string, string]
const CHANGED = {
  v: 1,
  createdAtMs: 0,
  changedAtMs: 0,
  changedBy: { kind: 'system', id: 'test' },
  deletedAtMs: null,
} as const
const secretState: ApplicationSecretState = {
  ...CHANGED,
  type: 'application_secret',
  lookup: `of ${SECRET}`,
  sealed: '',
  applicationId: APP,
  organizationId: ORGANIZATION,
  name: null,
}
const tokenState: ServiceTokenState = {
  ...CHANGED,
  type: 'service_token',
  tokenId: ids(9),
  lookup: 'of jhst_t',
  sealed: '',
  organizationId: ORGANIZATION,
  name: 't',
}

function setUp(...more: ControlFact[]) {
  const registry = createRegistry()
  const facts = [
    organizationState({ organizationId: ORGANIZATION }),
    applicationState({ applicationId: APP, organizationId: ORGANIZATION }),
    applicationState({ applicationId: OTHER, organizationId: ORGANIZATION }),
    secretState,
    tokenState,
    ...more,
  ]
  let seq = 0
  for (const fact of facts) registry.evolve(fact, ++seq)
  const lookup = { registry, lookupOf: (credential: string) => `of ${credential}`, areApplicationSecretsTaken: true }
  const login = (given: Partial<NatsLogin>) => natsClientOf({ token: '', user: '', password: '', ...given }, lookup)
  const reach = (given: Partial<NatsLogin>) => {
    const client = login(given)
    return client === null ? null : applicationsOfClient(client, registry)
  }
  const evolve = (fact: ControlFact) => registry.evolve(fact, ++seq)
  return { registry, login, reach, evolve, lookup }
}

test('a secret stands for its application, a token for all of its organisation or for the one that is named', () => {
  const { reach, login, lookup } = setUp()
  assert.deepEqual(reach({ token: SECRET }), [APP])
  assert.deepEqual(reach({ user: APP, password: SECRET.toUpperCase() }), [APP])
  assert.deepEqual(reach({ token: 'jhst_t' }), [APP, OTHER])
  assert.deepEqual(reach({ user: ORGANIZATION, password: 'jhst_t' }), [APP, OTHER])
  assert.deepEqual(reach({ user: OTHER, password: 'jhst_t' }), [OTHER])
  assert.equal(inboxOwnerOf(login({ user: OTHER, password: 'jhst_t' })!), OTHER)
  assert.equal(inboxOwnerOf(login({ token: 'jhst_t' })!), ORGANIZATION)
  const noSecrets = { ...lookup, areApplicationSecretsTaken: false }
  assert.equal(natsClientOf({ token: SECRET, user: '', password: '' }, noSecrets), null)
})

test('nobody else comes in, and no name gets into a subject that is none of an application', () => {
  const { reach } = setUp()
  for (const given of [
    {},
    { user: APP },
    { token: ids(77) },
    { token: 'jhst_u' },
    { user: OTHER, password: SECRET },
    { token: SECRET, user: APP },
  ])
    assert.equal(reach(given), null, JSON.stringify(given))
  for (const user of ['*', '>', 'in.*', '', ids(77), ' ', `${APP}.*`])
    if (user !== '') assert.deepEqual(reach({ user, password: 'jhst_t' }), [], user)
})

test('a connection ends with its credential, its application or its organisation, or when it would have other rights', () => {
  const ends: ControlFact[] = [
    { ...secretState, deletedAtMs: 1 },
    { ...tokenState, deletedAtMs: 1 },
    applicationState({ applicationId: APP, organizationId: ORGANIZATION, deletedAtMs: 1 }),
    organizationState({ organizationId: ORGANIZATION, deletedAtMs: 1 }),
    applicationState({ applicationId: ids(5), organizationId: ORGANIZATION }),
  ]
  const staying = (end: ControlFact) => {
    const { registry, login, evolve } = setUp()
    const names = [{ token: SECRET }, { token: 'jhst_t' }, { user: APP, password: 'jhst_t' }].map((given) => {
      const client = login(given)!
      return connectionName(client, applicationsOfClient(client, registry))
    })
    assert.ok(names.every((name) => mayStay(name, registry) && !name.includes('jhst_t')))
    evolve(end)
    return names.map((name) => mayStay(name, registry))
  }
  assert.deepEqual(ends.map(staying), [
    [false, true, true],
    [true, false, false],
    [false, false, false],
    [false, false, false],
    [true, false, true],
  ])
  const { registry } = setUp()
  for (const name of ['', 'jethook', 'service_token:x', 'application_secret:x:y', '$G'])
    assert.ok(!mayStay(name, registry))
})

test('an organisation with very many applications has to name one of them', () => {
  const many = Array.from({ length: APPLICATIONS_OF_CLIENT_MAX }, (_, i) =>
    applicationState({ applicationId: ids(100 + i), organizationId: ORGANIZATION }),
  )
  const { reach } = setUp(...many)
  assert.deepEqual(reach({ token: 'jhst_t' }), [])
  assert.deepEqual(reach({ user: APP, password: 'jhst_t' }), [APP])
})
