import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SubscriptionState } from '#shared/facts/control.ts'
import type { AttemptRecord } from '../queries/request-attempts.ts'
import { presentSentRequest } from './sent-request.ts'

const attempt = {
  event_id: 'e',
  event_type: 'a.b.c',
  created_at: '2026-01-01T00:00:00.000000Z',
  picked_at: '2026-01-01T00:00:01.000000Z',
  replay_id: null,
} as AttemptRecord
const state = { target: { method: 'POST', url: 'https://r.example' }, updatedAtMs: 0 } as SubscriptionState
const secrets = {
  secret: 'signing-secret',
  targetUrl: 'https://r.example/hook?x=1',
  targetHeaders: { 'X-Own': 'yes', 'Content-Type': 'text/html', 'X-Forwarded-For': '1.2.3.4' },
}

test("a request shows the customer's headers, but for those that jethook sets or refuses, and no signature", () => {
  const shown = presentSentRequest({ attempt, payloadContentType: 'application/json', state, secrets })
  assert.deepEqual([shown.method, shown.url, shown.is_as_sent], ['POST', 'https://r.example/hook?x=1', true])
  assert.equal(shown.headers['x-own'], 'yes')
  assert.equal(shown.headers['content-type'], 'application/json')
  assert.equal(shown.headers['x-forwarded-for'], undefined)
  assert.doesNotMatch(JSON.stringify(shown), /signing-secret|signature/)
})

test('it says when the subscription was changed since', () => {
  const changed = { ...state, updatedAtMs: Date.parse('2026-01-02T00:00:00Z') }
  assert.equal(presentSentRequest({ attempt, payloadContentType: 'x', state: changed, secrets }).is_as_sent, false)
})
