// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of files are what this is about.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SubscriptionAnswer } from '#shared/contract/schemas.ts'
import { canonicalEntry, NAME_KEY } from './canonical.ts'
import type { SubscriptionEntry, WantedApplication } from './document.ts'
import { exportContents } from './export-document.ts'
import { escapePlaceholders, fillIn } from './placeholders.ts'
import { type CurrentApplication, planApplication } from './plan.ts'

const ENTRY: SubscriptionEntry = {
  name: 'accounting',
  event_types: ['b.**', 'a.b.c'],
  target: { url: 'https://example.com', headers: { 'X-Key': 'value' } },
  retry_policy: { schedule: ['60s', '120m'], max_attempts: 4 },
  signatures: ['standard-v1', 'hook0-v1'],
}

/** As a server shows it: in its own order and units. */
const ANSWER: SubscriptionAnswer = {
  application_id: 'app',
  subscription_id: 'sub-1',
  is_enabled: true,
  event_types: ['a.b.c', 'b.**'],
  description: null,
  secret: 'secret',
  metadata: { [NAME_KEY]: 'accounting' },
  label_key: 'all',
  label_value: 'yes',
  labels: { all: 'yes' },
  target: { type: 'http', method: 'POST', url: 'https://example.com/', headers: { 'x-key': 'value' } },
  created_at: '',
  updated_at: '',
  dedicated_workers: [],
  max_retries: 3,
  retry_policy: {
    max_attempts: 4,
    schedule: ['1m', '2h'],
    exponential: null,
    jitter_ratio: null,
    permanent_statuses: [],
    retryable_statuses: [],
    timeout_ms: null,
  },
  signatures: ['hook0-v1', 'standard-v1'],
}

const wanted = (more: Partial<WantedApplication> = {}): WantedApplication => ({
  name: 'Shop',
  eventTypes: [],
  subscriptions: [ENTRY],
  ...more,
})
const current = (more: Partial<CurrentApplication> = {}): CurrentApplication => ({
  id: 'app',
  name: 'Shop',
  eventTypes: [],
  subscriptions: [ANSWER],
  ...more,
})
const steps = (...[file, server, isPruning = false]: [WantedApplication, CurrentApplication, boolean?]) =>
  planApplication(file, server, isPruning).steps.map(({ action, resource, name, changes }) => [
    action,
    resource,
    name,
    ...changes.map(({ field }) => field),
  ])

describe('a plan', () => {
  test('is empty when the server has what the file says, however either writes it', () => {
    assert.deepEqual(steps(wanted(), current(), true), [])
  })

  test('names the fields that differ', () => {
    assert.deepEqual(
      steps(wanted({ subscriptions: [{ ...ENTRY, is_enabled: false, description: 'New' }] }), current()),
      [['update', 'subscription', 'accounting', 'is_enabled', 'description']],
    )
  })

  test('makes the application first, types before subscriptions, and deletes the other way round', () => {
    const type = (event_type_name: string) => ({
      event_type_name,
      service_name: '',
      resource_type_name: '',
      verb_name: '',
    })
    assert.deepEqual(
      steps(wanted({ eventTypes: [{ name: 'a.b.c', schema: null }] }), current({ id: null, subscriptions: [] })),
      [
        ['create', 'application', 'Shop'],
        ['create', 'event_type', 'a.b.c'],
        ['create', 'subscription', 'accounting'],
      ],
    )
    assert.deepEqual(steps(wanted({ subscriptions: [] }), current({ eventTypes: [type('a.b.c')] }), true), [
      ['delete', 'subscription', 'accounting'],
      ['delete', 'event_type', 'a.b.c'],
    ])
  })

  test('without pruning leaves alone what the file does not have', () => {
    assert.deepEqual(steps(wanted({ subscriptions: [] }), current()), [])
  })

  test('finds a subscription by its id, and writes no name to it', () => {
    const unnamed = { ...ANSWER, metadata: {} }
    assert.deepEqual(
      steps(wanted({ subscriptions: [{ ...ENTRY, id: 'sub-1' }] }), current({ subscriptions: [unnamed] }), true),
      [],
    )
    assert.deepEqual(steps(wanted({ subscriptions: [{ ...ENTRY, id: 'elsewhere' }] }), current(), true), [])
  })

  test('keeps the value of a header whose variable is not set, and refuses when there is none', () => {
    const [entry] = fillIn(
      [{ ...ENTRY, target: { url: 'https://example.com', headers: { 'x-key': '${NOT_SET}' } } }],
      {},
    )
    assert.deepEqual(steps(wanted({ subscriptions: [entry!] }), current()), [])
    assert.throws(
      () => steps(wanted({ subscriptions: [entry!] }), current({ subscriptions: [] })),
      /variable NOT_SET is not set/,
    )
  })
})

test('variables are put in, doubled signs are not, and what is escaped comes back as it was', () => {
  assert.deepEqual(fillIn({ a: ['x ${NAME} y', '$${NAME}'] }, { NAME: 'value' }), { a: ['x value y', '${NAME}'] })
  for (const text of ['${NAME}', '$${NAME}', 'a $ b', '${1}', '$$', '$$${NAME}'])
    assert.equal(fillIn(escapePlaceholders(text), {}), text)
})

test('what is exported is what is wanted: of a name of ours, and of one that was made otherwise', () => {
  for (const answer of [ANSWER, { ...ANSWER, metadata: { team: 'a' } }]) {
    const { subscriptions } = exportContents({ eventTypes: [], subscriptions: [answer] }, { withSecrets: true })
    const file = wanted({ subscriptions: subscriptions as SubscriptionEntry[] })
    assert.deepEqual(steps(file, current({ subscriptions: [answer] }), true), [])
  }
})

test('a target that can not be is told with the name of the subscription', () => {
  assert.throws(() => canonicalEntry({ ...ENTRY, target: { url: 'nonsense' } }), /Subscription 'accounting': /)
})
