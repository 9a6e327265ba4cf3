import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SigningSecrets, SubscriptionSecrets } from '../facts/control.ts'
import {
  endOfGracePeriod,
  keptSecrets,
  previousSecrets,
  readGracePeriod,
  readSignatures,
  rotatedSecrets,
  withoutPrevious,
} from './subscription-secrets.ts'

const secretsOf = (name: string): Required<SigningSecrets> => ({
  secret: name,
  standard: { hmacKey: `${name} hmac`, ed25519Seed: `${name} seed` },
})
const TARGET = { targetHeaders: { a: 'b' }, targetUrl: 'http://localhost/x' }
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

test('kinds of signatures are taken in one order, once each', () => {
  assert.deepEqual(readSignatures(['standard-v1', 'hook0-v0', 'standard-v1']), ['hook0-v0', 'standard-v1'])
  assert.equal(readSignatures(null), null)
  assert.equal(readSignatures(undefined), null)
})

test('no kind and an unknown kind are refused with what there is', () => {
  for (const wrong of [[], ['v1']]) assert.match(String(readSignatures(wrong)), /hook0-v1, standard-v1, standard-v1a/)
})

test('a grace period is a day without one, and 0 to a week', () => {
  assert.equal(readGracePeriod(undefined), DAY_MS)
  assert.equal(readGracePeriod(null), DAY_MS)
  assert.equal(readGracePeriod('0s'), 0)
  assert.equal(readGracePeriod('168h'), 7 * DAY_MS)
  for (const wrong of ['169h', '-1s', '24', '']) assert.match(String(readGracePeriod(wrong)), /^grace_period: /)
})

test('a grace period ends at a whole second, never early; none ends at once', () => {
  assert.equal(endOfGracePeriod(1_001, HOUR_MS), HOUR_MS + 2_000)
  assert.equal(endOfGracePeriod(1_000, HOUR_MS), HOUR_MS + 1_000)
  assert.equal(endOfGracePeriod(1_001, 0), 1_001)
})

test('a rotation keeps the target and, until its end, the secrets before', () => {
  const before: SubscriptionSecrets = { ...secretsOf('old'), ...TARGET }
  const after = rotatedSecrets(before, secretsOf('new'), { nowMs: 0, untilMs: HOUR_MS })
  assert.deepEqual(after, { ...secretsOf('new'), ...TARGET, previous: secretsOf('old') })
  const state = { secretRotation: { atMs: 0, previousUntilMs: HOUR_MS } }
  assert.deepEqual(previousSecrets(state, after, HOUR_MS - 1), { ...secretsOf('old'), untilMs: HOUR_MS })
  assert.equal(previousSecrets(state, after, HOUR_MS), null)
})

test('a rotation at once keeps nothing of the secrets before, nor does an end before time', () => {
  const before: SubscriptionSecrets = { ...secretsOf('old'), ...TARGET, previous: secretsOf('older') }
  const expected = { ...secretsOf('new'), ...TARGET }
  assert.deepEqual(rotatedSecrets(before, secretsOf('new'), { nowMs: 5, untilMs: 5 }), expected)
  const rotated = rotatedSecrets(before, secretsOf('new'), { nowMs: 5, untilMs: 6 })
  assert.deepEqual(withoutPrevious(rotated), expected)
})

test('a subscription that is written anew keeps its secrets, and those before while they sign', () => {
  const state = { secretRotation: { atMs: 0, previousUntilMs: HOUR_MS } }
  const secrets = { ...secretsOf('new'), ...TARGET, previous: secretsOf('old') }
  assert.deepEqual(keptSecrets(state, secrets, secretsOf('fresh'), 1), {
    ...secretsOf('new'),
    previous: secretsOf('old'),
  })
  assert.deepEqual(keptSecrets(state, secrets, secretsOf('fresh'), HOUR_MS), secretsOf('new'))
})

test('what an earlier release has sealed gets the keys that it lacks, and keeps its secret', () => {
  const kept = keptSecrets({}, { secret: 'old', targetHeaders: {} }, secretsOf('fresh'), 0)
  assert.deepEqual(kept, { secret: 'old', standard: secretsOf('fresh').standard })
  const rotated = rotatedSecrets({ secret: 'old', targetHeaders: {} }, secretsOf('new'), { nowMs: 0, untilMs: 1 })
  assert.deepEqual(rotated.previous, { secret: 'old' })
})
